import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { recipeHealthCheck } from "../../../scenarios/language/build/build.ts";
import { ScenarioError } from "../../../scenarios/language/scenario-error.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { readConfig, validateConfig } from "./read-config.ts";

const TARGET = {
	backend: "b1",
	address: "192.168.0.1",
	port: 25,
	condition: "mail1up",
};

const folder = temporaryFolder();
const file = join(folder, "healthcheck.json");

/** What is wrong with it, as `path: message`. */
function faultsOf(config: unknown): readonly string[] {
	try {
		validateConfig(config, file);
		return [];
	} catch (error) {
		if (!(error instanceof ScenarioError)) throw error;
		// Every fault says what to do.
		expect(error.faults.map(({ remedy }) => remedy)).not.toContain("");
		return error.faults.map(({ path, message }) => `${path}: ${message}`);
	}
}

describe("the smallest configuration", () => {
	const config = validateConfig({ targets: [TARGET] }, file);

	it("checks as the recipe's scenarios do", () => {
		const {
			interface: _,
			address: __,
			targets,
			probe,
			...policy
		} = recipeHealthCheck();
		expect(config).toMatchObject({ ...policy, initially: "found" });
		expect(config.targets[0]?.probe).toMatchObject(probe);
		expect(targets[0]).toEqual(TARGET);
	});

	it("writes where the kernel reads, and leaves that as it is", () => {
		expect(config).toMatchObject({
			conditions: "/proc/net/nf_condition",
			write: null,
			onExit: "keep",
			status: null,
			conntrack: ["conntrack"],
		});
	});
});

test("a shorter interval brings a shorter time-out", () => {
	const { timeoutMs } = validateConfig(
		{ targets: [TARGET], intervalMs: 300 },
		file,
	);
	expect(timeoutMs).toBe(300);
});

test("a target may be probed in a way of its own", () => {
	const probe = { kind: "command", command: ["true"] };
	const { targets } = validateConfig(
		{
			targets: [
				TARGET,
				{ ...TARGET, backend: "b2", condition: "mail2up", probe },
			],
			probe: { kind: "tcp" },
		},
		file,
	);
	expect(targets.map((target) => target.probe)).toEqual([
		{ kind: "tcp" },
		probe,
	]);
});

test("files are looked for beside the file that names them", () => {
	writeFileSync(
		file,
		`\ufeff${JSON.stringify({
			targets: [TARGET],
			conditions: "here",
			status: "/run/status.json",
		})}`,
	);
	expect(readConfig(file)).toMatchObject({
		conditions: join(folder, "here"),
		status: "/run/status.json",
	});
});

test.each<{ readonly config: object; readonly faults: readonly string[] }>([
	{ config: {}, faults: ['targets: "targets" is missing'] },
	{ config: [], faults: [": expected an object, not a list"] },
	{ config: { targets: [] }, faults: ["targets: is empty"] },
	{
		config: { targets: [{ ...TARGET, port: 0 }, { backend: "b2" }, 7] },
		faults: [
			"targets[0].port: 0 is less than 1",
			'targets[1].address: "address" is missing',
			'targets[1].port: "port" is missing',
			'targets[1].condition: "condition" is missing',
			"targets[2]: expected an object, not 7",
		],
	},
	{
		config: { targets: [{ ...TARGET, address: "mail1.example" }] },
		faults: ['targets[0].address: "mail1.example" is no IPv4 address'],
	},
	{
		config: { targets: [TARGET], rises: 2, rise: "2", onExit: "alife" },
		faults: [
			'rise: expected a number, not "2"',
			'onExit: not "alife"',
			"rises: no such key",
		],
	},
	{
		config: { targets: [TARGET], probe: { kind: "ftp" } },
		faults: ['probe.kind: no kind "ftp"'],
	},
	{
		config: {
			targets: [
				{
					...TARGET,
					probe: { kind: "http", status: [99, "2xx", "300-200", true] },
				},
			],
			probe: {
				kind: "https",
				path: "health",
				host: "https://www.example.com",
				status: [],
				matches: "(",
				verify: "no",
			},
		},
		faults: [
			'targets[0].probe.status[0]: "99" is no status',
			'targets[0].probe.status[1]: "2xx" is no status',
			'targets[0].probe.status[2]: "300-200" is no status',
			"targets[0].probe.status[3]: no status",
			'probe.path: "health" is no path',
			'probe.host: "https://www.example.com" is no host name',
			"probe.status: no status is good",
			'probe.matches: "(" is no regular expression: Invalid regular expression: /(/u: Unterminated group',
			'probe.verify: expected true or false, not "no"',
		],
	},
	{
		config: {
			targets: [{ ...TARGET, probe: { kind: "smtp", helo: "x" } }],
			probe: { kind: "command" },
		},
		faults: [
			"targets[0].probe.helo: no such key",
			'probe.command: "command" is missing',
		],
	},
	{
		config: {
			targets: [
				{ ...TARGET, condition: "a/b" },
				{ ...TARGET, condition: "x".repeat(31), backend: "b2" },
				{ ...TARGET, condition: "twice", backend: "" },
				{ ...TARGET, condition: "twice" },
			],
		},
		faults: [
			'targets[0].condition: "a/b" cannot be the name of a condition',
			`targets[1].condition: "${"x".repeat(31)}" is longer than 30 characters`,
			"targets[2].backend: is empty",
			'targets[3].backend: "b1" is the name of targets[0] already',
			'targets[3].condition: "twice" is written for targets[2] already',
		],
	},
	{
		config: { targets: [TARGET], intervalMs: 500, timeoutMs: 600 },
		faults: [
			"timeoutMs: a probe may take longer (600 ms) than the time to the next one (500 ms)",
		],
	},
	{
		config: { targets: [TARGET], intervalMs: 1, jitterMs: 0.5 },
		faults: ["jitterMs: 0.5 is not a whole number"],
	},
	{
		config: { targets: [TARGET], intervalMs: 1 },
		faults: ["intervalMs: 1 ms is too short"],
	},
	{
		config: { targets: [TARGET], aliveValue: "1" },
		faults: ['deadValue: alive and dead are both "1"'],
	},
	{
		config: { targets: [TARGET], aliveValue: "up" },
		faults: ['aliveValue: "up" is no value of a condition'],
	},
	{
		config: {
			targets: [TARGET],
			aliveValue: "up",
			write: { command: [] },
			conntrack: [""],
			status: "",
		},
		faults: [
			"write.command: names no program",
			"conntrack: names no program",
			"status: is empty",
		],
	},
	{
		config: {
			targets: [TARGET],
			probe: { kind: "smtp", ehlo: "a b", verify: true },
		},
		faults: [
			'probe.ehlo: "a b" is no host name',
			"probe.verify: without STARTTLS there is no certificate",
		],
	},
	{
		config: {
			targets: [TARGET],
			probe: { kind: "smtp", starttls: true, serverName: "mail1.example" },
		},
		faults: [
			"probe.serverName: the name has no effect when the certificate is not verified",
		],
	},
])("is wrong: $faults", ({ config, faults }) => {
	expect(faultsOf(config)).toEqual(faults);
});

test("a file that is no JSON, or not there, is told with its place", () => {
	writeFileSync(file, '{\n\t"targets": [1 2]\n}\n');
	expect(() => readConfig(file)).toThrow(`${file}: line 2:16: `);
	expect(() => readConfig(join(folder, "none"))).toThrow(
		`cannot read ${join(folder, "none")}: no such file or folder`,
	);
});

test("the documentation names every key", () => {
	const page = readFileSync(
		join(import.meta.dirname, "../../../docs/healthcheck.md"),
		"utf8",
	);
	const { targets, ...rest } = validateConfig({ targets: [TARGET] }, file);
	const keys = [rest, targets[0], targets[0]?.probe].flatMap((part) =>
		Object.keys(part ?? {}),
	);
	expect(keys.filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
});

test("a key that is there twice is refused: the first one would be ignored", () => {
	const path = join(folder, "twice.json");
	writeFileSync(path, '{"targets": [],\n"rise": 1, "rise": 9}');
	expect(() => readConfig(path)).toThrow(
		`${path}: line 2:12: key "rise" is there twice`,
	);
});
