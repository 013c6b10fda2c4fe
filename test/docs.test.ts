import { execFileSync } from "node:child_process";
import {
	chmodSync,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
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
 * Each page is read from top to bottom, in an empty folder of its own.
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
	...readdirSync(join(root, "docs"))
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
	});
	afterAll(() => rmSync(bin, { recursive: true, force: true }));

	it.each(pages)("says what really happens: %s", (name) => {
		const folder = mkdtempSync(join(tmpdir(), "marktwin-docs-"));
		try {
			// The files that every reader of the tutorial is handed.
			cpSync(
				join(root, "scenarios/suites/recipe/recipe.rules"),
				join(folder, "recipe.rules"),
			);
			cpSync(
				join(root, "scenarios/suites/recipe/as-published.rules"),
				join(folder, "as-published.rules"),
			);
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
