/**
 * What a scenario file says, as an expression of the language's builders. It is read in two ways: evaluated,
 * it is the scenario as data; printed, it is TypeScript. So both are the same.
 */
import * as builders from "../../language/build/build.ts";

/** Builders that a written file calls. */
const CALLED = {
	affinity: builders.affinity,
	at: builders.at,
	avoided: builders.avoided,
	backendAt: builders.backendAt,
	clientAt: builders.clientAt,
	close: builders.close,
	connect: builders.connect,
	hold: builders.hold,
	linux: builders.linux,
	outcomes: builders.outcomes,
	recipeSetup: builders.recipeSetup,
	scenario: builders.scenario,
	send: builders.send,
	service: builders.service,
	setCondition: builders.setCondition,
	smtp: builders.smtp,
	speak: builders.speak,
	split: builders.split,
	sticky: builders.sticky,
} as const satisfies Readonly<Record<string, (...given: never[]) => unknown>>;

export type BuilderName = keyof typeof CALLED;

const BUILDER = Symbol("builder");
const CONSTANT = Symbol("constant");

/** `connect(12, { everyMs: 100 })` */
export interface Call {
	readonly [BUILDER]: BuilderName;
	readonly given: readonly Expression[];
}

/** A constant of the file. */
export interface Constant {
	readonly [CONSTANT]: string;
}

export interface Fields {
	readonly [key: string]: Expression;
}

export type Expression =
	| string
	| number
	| boolean
	| null
	| readonly Expression[]
	| Call
	| Constant
	| Fields;

export function call(
	builder: BuilderName,
	...given: readonly Expression[]
): Call {
	return { [BUILDER]: builder, given };
}

export function constant(name: string): Constant {
	return { [CONSTANT]: name };
}

/** @param constants values by name */
export function evaluate(
	expression: Expression,
	constants: ReadonlyMap<string, unknown>,
): unknown {
	if (expression === null || typeof expression !== "object") return expression;
	if (isList(expression))
		return expression.map((one) => evaluate(one, constants));
	if (isCall(expression)) {
		const given = expression.given.map((one) => evaluate(one, constants));
		const builder = CALLED[expression[BUILDER]] as (
			...given: readonly unknown[]
		) => unknown;
		return builder(...given);
	}
	if (isConstant(expression)) return constants.get(expression[CONSTANT]);
	return Object.fromEntries(
		Object.entries(expression).map(([key, value]) => [
			key,
			evaluate(value, constants),
		]),
	);
}

/** Names of the builders that are called in it. */
export function buildersOf(expression: Expression): readonly BuilderName[] {
	if (expression === null || typeof expression !== "object") return [];
	if (isList(expression)) return expression.flatMap(buildersOf);
	if (isCall(expression))
		return [expression[BUILDER], ...expression.given.flatMap(buildersOf)];
	if (isConstant(expression)) return [];
	return Object.values(expression).flatMap(buildersOf);
}

const WIDTH = 80;
/** Columns that formatters count for a tab. */
const TAB = 2;

/**
 * As TypeScript, in the form that formatters leave alone.
 * @param depth tabs before the line that it begins in
 * @param taken columns of that line that something else takes
 */
export function print(expression: Expression, depth = 0, taken = 0): string {
	const flat = printFlat(expression);
	if (depth * TAB + taken + flat.length <= WIDTH) return flat;
	return printBroken(expression, depth) ?? flat;
}

function printFlat(expression: Expression): string {
	if (expression === null || typeof expression !== "object")
		return JSON.stringify(expression);
	if (isList(expression)) return `[${expression.map(printFlat).join(", ")}]`;
	if (isCall(expression))
		return `${expression[BUILDER]}(${expression.given.map(printFlat).join(", ")})`;
	if (isConstant(expression)) return expression[CONSTANT];
	const entries = Object.entries(expression).map(entryPrinter(printFlat));
	return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** `null`: there is nothing to break. */
function printBroken(expression: Expression, depth: number): string | null {
	if (expression === null || typeof expression !== "object") return null;
	if (isConstant(expression)) return null;
	const inside = (one: Expression, taken = 0) =>
		print(one, depth + 1, taken + ",".length);
	if (isList(expression))
		return lines("[", "]", {
			depth,
			items: expression.map((one) => inside(one)),
		});
	if (isCall(expression)) return printBrokenCall(expression, depth);
	const items = Object.entries(expression).map(([key, value]) => {
		const name = keyText(key);
		return entryText(name, value, inside(value, name.length + ": ".length));
	});
	return lines("{", "}", { depth, items });
}

function printBrokenCall(
	{ [BUILDER]: builder, given }: Call,
	depth: number,
): string {
	const last = given.at(-1);
	const before = given.slice(0, -1).map((one) => `${printFlat(one)}, `);
	// The last argument opens its bracket on the line of the call.
	if (isBraced(last)) {
		const start = `${builder}(${before.join("")}`;
		const broken = printBroken(last, depth) as string;
		const first = broken.slice(0, broken.indexOf("\n"));
		if (depth * TAB + start.length + first.length <= WIDTH)
			return `${start}${broken})`;
	}
	const items = given.map((one) => print(one, depth + 1, ",".length));
	return lines(`${builder}(`, ")", { depth, items });
}

function isBraced(one: Expression | undefined): one is Fields {
	return (
		one !== null &&
		typeof one === "object" &&
		!isCall(one) &&
		!isConstant(one) &&
		(isList(one) ? one : Object.keys(one)).length > 0
	);
}

function lines(
	open: string,
	close: string,
	{
		depth,
		items,
	}: { readonly depth: number; readonly items: readonly string[] },
): string {
	const tabs = "\t".repeat(depth);
	return [
		open,
		...items.map((one) => `${tabs}\t${one},`),
		`${tabs}${close}`,
	].join("\n");
}

function entryPrinter(printOne: (one: Expression) => string) {
	return ([key, value]: [string, Expression]) =>
		entryText(keyText(key), value, printOne(value));
}

/** `setup` for `setup: setup`. */
function entryText(name: string, value: Expression, printed: string): string {
	const isShort =
		typeof value === "object" && isConstant(value) && value[CONSTANT] === name;
	return isShort ? name : `${name}: ${printed}`;
}

function keyText(key: string): string {
	return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}

function isList(one: Expression): one is readonly Expression[] {
	return Array.isArray(one);
}

function isCall(one: object | null): one is Call {
	return one !== null && BUILDER in one;
}

function isConstant(one: object | null): one is Constant {
	return one !== null && CONSTANT in one;
}
