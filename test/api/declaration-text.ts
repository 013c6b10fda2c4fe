/** Declarations as a reader of the library wants them: no bodies, and nothing that is private. */
import type {
	ClassElement,
	Declaration,
	Function as FunctionNode,
	Span,
} from "oxc-parser";

interface Cut extends Span {
	readonly by: string;
}

/**
 * The source of a declaration, without `export`.
 * @throws Error where a type is left to the compiler: a reader cannot infer it
 */
export function declarationText(node: Declaration, text: string): string {
	const cuts = cutsOf(node, text).sort((a, b) => a.start - b.start);
	let result = "";
	let from = node.start;
	for (const { start, end, by } of cuts) {
		result += text.slice(from, start) + by;
		from = end;
	}
	return (result + text.slice(from, node.end)).replace(/\n(\s*\n)+/g, "\n\n");
}

function cutsOf(node: Declaration, text: string): Cut[] {
	switch (node.type) {
		case "FunctionDeclaration":
			return functionCuts(node, text);
		case "ClassDeclaration":
			return node.body.body.flatMap((member, index, all) =>
				memberCuts(member, all[index - 1]?.end ?? node.body.start + 1, text),
			);
		case "VariableDeclaration":
			return node.declarations.flatMap(({ id, init }) => {
				if (!init) return [];
				if ("typeAnnotation" in id && id.typeAnnotation)
					return [{ start: id.end, end: init.end, by: "" }];
				if (init.type === "Literal") return [];
				throw untyped(node, text);
			});
		default:
			return [];
	}
}

function functionCuts(node: FunctionNode, text: string): Cut[] {
	const cuts: Cut[] = [];
	if (!node.returnType) throw untyped(node, text);
	if (node.async) cuts.push({ ...wordAt("async ", node, text), by: "" });
	if (node.body) cuts.push({ ...withSpace(node.body, text), by: ";" });
	for (const [index, parameter] of node.params.entries()) {
		// Builders refuse arguments that they do not take; a reader need not know how.
		const { start, end } = parameter;
		if (!/^\.\.\.\w+: readonly never\[\]$/.test(text.slice(start, end)))
			continue;
		cuts.push({ start: node.params[index - 1]?.end ?? start, end, by: "" });
	}
	return cuts;
}

function memberCuts(member: ClassElement, after: number, text: string): Cut[] {
	if (isHidden(member)) return [{ start: after, end: member.end, by: "" }];
	if (member.type === "MethodDefinition") {
		const { value, kind } = member;
		const { body, returnType } = value;
		if ((kind === "method" || kind === "get") && !returnType)
			throw untyped(member, text);
		const async = value.async ? [wordAt("async ", member, text)] : [];
		return [
			...async.map((span) => ({ ...span, by: "" })),
			...(body ? [{ ...withSpace(body, text), by: ";" }] : []),
		];
	}
	if (member.type !== "PropertyDefinition" || !member.value) return [];
	if (member.typeAnnotation)
		return [
			{ start: member.typeAnnotation.end, end: member.value.end, by: "" },
		];
	if (member.value.type === "Literal") return [];
	throw untyped(member, text);
}

/** Private, in either spelling, or run when the class is made. */
export function isHidden(member: ClassElement): boolean {
	if (member.type === "StaticBlock") return true;
	if ("accessibility" in member && member.accessibility === "private")
		return true;
	return "key" in member && member.key.type === "PrivateIdentifier";
}

function wordAt(word: string, { start }: Span, text: string): Span {
	const at = text.indexOf(word, start);
	return { start: at, end: at + word.length };
}

/** With the blanks before it. */
function withSpace({ start, end }: Span, text: string): Span {
	const before = text.slice(0, start);
	return { start: before.trimEnd().length, end };
}

function untyped({ start }: Span, text: string): Error {
	const [line] = text.slice(start).split("\n");
	return new Error(`what is public states its type: ${line}`);
}
