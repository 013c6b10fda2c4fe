/** House style, where a machine can tell. */
import { basename } from "node:path";
import { expect, it } from "vitest";
import { sourceFiles } from "./source-files.ts";

const sources = sourceFiles();

/** Longer than that, a file does more than one thing. */
const MOST_LINES = 300;

/** Tables do not get clearer by being cut in two. Each is a list from its first line to its last. */
const LONG_TABLES: readonly string[] = [];

it("file names are kebab-case", () => {
	const named = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config))?\.ts$/;
	const wrong = sources.filter((file) => !named.test(basename(file.path)));
	expect(wrong.map((file) => file.path)).toEqual([]);
});

it(`files have at most ${MOST_LINES} lines, tests and tables excepted`, () => {
	const wrong = sources.filter(
		(file) =>
			!file.isTest &&
			!LONG_TABLES.includes(file.path) &&
			file.lines > MOST_LINES,
	);
	expect(wrong.map((file) => `${file.path}: ${file.lines}`)).toEqual([]);
});

it("nobody writes `any`", () => {
	const wrong = sources.flatMap((file) =>
		file.anys.map(({ line }) => `${file.path}:${line}`),
	);
	expect(wrong).toEqual([]);
});
