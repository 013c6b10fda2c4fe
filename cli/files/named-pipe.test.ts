import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it, vi } from "vitest";
import { execute } from "../../test/marktwin.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder();
const pipe = join(folder, "pipe");
execFileSync("mkfifo", [pipe]);

it.each([
	["check", pipe],
	["fix", pipe],
	["merge", pipe],
	["run", "split", "--rules", `recipe.rules=${pipe}`],
])("says which named pipe it waits for: %s", async (...words) => {
	const child = spawn(process.execPath, [inject("command"), ...words]);
	let said = "";
	child.stderr.on("data", (text) => {
		said += text;
	});
	const ended = once(child, "close");
	await vi.waitFor(
		() =>
			expect(said).toContain(
				`waiting for ${pipe}: it is a named pipe, and no program writes to it`,
			),
		{ timeout: 30_000 },
	);
	// A writer that comes late is read all the same.
	writeFileSync(pipe, "*nonsense\n");
	const [code] = await ended;
	expect(code).toBe(2);
});

it("reads what a shell substitutes, without a word", async () => {
	const rules = '<(printf "*filter\\nCOMMIT\\n")';
	const line = `"${process.execPath}" "${inject("command")}" check ${rules}`;
	const { code, out, err } = await execute("bash", ["-c", line]);
	expect({ code, err }).toEqual({ code: 0, err: "" });
	expect(out).toContain("would load");
});

it.each([
	["what a shell substitutes", "--junit >(cat)"],
	["its own standard output, a pipe", "--junit /dev/stdout | cat"],
])("writes into %s", async (_, end) => {
	const line = `"${process.execPath}" "${inject("command")}" run split-alternates --quiet ${end}`;
	const { out, err } = await execute("bash", ["-c", line]);
	expect(err).toBe("");
	expect(out).toContain("<testsuites");
	expect(out).toContain("</testsuites>");
});
