import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
	copyFileSync,
	mkdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, inject, it, onTestFinished, vi } from "vitest";
import { findProgram } from "../../lab/execute.ts";
import { execute, marktwin } from "../../test/marktwin.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder();
mkdirSync(join(folder, "nf_condition"));
const condition = join(folder, "nf_condition", "mail1up");
const config = join(folder, "healthcheck.json");

/** @param program that probes: what it says is how the backend is */
function configure(program: string, more: object = {}): void {
	writeFileSync(condition, "0\n");
	writeFileSync(
		config,
		JSON.stringify({
			targets: [
				{
					backend: "b1",
					address: "192.168.0.1",
					port: 25,
					condition: "mail1up",
				},
			],
			probe: { kind: "command", command: [program] },
			intervalMs: 400,
			conditions: "nf_condition",
			status: "status.json",
			...more,
		}),
	);
}

const healthcheck = (...words: readonly string[]) =>
	marktwin(["healthcheck", "--config", config, ...words]);

/** The checker as a process, and what it has logged so far. */
function start(): {
	readonly child: ChildProcess;
	readonly said: () => string;
} {
	const child = spawn(process.execPath, [
		inject("command"),
		"healthcheck",
		"--config",
		config,
	]);
	let said = "";
	for (const stream of [child.stdout, child.stderr])
		stream.on("data", (text) => {
			said += text;
		});
	onTestFinished(() => {
		child.kill("SIGKILL");
	});
	return { child, said: () => said };
}

const soon = (check: () => void | Promise<void>) =>
	vi.waitFor(check, { timeout: 30_000, interval: 50 });

it.each([
	{ program: "true", words: ["--once"], code: 0, says: /^✓ b1 {2}.* exit 0 / },
	{ program: "false", words: ["--once"], code: 1, says: /^✗ b1 {2}.* exit 1 / },
	{
		program: "false",
		words: ["--check-config"],
		code: 0,
		says: /: 1 target$/m,
	},
	{ program: "true", words: ["--status"], code: 2, says: /no checker runs/ },
])("$words with $program exits with $code", async (given) => {
	const { program, words, code, says } = given;
	configure(program);
	const { code: found, out, err } = await healthcheck(...words);
	expect({ found, err }).toEqual({ found: code, err: "" });
	expect(out).toMatch(says);
	expect(readFileSync(condition, "utf8")).toBe("0\n");
});

it("tells what is wrong with its file, and exits with 2", async () => {
	configure("true", { rise: 0, fall: "x" });
	const { code, out, err } = await healthcheck();
	expect({ code, out }).toEqual({ code: 2, out: "" });
	expect(err).toContain(`${config}: rise: 0 is less than 1`);
	expect(err).toContain(`${config}: fall: expected a number, not "x"`);
});

it.each([
	{ words: [], says: "--config <file>" },
	{ words: ["--config", "none.json"], says: "cannot read none.json: no such" },
	{
		words: ["--config", "x", "--once", "--status"],
		says: "cannot be used with",
	},
])("is not understood: healthcheck $words", async ({ words, says }) => {
	const { code, err } = await marktwin(["healthcheck", ...words]);
	expect(code).toBe(2);
	expect(err).toContain(says);
});

it("needs a status file to show one", async () => {
	configure("true", { status: null });
	const { code, err } = await healthcheck("--status");
	expect(code).toBe(2);
	expect(err).toContain("status: no status file is named");
});

it.each([
	{
		words: [],
		status: "healthcheck.json",
		says: "is the configuration itself",
	},
	{
		words: ["--check-config"],
		status: "nf_condition/mail1up",
		says: "is the file of targets[0].condition",
	},
])("writes its status over no other file: $status", async (given) => {
	const { words, status, says } = given;
	configure("true", { status });
	const before = readFileSync(config, "utf8");
	const { code, out, err } = await healthcheck(...words);
	expect({ code, out }).toEqual({ code: 2, out: "" });
	expect(err).toContain(`${config}: status: `);
	expect(err).toContain(says);
	expect(readFileSync(config, "utf8")).toBe(before);
	expect(readFileSync(condition, "utf8")).toBe("0\n");
});

it("runs until it is told to end, by signals", async () => {
	configure("true", { onExit: "dead" });
	const { child, said } = start();
	await soon(async () => expect((await healthcheck("--status")).code).toBe(0));
	configure("false");
	child.kill("SIGHUP");
	await soon(() => expect(said()).toContain('"event":"belief"'));
	await soon(async () => expect((await healthcheck("--status")).code).toBe(1));
	child.kill("SIGUSR1");
	await soon(() => expect(said()).toContain('"event":"status"'));
	// Node would begin to be debugged.
	expect(said()).not.toContain("Debugger");
	child.kill("SIGTERM");
	expect(await once(child, "close")).toEqual([0, null]);
	expect(readFileSync(condition, "utf8")).toBe("1\n");
	const lines = said().trimEnd().split("\n");
	const events = lines.map((line) => JSON.parse(line));
	expect(events[0]).toMatchObject({
		event: "start",
		time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
	});
	expect(events.at(-1)).toMatchObject({ event: "exit", why: "SIGTERM" });
});

it("is quiet when its reader goes away, and does not linger", async () => {
	configure("true");
	const command = `"${process.execPath}" "${inject("command")}" healthcheck --verbose --config "${config}"`;
	const { code, out, err } = await execute("bash", [
		"-c",
		`${command} | head -n 2; exit "\${PIPESTATUS[0]}"`,
	]);
	expect({ code, err }).toEqual({ code: 141, err: "" });
	expect(out.trimEnd().split("\n")).toHaveLength(2);
});

it.skipIf(findProgram("script") === null)(
	"goes on when its terminal is stopped, and ends when it is told",
	async () => {
		configure("true");
		const line = `exec "${process.execPath}" "${inject("command")}" healthcheck --verbose --config "${config}"`;
		// A terminal of its own, into which we type.
		const terminal = spawn("script", ["-qec", line, "/dev/null"]);
		onTestFinished(() => {
			terminal.kill("SIGKILL");
		});
		let said = "";
		terminal.stdout.on("data", (text) => {
			said += text;
		});
		await soon(() => expect(said).toContain('"event":"probe"'));
		const CTRL_S = "\u0013";
		terminal.stdin.write(CTRL_S);
		await new Promise((resolve) => setTimeout(resolve, 500));
		const { pid } = JSON.parse(
			readFileSync(join(folder, "status.json"), "utf8"),
		);
		configure("false");
		process.kill(pid, "SIGHUP");
		await soon(() => expect(readFileSync(condition, "utf8")).toBe("1\n"));
		expect(said).not.toContain('"alive":false');
		process.kill(pid, "SIGTERM");
		await soon(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"));
	},
);

it.each([["config"], ["status"]])(
	"does not wait for a named pipe in the place of its %s",
	async (which) => {
		configure("true");
		const pipe = which === "config" ? config : join(folder, "status.json");
		rmSync(pipe, { force: true });
		await execute("mkfifo", [pipe]);
		const { code, out, err } = await healthcheck("--status");
		rmSync(pipe);
		expect(code).toBe(2);
		expect(`${out}${err}`).toContain("it is a named pipe, not a file");
	},
);

it("goes on when its log cannot be written", async () => {
	configure("false");
	const child = spawn("sh", [
		"-c",
		`exec "${process.execPath}" "${inject("command")}" healthcheck --config "${config}" > /dev/full`,
	]);
	onTestFinished(() => {
		child.kill("SIGKILL");
	});
	await soon(() => expect(readFileSync(condition, "utf8")).toBe("1\n"));
	child.kill("SIGTERM");
	expect(await once(child, "close")).toEqual([0, null]);
});

it("is the same in one file, for containers without marktwin", async () => {
	const alone = join(folder, "healthcheck.mjs");
	copyFileSync(
		join(inject("command"), "../../lab/docker/programs/built/healthcheck.mjs"),
		alone,
	);
	for (const { program, words } of [
		{ program: "true", words: ["--once"] },
		{ program: "false", words: ["--once"] },
		{ program: "true", words: ["--status"] },
		{ program: "true", words: ["--check-config"] },
		{ program: "true", words: ["--once", "--status"] },
		{ program: "true", words: ["--chek-config"] },
		{ program: "none-such", words: ["--once"] },
	]) {
		configure(program);
		const theirs = await healthcheck(...words);
		const ours = await execute(process.execPath, [
			alone,
			"--config",
			config,
			...words,
		]);
		// How long a probe took, and what is above the command.
		const alike = (text: string) =>
			text.replace(/\d+ ms/, "… ms").replace("(marktwin ", "(");
		expect(ours.code).toBe(theirs.code);
		expect(alike(ours.out)).toBe(alike(theirs.out));
		expect(alike(ours.err)).toBe(alike(theirs.err));
	}
});
