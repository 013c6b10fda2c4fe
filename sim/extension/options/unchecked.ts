/**
 * Extensions of which only the names of the options are known: their values are taken as they stand and
 * printed back, and a packet that reaches one has an unknown outcome.
 */
import type { MatchExtension, TargetExtension } from "../extension.ts";
import type { GivenOptions, OptionEntry } from "../options.ts";
import { asWord } from "../values/save-string.ts";

/** The options as they were written, in their order. */
interface Written {
	readonly options: readonly {
		readonly name: string;
		readonly inverted: boolean;
		/** `null` for an option without an argument. */
		readonly value: string | null;
	}[];
}

/**
 * @param options their names, with a blank between them; a `=` behind those that take an argument:
 * `"src-cc= any"`
 * @param on what its answer depends on besides the packet (`Question`); left out: nothing
 */
export function uncheckedMatch(
	name: string,
	options: string,
	on?: string,
): MatchExtension {
	const match = unchecked(name, options);
	if (on === undefined) return match;
	return { ...match, question: () => ({ kind: "open", on, isUnknown: true }) };
}

/** The same for a target. */
export function uncheckedTarget(
	name: string,
	options: string,
	traits: Pick<TargetExtension, "ends" | "marks"> = {},
): TargetExtension {
	return { ...unchecked(name, options), ...traits };
}

function unchecked(
	name: string,
	names: string,
): MatchExtension & TargetExtension {
	const options = names.split(/\s+/).filter(Boolean).map(entryOf);
	return {
		name,
		options,
		unchecked: true,
		library: { package: "xtables-addons" },
		compile: null,
		build: (given) => written(given, options),
		print: (data) => (data as Written).options.map(printOption).join(""),
	};
}

function entryOf(word: string): OptionEntry {
	const name = word.replace(/=$/, "");
	return {
		name,
		type: name === word ? "none" : "string",
		invertible: true,
		repeatable: true,
	};
}

function written(
	given: GivenOptions,
	options: readonly OptionEntry[],
): Written {
	const found = options.flatMap(({ name, type }) =>
		given.all(name, type).map(({ inverted, text, word }) => ({
			word,
			option: { name, inverted, value: type === "none" ? null : text },
		})),
	);
	found.sort((one, other) => one.word - other.word);
	return { options: found.map(({ option }) => option) };
}

function printOption({
	name,
	inverted,
	value,
}: Written["options"][number]): string {
	const option = `${inverted ? " !" : ""} --${name}`;
	return value === null ? option : `${option} ${asWord(value)}`;
}
