/** House style, where a machine can tell. */
import { basename } from "node:path";
import { expect, it } from "vitest";
import { sourceFiles } from "./source-files.ts";

const sources = sourceFiles();

/** Longer than that, a file mostly does more than one thing. Stories are data: they are as long as they are. */
const MOST_LINES = 500;
const STORIES = "scenarios/suites/";

it("file names are kebab-case", () => {
	const named =
		/^[a-z0-9]+(-[a-z0-9]+)*(\.(((vm|docker|browser)\.)?test|config))?\.tsx?$/;
	const wrong = sources.filter((file) => !named.test(basename(file.path)));
	expect(wrong.map((file) => file.path)).toEqual([]);
});

it(`files have at most ${MOST_LINES} lines, tests and stories excepted`, () => {
	const wrong = sources.filter(
		({ path, isTest, lines }) =>
			!isTest && !path.startsWith(STORIES) && lines > MOST_LINES,
	);
	expect(wrong.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
});

/** What a command prints goes through `out` or `err` of cli/screen/screen.ts. These hand on a program's own octets. */
const SCREENS: ReadonlySet<string> = new Set([
	"cli/screen/screen.ts",
	"cli/lab/router-shell.ts",
	"cli/lab/shell.ts",
	// A daemon's log, which has a writer of its own.
	"cli/healthcheck/command.ts",
	// Hears that a reader has gone away.
	"cli/main.ts",
]);

it("commands print through their screens", () => {
	const wrong = sources
		.filter(({ path, isTest }) => path.startsWith("cli/") && !isTest)
		.filter(({ path }) => !SCREENS.has(path))
		.flatMap(({ path, globals }) =>
			globals
				.filter(({ name }) => /^(process\.std(out|err)|console\.)/.test(name))
				.map(({ name, line }) => `${path}:${line} uses ${name}`),
		);
	expect(wrong).toEqual([]);
});

it("nobody writes `any`", () => {
	const wrong = sources.flatMap((file) =>
		file.anys.map(({ line }) => `${file.path}:${line}`),
	);
	expect(wrong).toEqual([]);
});
