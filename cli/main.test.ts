import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, inject, it } from "vitest";
import { execute, marktwin } from "../test/marktwin.ts";

const COMMANDS = ["run", "trace", "save", "check", "fix"];

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
		{ words: [], says: "Usage: marktwin" },
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

	it("never says violated when it could not say anything", async () => {
		const line = `"${process.execPath}" "${inject("command")}" run split > /dev/full`;
		const { code, err } = await execute("sh", ["-c", line]);
		expect(code).toBe(2);
		expect(err).toMatch(/^marktwin: cannot write: no space left/);
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
