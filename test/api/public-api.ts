/**
 * What marktwin exports as a library, read out of index.ts and of the files that it names: each name with
 * its doc comment and its declaration as it stands in the source, without bodies.
 *
 * In index.ts a line comment `## Title` with a blank line behind it begins a section; the lines that
 * follow it in the same comment introduce the section.
 */
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import {
	type Comment,
	type Declaration,
	type ParseResult,
	type Program,
	parseSync,
	type Span,
	Visitor,
} from "oxc-parser";
import { ROOT } from "../source-files.ts";
import { declarationText, isHidden } from "./declaration-text.ts";
import { type DocComment, parseDocComment } from "./doc-comment.ts";

export interface Section {
	readonly title: string;
	readonly introduction: string;
	readonly names: readonly PublicName[];
}

export interface PublicName {
	readonly name: string;
	/** Where it is declared, from the root. */
	readonly file: string;
	readonly line: number;
	/** `null` where the declaration has none. */
	readonly doc: DocComment | null;
	/** TypeScript, without bodies and without what is private. */
	readonly declaration: string;
	/** Names of types of the project that the declaration mentions. */
	readonly mentions: readonly string[];
	/** Members of an interface that are numbers, whose names say no unit and which have no comment. */
	readonly bareNumbers: readonly string[];
	/** A `throw` stands in its body. */
	readonly throws: boolean;
}

interface Module {
	readonly path: string;
	readonly text: string;
	readonly parsed: ParseResult;
}

const modules = new Map<string, Module>();

function moduleOf(path: string): Module {
	const known = modules.get(path);
	if (known) return known;
	const text = readFileSync(join(ROOT, path), "utf8");
	const module = { path, text, parsed: parseSync(path, text) };
	modules.set(path, module);
	return module;
}

/**
 * @param entry from the root: `index.ts`
 * @throws Error where it exports a module whole, or a name that is declared nowhere
 */
export function publicApi(entry: string): readonly Section[] {
	const module = moduleOf(entry);
	const sections: {
		title: string;
		introduction: string;
		names: PublicName[];
	}[] = [];
	const headings = headingsOf(module);
	for (const { name, start } of exportsOf(module)) {
		while (headings[0] && headings[0].end <= start) {
			const { title, introduction } = headings[0];
			sections.push({ title, introduction, names: [] });
			headings.shift();
		}
		sections.at(-1)?.names.push(publicName(name, declared(module, name)));
	}
	return sections;
}

/** Names in the order in which a module exports them. */
function exportsOf({
	path,
	parsed,
}: Module): { name: string; start: number }[] {
	return parsed.module.staticExports.flatMap(({ entries, start }) =>
		entries.map(({ exportName }) => {
			if (exportName.name === null)
				throw new Error(`${path} exports a module whole: name what is public`);
			return { name: exportName.name, start };
		}),
	);
}

function headingsOf({ text, parsed }: Module) {
	const headings: { title: string; introduction: string; end: number }[] = [];
	for (const { value, start, end } of parsed.comments) {
		const [, title] = /^ ## (.+)$/.exec(value) ?? [];
		const last = headings.at(-1);
		if (title) headings.push({ title, introduction: "", end });
		else if (
			last &&
			text.slice(last.end, start).trim() === "" &&
			isNext(last.end, start, text)
		) {
			last.introduction = `${last.introduction}${value}`.trim();
			last.end = end;
		}
	}
	return headings;
}

/** No blank line in between. */
function isNext(end: number, start: number, text: string): boolean {
	return text.slice(end, start).split("\n").length === 2;
}

interface Declared {
	readonly module: Module;
	/** With `export` before it. */
	readonly statement: Span;
	readonly node: Declaration;
}

/** Follows re-exports to where a name is declared. */
function declared(module: Module, name: string): Declared {
	const found = find(module, name);
	if (!found)
		throw new Error(
			`${module.path} exports ${name}, which is declared nowhere`,
		);
	return found;
}

function find(module: Module, name: string): Declared | null {
	for (const statement of module.parsed.program.body) {
		if (statement.type === "ExportAllDeclaration" && !statement.exported) {
			const found = find(beside(module, statement.source.value), name);
			if (found) return found;
		}
		if (statement.type !== "ExportNamedDeclaration") continue;
		const { declaration, source, specifiers } = statement;
		if (declaration && namesOf(declaration).includes(name))
			return { module, statement, node: declaration };
		for (const { local, exported } of specifiers)
			if (source && nameIn(exported) === name)
				return find(beside(module, source.value), nameIn(local));
	}
	return null;
}

function beside({ path }: Module, specifier: string): Module {
	return moduleOf(posix.join(posix.dirname(path), specifier));
}

function nameIn(node: { readonly type: string } & object): string {
	return "name" in node ? String(node.name) : "";
}

function namesOf(declaration: Declaration): readonly string[] {
	if (declaration.type === "VariableDeclaration")
		return declaration.declarations.map(({ id }) => nameIn(id));
	return "id" in declaration && declaration.id ? [nameIn(declaration.id)] : [];
}

function publicName(
	name: string,
	{ module, statement, node }: Declared,
): PublicName {
	const { text, path } = module;
	const comment = docCommentBefore(statement.start, module);
	return {
		name,
		file: path,
		line: text.slice(0, statement.start).split("\n").length,
		doc: comment && parseDocComment(comment.value),
		declaration: declarationText(node, text),
		mentions: mentionsOf(node, module),
		bareNumbers: bareNumbersOf(node, module),
		throws: hasThrow(node, module),
	};
}

/** Types of the project that a declaration names, apart from itself and its own parameters. */
function mentionsOf(node: Declaration, module: Module): readonly string[] {
	const names = new Set<string>();
	const visitor = new Visitor({
		TSTypeReference: ({ typeName }) => {
			if (typeName.type === "Identifier") names.add(typeName.name);
		},
		TSInterfaceHeritage: ({ expression }) => {
			if (expression.type === "Identifier") names.add(expression.name);
		},
	});
	visitor.visit(asProgram(signature(node), module));
	return [...names].filter((name) => isDeclaredOrImported(name, module));
}

/** Without bodies and what is private. */
function signature(node: Declaration): Declaration {
	if (node.type === "FunctionDeclaration") return { ...node, body: null };
	if (node.type !== "ClassDeclaration") return node;
	const body = node.body.body
		.filter((member) => !isHidden(member))
		.map((member) =>
			member.type === "MethodDefinition"
				? { ...member, value: { ...member.value, body: null } }
				: member,
		);
	return { ...node, body: { ...node.body, body } };
}

function asProgram(node: Declaration, { parsed }: Module): Program {
	return { ...parsed.program, body: [node] };
}

/** Times, numbers of things, fields of headers, and what is no quantity. */
const SAYS_ITS_UNIT =
	/(Ms|imeoutS|[pP]ort|[mM]ark|mark(Before|After)|[cC]ount|packets|bytes|messages|minutes|Steps|times|number|line|id|seed|seq|ack|ttl|type|code|protocol)$/;

function bareNumbersOf(node: Declaration, module: Module): readonly string[] {
	if (node.type !== "TSInterfaceDeclaration") return [];
	return node.body.body.flatMap((member) => {
		if (member.type !== "TSPropertySignature") return [];
		const { key, start, typeAnnotation } = member;
		const name = nameIn(key);
		const isBare =
			typeAnnotation?.typeAnnotation.type === "TSNumberKeyword" &&
			!SAYS_ITS_UNIT.test(name) &&
			!docCommentBefore(start, module);
		return isBare ? [name] : [];
	});
}

function hasThrow(node: Declaration, module: Module): boolean {
	let found = false;
	const visitor = new Visitor({
		ThrowStatement: () => {
			found = true;
		},
	});
	visitor.visit(asProgram(node, module));
	return found;
}

function isDeclaredOrImported(name: string, { parsed }: Module): boolean {
	return parsed.program.body.some((statement) => {
		if (statement.type === "ImportDeclaration")
			return (
				statement.source.value.startsWith(".") &&
				statement.specifiers.some(({ local }) => local.name === name)
			);
		if (statement.type === "ExportNamedDeclaration" && statement.declaration)
			return namesOf(statement.declaration).includes(name);
		return "id" in statement && nameIn(statement.id ?? statement) === name;
	});
}

function docCommentBefore(
	start: number,
	{ text, parsed }: Module,
): Comment | null {
	const before = parsed.comments.findLast(
		(comment) => comment.end <= start && comment.value.startsWith("*"),
	);
	return before && text.slice(before.end, start).trim() === "" ? before : null;
}
