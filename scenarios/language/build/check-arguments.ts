/**
 * What builders are given, held against the same schema as data: TypeScript finds a misspelt key in
 * an editor, and nothing finds it where a file is only run.
 */
import * as v from "valibot";
import { faultOf } from "../fault-of-issue.ts";
import { ScenarioError, type ScenarioFault } from "../scenario-error.ts";
import { list, object } from "../schema/schema.ts";

/** The name that an options object has among a builder's arguments. */
const OPTIONS = "options";

/**
 * An options object: each key may be left out, and any other is a fault.
 *
 *     const connectOptions = options<ConnectOptions>({ label: text, everyMs: positiveMs, … });
 *
 * The keys are those of the type, or it does not compile.
 */
export function options<Given extends object>(
	entries: Readonly<Record<keyof Given, v.GenericSchema>>,
	...checks: readonly Check[]
): v.GenericSchema {
	const optional = Object.entries<v.GenericSchema>(entries).map(
		([key, schema]) => [key, v.exactOptional(schema)] as const,
	);
	return v.pipe(
		notList,
		object(Object.fromEntries(optional)),
		...checks.map(({ holds, message }) =>
			v.check<object, (issue: { readonly input: object }) => string>(
				holds,
				({ input }) => message(input),
			),
		),
	);
}

/** At most one of these keys. @public */
export type AtMostOne<Of> = {
	[Key in keyof Of]: { readonly [One in Key]?: Of[One] } & {
		readonly [Other in Exclude<keyof Of, Key>]?: never;
	};
}[keyof Of];

/** What has to be true of a whole options object. */
interface Check {
	readonly holds: (given: object) => boolean;
	/** And below it the remedy. */
	readonly message: (given: object) => string;
}

/** An array is an object too, and an empty one has no key that could be unknown. */
const notList = v.custom<object>(
	(given) => !Array.isArray(given),
	"expected an object, not a list\nWrite it in braces: { … }.",
);

/** Each of these keys says it all: two of them contradict each other. */
export function atMostOne(...keys: readonly string[]): Check {
	const given = (options: object) =>
		keys.filter((key) => Object.hasOwn(options, key));
	return {
		holds: (options) => given(options).length < 2,
		message: (options) =>
			`${given(options)
				.map((key) => `\`${key}\``)
				.join(" and ")} contradict each other\nGive one of them.`,
	};
}

/** A step, or steps in a list as `at` and `repeat` return them. */
const step = v.custom<unknown>(
	(given) => (Array.isArray(given) ? given.every(isStep) : isStep(given)),
	(issue) =>
		typeof issue.input === "function"
			? `expected a step, not the function \`${issue.input.name}\`\nCall it: \`${issue.input.name}( … )\`.`
			: `expected a step, not ${issue.received}\nWrite what a builder of steps returns: \`connect(3)\`, \`at(100, connect(3))\`.`,
);

export const steps = list(step);

function isStep(given: unknown): boolean {
	return (
		typeof given === "object" &&
		given !== null &&
		"kind" in given &&
		typeof given.kind === "string" &&
		"atMs" in given &&
		typeof given.atMs === "number"
	);
}

/**
 * @param builder its name, for the message
 * @param given its arguments, by name
 * @param surplus what it was given behind them: JavaScript would drop it in silence
 * @throws ScenarioError with every fault, placed as `connect(…).everyMs` or `connect(count)`
 */
export function checkArguments<Entries extends v.ObjectEntries>(
	builder: string,
	schema: v.ObjectSchema<Entries, undefined>,
	given: Readonly<Record<keyof Entries, unknown>>,
	surplus: readonly unknown[] = [],
): void {
	if (surplus.length > 0)
		throw new ScenarioError("invalid", "", [
			surplusFault(builder, Object.keys(given), surplus.length),
		]);
	const result = v.safeParse(schema, given);
	if (result.success) return;
	throw new ScenarioError(
		"invalid",
		"",
		result.issues.map((issue) => {
			const { path, message, remedy } = faultOf(issue);
			const [, argument = "", rest = ""] = /^([\w-]*)(.*)$/s.exec(path) ?? [];
			const named = argument === OPTIONS ? "…" : argument;
			return { path: `${builder}(${named})${rest}`, message, remedy };
		}),
	);
}

function surplusFault(
	builder: string,
	names: readonly string[],
	surplus: number,
): ScenarioFault {
	const count = names.length;
	const shown = names.map((name) => (name === OPTIONS ? "{ … }" : name));
	return {
		path: `${builder}(…)`,
		message: `takes ${count === 1 ? "1 argument" : `${count} arguments`}, not ${count + surplus}`,
		remedy: `Write \`${builder}(${shown.join(", ")})\`${names.includes(OPTIONS) ? ", with all options in one object" : ""}.`,
	};
}
