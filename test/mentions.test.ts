/** Comments and pages name files and folders that exist. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
import { expect, it } from "vitest";
import { FOLDERS, type Mention, ROOT, sourceFiles } from "./source-files.ts";

/** Files and folders, from the root: sources, and what lies beside them. */
const paths: ReadonlySet<string> = new Set([
	...readdirSync(ROOT),
	...[...FOLDERS, "docs"].flatMap((folder) => [
		folder,
		...readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
			.map((path) => relative(ROOT, join(ROOT, folder, path)))
			.map((path) => path.split(sep).join("/")),
	]),
]);

const FILE = /(?<![\w./*-])(?:[\w.*-]+\/)*[\w*-][\w.*-]*\.(?:tsx?|mjs|cjs)\b/g;
const BELOW_A_ROOM = new RegExp(
	`(?<![\\w./-])(?:${[...FOLDERS, "docs"].join("|")})/[\\w./*-]*[\\w*]`,
	"g",
);

/** Of the user, of a library, or an example. */
const ELSEWHERE: ReadonlySet<string> = new Set([
	"core/src/command.ts",
	"shares.mjs",
	"x.ts",
	"x.tsx",
	"x.test.ts",
]);

/** What a text names and the project does not have. */
function missing(from: string, text: string): readonly string[] {
	const named = [FILE, BELOW_A_ROOM].flatMap((pattern) =>
		[...text.matchAll(pattern)].map(([name]) => name),
	);
	return [...new Set(named)].filter((name) => !isThere(from, name));
}

/** From the root, from the file that names it, or as the end of a path; `*` and `NAME` are any part of a name. */
function isThere(from: string, name: string): boolean {
	if (paths.has(posix.join(posix.dirname(from), name))) return true;
	if (/\.scenario\.\w+$/.test(name) || ELSEWHERE.has(name)) return true;
	if (ELSEWHERE.has(posix.basename(name))) return true;
	if (paths.has(name)) return true;
	const escaped = name
		.replace(/[.+]/g, "\\$&")
		.replaceAll(/\*|NAME/g, "[\\w.-]*");
	const ending = new RegExp(`(^|/)${escaped}$`);
	// A bundled program bears the name of its source.
	const source = new RegExp(`(^|/)${escaped.replace(/mjs$/, "ts")}$`);
	return [...paths].some((path) => ending.test(path) || source.test(path));
}

const sources = sourceFiles();

it("comments name files that exist", () => {
	const wrong = sources.flatMap(({ path, comments }) =>
		comments.flatMap(({ name, line }: Mention) =>
			missing(path, name).map((what) => `${path}:${line} names ${what}`),
		),
	);
	expect(wrong).toEqual([]);
});

const CONTRIBUTING = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");

it("pages for those who work on marktwin name files and folders that exist", () => {
	const pages = [
		"CONTRIBUTING.md",
		"docs/architecture.md",
		"docs/decisions.md",
		"docs/glossary.md",
		"docs/model.md",
		...[...paths].filter((path) => /^[a-z/-]+\/README\.md$/.test(path)),
	];
	const wrong = pages.flatMap((page) =>
		missing(page, readFileSync(join(ROOT, page), "utf8")).map(
			(what) => `${page} names ${what}`,
		),
	);
	expect(wrong).toEqual([]);
});

/** By the section of CONTRIBUTING.md: something there is already, and that touches no more files than it must. */
const EXAMPLES = [
	{ section: "An operation", kind: "forget-neighbour" },
	{ section: "An expectation", kind: "mail-kept" },
];

it.each(EXAMPLES)(
	"CONTRIBUTING.md names each file that $section needs",
	({ section, kind }) => {
		const [, text = ""] = CONTRIBUTING.split(`### ${section}\n`);
		const [list = ""] = text.split("\n#");
		const wrong = sources
			.filter(({ isTest, path }) => !isTest && !path.includes("/suites/"))
			.map(({ path }) => path)
			.filter((path) =>
				readFileSync(join(ROOT, path), "utf8").includes(`"${kind}"`),
			)
			.filter((path) => !list.includes(`\`${path}\``));
		expect(wrong).toEqual([]);
	},
);
