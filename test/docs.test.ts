import { execFileSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

/**
 * The examples of the documentation are run. In a page,
 *
 * - a block with `file=NAME` behind its language is a file that a reader writes;
 * - a `console` block is a session: lines that begin with `$ ` are run, what follows is what they
 *   print. `…` stands for anything: within a line, or, alone on a line, for any number of lines.
 *
 * Each page is read from top to bottom, in an empty folder of its own, from which programs can import marktwin.
 */
const root = fileURLToPath(new URL("..", import.meta.url));

interface Block {
	readonly line: number;
	readonly language: string;
	readonly file: string | null;
	readonly text: string;
}

interface Command {
	readonly line: number;
	readonly command: string;
	readonly expected: readonly string[];
}

function blocksOf(page: string): readonly Block[] {
	const blocks: Block[] = [];
	const fence = /^```(\S+)(?: file=(\S+))?\n([\s\S]*?)^```$/gm;
	for (const match of page.matchAll(fence)) {
		const [, language = "", file, text = ""] = match;
		const line = page.slice(0, match.index).split("\n").length;
		blocks.push({ line, language, file: file ?? null, text });
	}
	return blocks;
}

function commandsOf(block: Block): readonly Command[] {
	const commands: { line: number; command: string; expected: string[] }[] = [];
	for (const [index, text] of block.text.split("\n").entries()) {
		const line = block.line + 1 + index;
		if (text.startsWith("$ "))
			commands.push({ line, command: text.slice(2), expected: [] });
		else commands.at(-1)?.expected.push(text);
	}
	return commands;
}

/** The regular expression that a block's expected lines stand for. */
function patternOf(lines: readonly string[]): RegExp {
	const quoted = lines.map((line) =>
		line.trim() === "…"
			? "(?:.*\\n)*?"
			: `${line
					.split("…")
					.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
					.join(".*")} *\\n`,
	);
	return new RegExp(`^${quoted.join("")}$`);
}

const pages = [
	"README.md",
	"CONTRIBUTING.md",
	// Those of the linter's rules too, a folder below.
	...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".md"))
		.map((name) => `docs/${name}`),
];

describe("the documentation", () => {
	const bin = mkdtempSync(join(tmpdir(), "marktwin-docs-bin-"));

	beforeAll(() => {
		// A reader has `marktwin` in the path; here it is the one that lies in front of us.
		const shim = join(bin, "marktwin");
		writeFileSync(
			shim,
			`#!/bin/sh\nexec "${process.execPath}" "${inject("command")}" "$@"\n`,
		);
		chmodSync(shim, 0o755);
		// npx finds it in the repository's node_modules.
		const npx = join(bin, "npx");
		writeFileSync(npx, '#!/bin/sh\nexec "$@"\n');
		chmodSync(npx, 0o755);
	});
	afterAll(() => rmSync(bin, { recursive: true, force: true }));

	it.each(pages)("says what really happens: %s", (name) => {
		const project = mkdtempSync(join(tmpdir(), "marktwin-docs-"));
		// As npm installs it, one folder up: the reader's own folder stays empty.
		mkdirSync(join(project, "node_modules"));
		symlinkSync(root, join(project, "node_modules", "marktwin"), "dir");
		const folder = join(project, "page");
		mkdirSync(folder);
		try {
			for (const block of blocksOf(readFileSync(join(root, name), "utf8"))) {
				if (block.file !== null) {
					mkdirSync(dirname(join(folder, block.file)), { recursive: true });
					writeFileSync(join(folder, block.file), block.text);
				}
				if (block.language !== "console") continue;
				for (const command of commandsOf(block)) {
					const printed = run(command.command, folder, bin);
					const expected = command.expected.filter(
						(text, index, all) => index < all.length - 1 || text !== "",
					);
					expect(
						printed,
						`${name}:${command.line}: ${command.command}`,
					).toMatch(patternOf(expected));
				}
			}
		} finally {
			rmSync(project, { recursive: true, force: true });
		}
	});

	it("has a workflow for shards that works where a package.json lies beside it", () => {
		const folder = mkdtempSync(join(tmpdir(), "marktwin-docs-"));
		try {
			const page = readFileSync(join(root, "docs/ci.md"), "utf8");
			const workflow = blocksOf(page).find(({ text }) =>
				text.includes("matrix:"),
			);
			const lines = [...(workflow?.text ?? "").matchAll(/- run: (.*)$/gm)]
				.map(([, line = ""]) => line)
				// marktwin is installed already, and artifacts stay where they are.
				.filter((line) => line !== "npm ci");
			const shared = lines.filter((line) => !line.includes("merge"));
			const last = lines.filter((line) => line.includes("merge"));
			expect([shared.length, last.length]).toEqual([2, 1]);
			writeFileSync(join(folder, "package.json"), '{ "private": true }');
			writeFileSync(join(folder, "package-lock.json"), "{}");
			run("marktwin example firewall", folder, bin);
			// The third of three machines has none of two scenarios.
			for (const shard of ["1", "2", "3"])
				for (const line of shared)
					run(line.replace(/\$\{\{ matrix\.shard \}\}/g, shard), folder, bin);
			const merged = run(`${last.join()}; echo "exit $?"`, folder, bin);
			expect(merged).toMatch(/^2 scenarios from 3 files: all hold$/m);
			expect(merged).toMatch(/^exit 0$/m);
			expect(existsSync(join(folder, "report.html"))).toBe(true);
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	});

	it.each(pages)("links to what is there: %s", (name) => {
		const page = readFileSync(join(root, name), "utf8");
		for (const [, target = ""] of page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
			if (/^[a-z]+:/.test(target)) continue;
			expect(
				existsSync(join(root, dirname(name), target)),
				`${name} links to ${target}`,
			).toBe(true);
		}
	});
});

/** Runs a line as a reader would; standard error stands where it would on his screen. */
function run(command: string, folder: string, bin: string): string {
	return execFileSync("sh", ["-c", `(${command}) 2>&1 || true`], {
		cwd: folder,
		encoding: "utf8",
		env: {
			...process.env,
			PATH: `${bin}:${process.env.PATH}`,
			NO_COLOR: "1",
			FORCE_COLOR: undefined,
		},
	});
}
