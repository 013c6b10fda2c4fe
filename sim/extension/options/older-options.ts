/**
 * Options that an extension reads by itself (`parse` and `getopt`, not `x6_parse`): the table lets them
 * stand more than once and behind a `!`, and the extension says in its own words what it does not take.
 */
import type { GivenOptions, OptionEntry } from "../options.ts";

/** An option without an argument. */
export function olderFlag(name: string, sameAs?: string): OptionEntry {
	return {
		name,
		type: "none",
		repeatable: true,
		invertible: true,
		...(sameAs === undefined ? {} : { sameAs }),
	};
}

/** The same with an argument, of which the table says nothing. */
export function olderOption(name: string, sameAs?: string): OptionEntry {
	return { ...olderFlag(name, sameAs), type: "string" };
}

/**
 * `xtables_param_act(XTF_ONLY_ONCE, …)` (iptables 1.8.9, libxtables/xtables.c).
 * @param extension as it names itself
 */
export function onlyOnce(
	given: GivenOptions,
	extension: string,
	{ name, type }: OptionEntry,
): void {
	if (given.all(name, type).length > 1)
		given.refuse(
			`${extension}: "--${name}" option may only be specified once`,
			"Take one of the two away.",
			name,
		);
}

/** `xtables_param_act(XTF_NO_INVERT, …)`. */
export function notInverted(
	given: GivenOptions,
	extension: string,
	{ name, type }: OptionEntry,
): void {
	if (given.all(name, type).some(({ inverted }) => inverted))
		given.refuse(
			`${extension}: "--${name}" option cannot be inverted`,
			"Take the `!` away.",
			name,
		);
}
