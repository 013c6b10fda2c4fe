/** The project's own sources, as the tests of the house read them: with a real parser. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
import {
	type Expression,
	type Program,
	parseSync,
	type VariableDeclarator,
	Visitor,
} from "oxc-parser";

export const ROOT = join(import.meta.dirname, "..");

/** Where sources lie; the top level has a few more of its own. */
export const FOLDERS = [
	"sim",
	"scenarios",
	"lab",
	"reports",
	"explore",
	"cli",
	"bench",
	"schemas",
	"test",
];

export interface Import {
	/** As it is written: `./source-files.ts`, `node:fs`, `ts-pattern`. */
	readonly specifier: string;
	/** The file that it leads to, from the root; `null` for a package or a builtin. */
	readonly file: string | null;
	/** Nothing of it is left when the types are stripped. */
	readonly typeOnly: boolean;
	/** `import(…)`: loaded when the program comes by. */
	readonly dynamic: boolean;
	readonly line: number;
}

/** Something found in a file, and where. */
export interface Mention {
	readonly name: string;
	readonly line: number;
}

export interface SourceFile {
	/** From the root, with `/`. */
	readonly path: string;
	/** Tests, and what only tests import. */
	readonly isTest: boolean;
	readonly lines: number;
	readonly imports: readonly Import[];
	/** What is called, made or looked into by its name: `fetch`, `Date` (`new Date`), `Math.random` … */
	readonly globals: readonly Mention[];
	/** Where the type `any` is written. */
	readonly anys: readonly Mention[];
	/** What is written in quotes, in templates and between the tags of a page: users read most of it. */
	readonly texts: readonly Mention[];
	/** Spreads of a literal into a literal or a call: `...{ a, b }`, `...["a"]`. */
	readonly literalSpreads: readonly Mention[];
	/** Variables of the module itself that change: `let x` outside of any function. */
	readonly moduleVariables: readonly Mention[];
	/** Each comment, without its signs, and the line on which it begins. */
	readonly comments: readonly Mention[];
}

/** Every TypeScript file of the project, sorted. */
export function sourceFiles(): readonly SourceFile[] {
	const topLevel = readdirSync(ROOT).filter((name) => name.endsWith(".ts"));
	const folders = FOLDERS.filter((folder) => existsSync(join(ROOT, folder)));
	const below = folders.flatMap((folder) =>
		readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
			.filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
			.map((entry) => relative(ROOT, join(entry.parentPath, entry.name))),
	);
	return [...topLevel, ...below]
		.map((path) => path.split(sep).join("/"))
		.sort()
		.map((path) => parseSource(path, readFileSync(join(ROOT, path), "utf8")));
}

/**
 * Takes a file apart.
 * @param path from the root, with `/`
 */
export function parseSource(path: string, text: string): SourceFile {
	const { program, module, comments, errors } = parseSync(path, text);
	if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
	const lineAt = lineFinder(text);
	const note = (mentions: Mention[], name: string, start: number) => {
		mentions.push({ name, line: lineAt(start) });
	};
	const imports: Import[] = [];
	const add = (
		specifier: string,
		start: number,
		kind: { readonly typeOnly?: boolean; readonly dynamic?: boolean },
	) => {
		const file = specifier.startsWith(".")
			? posix.join(posix.dirname(path), specifier)
			: null;
		const { typeOnly = false, dynamic = false } = kind;
		imports.push({ specifier, file, typeOnly, dynamic, line: lineAt(start) });
	};
	for (const { moduleRequest, entries, start } of module.staticImports) {
		// `import "x"` has no entries and is all about what x does.
		const typeOnly = entries.length > 0 && entries.every((one) => one.isType);
		add(moduleRequest.value, start, { typeOnly });
	}
	for (const { entries } of module.staticExports)
		for (const { moduleRequest, isType, start } of entries)
			if (moduleRequest) add(moduleRequest.value, start, { typeOnly: isType });
	const globals: Mention[] = [];
	const anys: Mention[] = [];
	const texts: Mention[] = [];
	const literalSpreads: Mention[] = [];
	const visitor = new Visitor({
		ImportExpression: ({ source, start }) => {
			// What cannot be read here is a name that only running it tells: `*`.
			const literal = source.type === "Literal" ? source.value : null;
			const specifier = typeof literal === "string" ? literal : "*";
			add(specifier, start, { dynamic: true });
		},
		TSImportType: ({ source, start }) =>
			add(source.value, start, { typeOnly: true }),
		Literal: ({ value, start }) => note(texts, String(value), start),
		TemplateElement: ({ value, start }) => note(texts, value.raw, start),
		JSXText: ({ value, start }) => note(texts, value, start),
		TSAnyKeyword: ({ start }) => note(anys, "any", start),
		SpreadElement: ({ argument, start }) => {
			if (isLiteral(argument)) note(literalSpreads, argument.type, start);
		},
		MemberExpression: ({ object, property, start }) => {
			if (object.type !== "Identifier") return;
			const member = property.type === "Identifier" ? property.name : "*";
			note(globals, `${object.name}.${member}`, start);
		},
		CallExpression: ({ callee, start }) => {
			if (callee.type === "Identifier") note(globals, callee.name, start);
		},
		NewExpression: ({ callee, start }) => {
			if (callee.type === "Identifier") note(globals, callee.name, start);
		},
	});
	visitor.visit(program);
	return {
		path,
		isTest:
			path.endsWith(".test.ts") ||
			path.startsWith("test/") ||
			posix.basename(path).startsWith("test-"),
		lines: text.split("\n").length - 1,
		imports,
		globals,
		anys,
		texts,
		literalSpreads,
		moduleVariables: variablesOf(program).map(({ id, start }) => ({
			name: id.type === "Identifier" ? id.name : "*",
			line: lineAt(start),
		})),
		comments: comments.map(({ value, start }) => ({
			name: value,
			line: lineAt(start),
		})),
	};
}

/** What a module declares with `let` or `var`. */
function variablesOf({ body }: Program): readonly VariableDeclarator[] {
	return body.flatMap((statement) => {
		const declared =
			statement.type === "ExportNamedDeclaration"
				? statement.declaration
				: statement;
		return declared?.type === "VariableDeclaration" && declared.kind !== "const"
			? declared.declarations
			: [];
	});
}

/** `{ … }` or `[ … ]`, also in parentheses or with a type. */
function isLiteral(expression: Expression): boolean {
	switch (expression.type) {
		case "ObjectExpression":
		case "ArrayExpression":
			return true;
		case "ParenthesizedExpression":
		case "TSAsExpression":
		case "TSSatisfiesExpression":
			return isLiteral(expression.expression);
		default:
			return false;
	}
}

/** Offset → line, from 1. */
function lineFinder(text: string): (offset: number) => number {
	const ends = [...text.matchAll(/\n/g)].map((found) => found.index);
	return (offset) => {
		let low = 0;
		let high = ends.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((ends[middle] ?? 0) < offset) low = middle + 1;
			else high = middle;
		}
		return low + 1;
	};
}
