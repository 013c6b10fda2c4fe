/** House style, where a machine can tell. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";
import { ROOT, sourceFiles } from "./source-files.ts";

const sources = sourceFiles();

it("file names are kebab-case", () => {
	const named =
		/^[a-z0-9]+(-[a-z0-9]+)*(\.(((vm|docker|browser)\.)?test|config))?\.tsx?$/;
	const wrong = sources.filter((file) => !named.test(basename(file.path)));
	expect(wrong.map((file) => file.path)).toEqual([]);
});

/** A file is one concern; more lines are mostly two. Tests are as long as their cases. */
const MOST_LINES = 500;

/** Files that may be longer, each with its greatest number of lines, and why. */
const LONG_FILES: Readonly<Record<string, number>> = {};

it(`files have at most ${MOST_LINES} lines, tests excepted`, () => {
	const lengths = new Map(
		sources
			.filter(({ isTest }) => !isTest)
			.map(({ path, lines }) => [path, lines]),
	);
	expect(violations(lengths, MOST_LINES, LONG_FILES)).toEqual([]);
});

const MOST_SOURCES = 15;

/** Folders that may hold more sources, each with its greatest number of them, and why. */
const LARGE_FOLDERS: Readonly<Record<string, number>> = {
	// One extension, one file.
	"sim/matches": 100,
	"sim/targets": 60,
};

it(`folders hold at most ${MOST_SOURCES} sources, tests not counted`, () => {
	const counts = new Map<string, number>();
	for (const { path, isTest } of sources) {
		const folder = dirname(path);
		if (!isTest) counts.set(folder, (counts.get(folder) ?? 0) + 1);
	}
	expect(violations(counts, MOST_SOURCES, LARGE_FOLDERS)).toEqual([]);
});

/** What is above its limit, and each exception that is no longer needed. */
function violations(
	sizes: ReadonlyMap<string, number>,
	most: number,
	exceptions: Readonly<Record<string, number>>,
): readonly string[] {
	const above = [...sizes]
		.filter(([name, size]) => size > (exceptions[name] ?? most))
		.map(([name, size]) => `${name}: ${size}`);
	const stale = Object.keys(exceptions)
		.filter((name) => (sizes.get(name) ?? 0) <= most)
		.map((name) => `${name} no longer needs its exception`);
	return [...above, ...stale];
}

it("no literal is spread into a literal", () => {
	const wrong = sources.flatMap(({ path, literalSpreads }) =>
		literalSpreads.map(({ line }) => `${path}:${line}`),
	);
	expect(wrong).toEqual([]);
});

/** A run is a function of scenario and choices, and a snapshot of a gateway misses no variable of a module. */
it("sim keeps no state in modules", () => {
	const found = sources
		.filter(({ path, isTest }) => path.startsWith("sim/") && !isTest)
		.flatMap(({ path, moduleVariables }) =>
			moduleVariables.map(({ name }) => `${path} ${name}`),
		);
	expect(found).toEqual([]);
});

/** What a command prints goes through `out` or `err` of cli/screen/screen.ts. These hand on a program's own octets. */
const SCREENS: ReadonlySet<string> = new Set([
	"cli/screen/screen.ts",
	"cli/lab/router-shell.ts",
	"cli/lab/shell.ts",
	// A daemon's log, which has a writer of its own.
	"cli/healthcheck/command.ts",
	// Hears that a reader has gone away.
	"cli/program/program.ts",
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

/** Pronouns and turns of phrase that hide who does what. A noun of the field says it. */
const VAGUE =
	/\b(whoever|whomever|somebody|someone|nobody|everybody|so many|(is|are) told|what is met|lets? go of)\b/i;

/** Where such a word is a name: `nobody` in /etc/group. */
const NAMES: ReadonlySet<string> = new Set(["sim/extension/values/names.ts"]);

it("pages name who does what", () => {
	const docs = readdirSync(join(ROOT, "docs"))
		.filter((name) => name.endsWith(".md") && name !== "api.md")
		.map((name) => `docs/${name}`);
	const wrong = ["README.md", "CONTRIBUTING.md", ...docs].flatMap((page) =>
		readFileSync(join(ROOT, page), "utf8")
			.split("\n")
			.flatMap((line, index) => {
				const found = VAGUE.exec(line);
				return found ? [`${page}:${index + 1}: ${found[0]}`] : [];
			}),
	);
	expect(wrong).toEqual([]);
});

it("texts that users read name who does what", () => {
	const wrong = sources
		.filter(({ path, isTest }) => !isTest && !NAMES.has(path))
		.flatMap(({ path, texts }) =>
			texts
				.filter(({ name }) => VAGUE.test(name))
				.map(({ name, line }) => `${path}:${line}: ${VAGUE.exec(name)?.[0]}`),
		);
	expect(wrong).toEqual([]);
});
