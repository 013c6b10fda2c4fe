import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { execute, marktwin } from "../test/marktwin.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";

/** A command for a CI system, or what a terminal obeys or hides. */
const COMMANDING =
	/^\s*::|##\w*\[|(?!\n)\p{Cc}|\p{Default_Ignorable_Code_Point}/mu;
const tmp = temporaryFolder();
const COMMANDS = [
	"run",
	"trace",
	"save",
	"check",
	"fix",
	"compare",
	"fuzz",
	"merge",
	"example",
];
const LAB = [
	"build",
	"doctor",
	"up",
	"status",
	"shell",
	"logs",
	"down",
	"measure",
];

describe("marktwin", () => {
	it("says its version", async () => {
		const { code, out } = await marktwin(["--version"]);
		expect({ code, out }).toEqual({ code: 0, out: "0.1.0\n" });
	});

	it("helps, with the exit codes", async () => {
		const { code, out } = await marktwin(["--help"]);
		expect(code).toBe(0);
		for (const command of COMMANDS) expect(out).toContain(`  ${command} `);
		expect(out).toMatch(/1 +something is violated/);
	});

	it.each(COMMANDS)("helps with %s, by an example", async (command) => {
		const { code, out } = await marktwin([command, "--help"]);
		expect(code).toBe(0);
		expect(out).toMatch(/Examples?:\n {2}.*marktwin/);
		expect(out).not.toContain("(default: ");
	});

	it.each([
		[],
		...[...COMMANDS, "lab", "healthcheck"].map((command) => [command]),
		...LAB.map((command) => ["lab", command]),
	])("helps within 80 columns: %s %s", async (...words) => {
		const { code, out } = await marktwin([...words, "--help"]);
		expect(code).toBe(0);
		expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
	});

	it("says of an option what it may be, and what it is when it is left out", async () => {
		const { out } = await marktwin(["run", "--help"]);
		expect(out.replace(/\s+/g, " ")).toContain(
			"(model[:linux], vm[:linux], docker[:linux]; default model)",
		);
		const fuzz = await marktwin(["fuzz", "--help"]);
		expect(fuzz.out.replace(/\s+/g, " ")).toContain(
			"number of rulesets to generate, and of texts (default 1000)",
		);
	});

	it.each([
		"--in",
		"--packet",
		"--condition",
		"--address",
		"--route",
		"--sysctl",
		"--assume",
	])("takes more than one %s in trace, as its help says", async (option) => {
		const values: Readonly<Record<string, string>> = {
			"--route": "x",
			"--assume": "set:a=no",
		};
		const value = values[option] ?? "a=1";
		const { err } = await marktwin([
			"trace",
			"none.rules",
			"--in",
			"x",
			"--packet",
			"x",
			option,
			value,
			option,
			value,
		]);
		expect(err).not.toContain("is given twice");
		const help = await marktwin(["trace", "--help"]);
		expect(help.out.match(/\(repeatable/g)).toHaveLength(7);
	});

	it.each([
		{ words: [], says: "Usage: marktwin" },
		{ words: ["lab", "buidl"], says: "Did you mean build?" },
		{ words: ["help", "rnu"], says: "unknown command" },
		{ words: ["check", "--jsn", "x"], says: "Did you mean --json?" },
		{ words: ["save", "a", "b"], says: "too many arguments" },
		{ words: ["run", "--on", "modle"], says: "Allowed choices are" },
		{ words: ["run", "--shard", "5/3"], says: "Write it as 1/3" },
		{ words: ["run", "--seed", "1", "-s", "2"], says: "is given twice" },
		{
			words: ["fuzz", "--runs", "1", "--minutes", "1"],
			says: "cannot be used",
		},
		{
			words: ["fuzz", "--path", "1", "--shard", "1/2"],
			says: "cannot be used",
		},
		{ words: ["rnu"], says: "Did you mean run?" },
		{ words: ["run", "--sed", "1"], says: "Did you mean --seed?" },
		{ words: ["save"], says: "missing required argument 'rules'" },
		{ words: ["check"], says: "missing required argument 'rules'" },
		{ words: ["trace", "x.rules"], says: "-i, --in <interface>" },
	])("is not understood: marktwin $words", async ({ words, says }) => {
		const { code, out, err } = await marktwin(words);
		expect(code).toBe(2);
		expect(err).toContain(says);
		expect(out).toBe("");
	});

	it.each(["check", "fix", "save", "trace", "run"])(
		"lets no text that it quotes command anything: %s",
		async (command) => {
			const folder = join(tmp, command);
			mkdirSync(folder);
			const hostile =
				"::error::forged ##[stop-commands]x \u001b]0;t\u0007\u009b\u3164";
			const rules = `*nat\n-A PREROUTING -m comment --comment "${hostile}" -j DROPP\n${hostile}\n:${hostile}\nCOMMIT\n`;
			const name = "a\n::error::forged\n##[group]x.rules";
			writeFileSync(join(folder, name), rules);
			const { code, out, err } = await marktwin(
				[
					command,
					command === "run" ? `./${name}` : name,
					...(command === "trace"
						? ["-i", "x", "-p", "tcp 1.1.1.1:1 > 1.1.1.2:2 S"]
						: []),
					...(command === "fix" ? ["--output", "fixed.rules"] : []),
				],
				// A container within a step has none of the runner's variables.
				{ cwd: folder },
			);
			expect(code).toBe(2);
			expect(`${out}\n${err}`).not.toMatch(/^(::|##|: :|## )/m);
			expect(`${out}\n${err}`).not.toMatch(COMMANDING);
			expect(out + err).toContain("error::forged");
		},
	);

	it.each([
		[["run", "--\n::error::x"]],
		[["\n##[error]\u001b"]],
		[["run", "\n::error::x"]],
		[["run", "--seed", "\n::error::x"]],
		[["lab", "\n::error::x"]],
		[["check", "a\n::error::x"]],
		[["check", "--given", "a\n::error::x", "x.rules"]],
		[["run", "split", "--junit", "no\n::error::x/y"]],
	])(
		"quotes words that it does not understand, and they command nothing: %j",
		async (words) => {
			const { code, out, err } = await marktwin(words);
			expect(code).toBe(2);
			expect(out + err).not.toMatch(/^(::|##|: :|## )/m);
			expect(out + err).not.toMatch(COMMANDING);
		},
	);

	it("hands a ruleset on as it stands, but not to a CI system that would obey it", async () => {
		const file = join(tmp, "comment.rules");
		writeFileSync(
			file,
			'*nat\n-A PREROUTING -m comment --comment "##[group]x" -j ACCEPT\nCOMMIT\n',
		);
		const plain = await marktwin(["save", file]);
		expect(plain).toMatchObject({ code: 0, err: "" });
		expect(plain.out).toContain('--comment "##[group]x"');
		const ci = { env: { GITHUB_ACTIONS: "true" } };
		const read = await marktwin(["save", file], ci);
		expect(read).toMatchObject({ code: 2, out: "" });
		expect(read.err).toContain("would be a command to the CI system");
		const json = await marktwin(
			["check", "--json", join(tmp, "no\u001b##[x]")],
			ci,
		);
		expect(json.code).toBe(2);
	});

	it("never says violated when it could not say anything", async () => {
		const line = `"${process.execPath}" "${inject("command")}" run split > /dev/full`;
		const { code, err } = await execute("sh", ["-c", line]);
		expect(code).toBe(2);
		expect(err).toMatch(/^marktwin: cannot write: no space left/);
	});

	it("says what is short where its own files cannot be loaded", async () => {
		const line = `ulimit -n 24; "${process.execPath}" "${inject("command")}" run split`;
		const { code, err } = await execute("sh", ["-c", line]);
		expect(err).toMatch(/^marktwin: (cannot start: )?.*ulimit -n/);
		expect(err).not.toContain("Install it again");
		expect(code).toBe(4);
	});

	it("is quiet when its reader goes away", async () => {
		const child = spawn(process.execPath, [
			inject("command"),
			"run",
			"--verbose",
		]);
		let err = "";
		child.stderr.on("data", (chunk) => {
			err += chunk;
		});
		child.stdout.once("data", () => child.stdout.destroy());
		const [code] = await once(child, "close");
		expect(err).toBe("");
		// Whatever was still to be written, nobody read it.
		expect(code).toBe(141);
	});
});
