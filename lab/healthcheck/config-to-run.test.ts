import {
	linkSync,
	mkdirSync,
	mkdtempSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ScenarioError } from "../../scenarios/language/scenario-error.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { readConfig } from "./config/read-config.ts";
import { readConfigToRun } from "./config-to-run.ts";

const TARGET = {
	backend: "b1",
	address: "192.168.0.1",
	port: 25,
	condition: "mail1up",
};

const folder = temporaryFolder();

test.each([
	[["/nosuch"], '"/nosuch" cannot be run: no such file or folder'],
	[
		["no-such-program"],
		'"no-such-program" cannot be run: no such program in PATH',
	],
	[["/etc"], '"/etc" cannot be run: it is no file'],
	[["/etc/passwd"], '"/etc/passwd" cannot be run: permission denied'],
])(
	"a program that cannot probe is a fault at the start: %j",
	(command, says) => {
		const path = join(folder, "program.json");
		const probe = { kind: "command", command };
		writeFileSync(path, JSON.stringify({ targets: [TARGET], probe }));
		expect(() => readConfigToRun(path)).toThrow(says);
		// What is shown of a running checker needs no program.
		expect(readConfig(path).targets).toHaveLength(1);
	},
);

test("a program that can probe is none", () => {
	const path = join(folder, "program.json");
	for (const command of [
		["true"],
		[process.execPath],
		["sh", "-c", "nosuch"],
	]) {
		const probe = { kind: "command", command };
		writeFileSync(path, JSON.stringify({ targets: [TARGET], probe }));
		expect(readConfigToRun(path).targets).toHaveLength(1);
	}
});

describe("the files that a checker writes", () => {
	const PRECIOUS = "precious";
	/** A status, as another version may write it. */
	const STATUS = '{"pid":1,"boot":"b","sinceBootMs":5,"targets":[7],"more":1}';
	const TARGETS = ["c", "d"].map((condition) => ({
		...TARGET,
		backend: condition,
		condition,
	}));

	/** @returns what is wrong of a configuration in a folder of its own, that folder written as `.` */
	function faultsIn(
		config: object,
		prepare: (folder: string) => void = () => {},
	): readonly string[] {
		const own = mkdtempSync(join(folder, "files-"));
		mkdirSync(join(own, "cond"));
		for (const name of ["c", "d"]) writeFileSync(join(own, "cond", name), "0");
		const path = join(own, "hc.json");
		const probe = { kind: "tcp" };
		const given = { targets: TARGETS, probe, conditions: "cond", ...config };
		writeFileSync(path, JSON.stringify(given));
		prepare(own);
		// What is shown of a running checker writes nothing.
		expect(readConfig(path).targets).toHaveLength(2);
		try {
			readConfigToRun(path);
			return [];
		} catch (error) {
			if (!(error instanceof ScenarioError)) throw error;
			expect(error.faults.map(({ remedy }) => remedy)).not.toContain("");
			return error.faults.map(({ path: at, message }) =>
				`${at}: ${message}`.replaceAll(own, "."),
			);
		}
	}

	const place = (text: string) => (own: string) =>
		writeFileSync(join(own, "s"), text);

	test.each<[string, object, ((own: string) => void)?]>([
		["a status file that is not there yet", { status: "s" }],
		["one whose folder is not there yet", { status: "none/s" }],
		["the status of a checker", { status: "s" }, place(STATUS)],
		["conditions that are not there yet", { conditions: "none" }],
		[
			"what a program writes, wherever that is",
			{
				write: { command: ["true"] },
				targets: [TARGETS[0], { ...TARGETS[1], condition: "e" }],
			},
			(own) => symlinkSync("c", join(own, "cond", "e")),
		],
	])("takes %s", (_, config, prepare) => {
		expect(faultsIn(config, prepare)).toEqual([]);
	});

	test.each<[string, object, string, ((own: string) => void)?]>([
		[
			"the configuration",
			{ status: "hc.json" },
			"status: ./hc.json is the configuration itself",
		],
		[
			"the configuration by another spelling",
			{ status: "cond/..//hc.json" },
			"status: ./hc.json is the configuration itself",
		],
		[
			"a link to the configuration",
			{ status: "s" },
			"status: ./s is the configuration itself",
			(own) => symlinkSync("hc.json", join(own, "s")),
		],
		[
			"the configuration by a link to its folder",
			{ status: "here/hc.json" },
			"status: ./here/hc.json is the configuration itself",
			(own) => symlinkSync(".", join(own, "here")),
		],
		[
			"a hard link to the configuration",
			{ status: "s" },
			"status: ./s is the configuration itself",
			(own) => linkSync(join(own, "hc.json"), join(own, "s")),
		],
		[
			"a condition",
			{ status: "cond/d" },
			"status: ./cond/d is the file of targets[1].condition",
		],
		[
			"a condition that is not there yet, by a link to its folder",
			{
				conditions: "later",
				targets: TARGETS,
				status: "cond2/c",
			},
			"status: ./cond2/c is the file of targets[0].condition",
			(own) => {
				mkdirSync(join(own, "later"));
				symlinkSync("later", join(own, "cond2"));
			},
		],
		[
			"what a user has written",
			{ status: "s" },
			"status: ./s is not written: it is there already and is no status of a checker",
			place(PRECIOUS),
		],
		[
			"an empty file",
			{ status: "s" },
			"status: ./s is not written: it is there already and is no status of a checker",
			place(""),
		],
		[
			"a link to the status of a checker",
			{ status: "s" },
			"status: ./s is not written: it is a link, not a file",
			(own) => {
				writeFileSync(join(own, "t"), STATUS);
				symlinkSync("t", join(own, "s"));
			},
		],
		[
			"a folder",
			{ status: "cond" },
			"status: ./cond is not written: it is a folder",
		],
	])("refuses as a status file: %s", (_, config, says, prepare) => {
		expect(faultsIn(config, prepare)).toEqual([says]);
	});

	test.each<[string, object, string, ((own: string) => void)?]>([
		[
			"the configuration",
			{
				conditions: ".",
				targets: [TARGETS[0], { ...TARGETS[1], condition: "hc.json" }],
			},
			"targets[1].condition: ./hc.json is the configuration itself",
		],
		[
			"a link",
			{ targets: [TARGETS[0], { ...TARGETS[1], condition: "e" }] },
			"targets[1].condition: ./cond/e is not written: it is a link, not a file",
			(own) => symlinkSync("../s", join(own, "cond", "e")),
		],
		[
			"another condition",
			{ targets: [TARGETS[0], { ...TARGETS[1], condition: "e" }] },
			"targets[1].condition: ./cond/e is the file of targets[0].condition",
			(own) => linkSync(join(own, "cond", "c"), join(own, "cond", "e")),
		],
	])("refuses as a condition: %s", (_, config, says, prepare) => {
		expect(faultsIn(config, prepare)).toEqual([says]);
	});
});
