/**
 * The options of an extension as a table, in the manner of libxtables' `struct xt_option_entry`
 * (iptables 1.8.9, libxtables/xtoptions.c): what each takes, what excludes what. `parse-options.ts`
 * reads words by it, with libxtables' own messages.
 */
import type { Behaviour } from "../linux/behaviour.ts";
import type { Address } from "../packet/packet.ts";

/** What the argument of an option turns into, by `OptionEntry["type"]`. */
export interface OptionValues {
	none: true;
	uint8: number;
	uint16: number;
	uint32: number;
	uint64: bigint;
	/** `N` (gives [N, N]), `N:M`, `:M` (from 0) or `N:` (up to the type's greatest). */
	uint8Range: readonly [number, number];
	uint16Range: readonly [number, number];
	uint32Range: readonly [number, number];
	uint64Range: readonly [bigint, bigint];
	double: number;
	string: string;
	/** `V` or `V/M`; signed 32-bit. A missing mask is 0xffffffff. */
	markMask: { readonly value: number; readonly mask: number };
	/** One port: a number or a service name. */
	port: number;
	/** `P`, `P:Q`, `:Q`, `P:`. */
	portRange: readonly [number, number];
	protocol: number;
	/** One address or a host name that stands for one. */
	host: Address;
	/** `A`, `A/len`, `A/mask`, and lists of them. */
	hostMask: readonly { readonly address: Address; readonly mask: Address }[];
	/** One address or network, as `-s` has them. */
	network: { readonly address: Address; readonly mask: Address };
	/** A prefix length or a mask. */
	prefixLength: Address;
	/** Lower case, with colons. */
	mac: string;
	/** `V`, `V/M` or a symbolic name. */
	tosMask: { readonly value: number; readonly mask: number };
	/** syslog level, 0 to 7. */
	syslogLevel: number;
}

export type OptionType = keyof OptionValues;

export interface OptionEntry {
	/** Without the dashes. */
	readonly name: string;
	readonly type: OptionType;
	readonly mandatory?: boolean;
	/** `!` may stand before it. */
	readonly invertible?: boolean;
	/** May be given more than once. */
	readonly repeatable?: boolean;
	/** What is said where it is given twice; `null`, or left out: what libxtables says of any option. */
	readonly saidTwice?: (behaviour: Behaviour) => string | null;
	/** Options that must not stand beside this one. */
	readonly excludes?: readonly string[];
	/** Options that must stand beside this one. */
	readonly requires?: readonly string[];
	/** For numbers. */
	readonly min?: number;
	readonly max?: number;
	/** For strings: greatest length, in octets. */
	readonly maxLength?: number;
	/** For strings: least length, in octets. */
	readonly minLength?: number;
	/**
	 * Another spelling of the option of this name, as `--sport` is of `--source-port`: the two
	 * count as one and are asked for by that name.
	 */
	readonly sameAs?: string;
	/**
	 * 2: the argument is two words (`--tcp-flags MASK SET`, `--match-set NAME FLAGS`), which `twoWords`
	 * takes apart. When the second is missing or begins with `-` or `!`, it is refused.
	 * "optional": a plain word behind it is its argument, an empty one as well; none is "" (`isBare`).
	 */
	readonly words?: 2 | "optional";
	/** What is said where the second of two words is missing. Left out: `--NAME requires two args.` */
	readonly lacksSecond?: string;
}

/** An option as it was given. */
export interface GivenOption<T extends OptionType = OptionType> {
	readonly inverted: boolean;
	readonly value: OptionValues[T];
	/** The argument as it was written. */
	readonly text: string;
	/** It may have an argument, and has none. */
	readonly isBare: boolean;
	/** Index of its word in the line: of two options that overrule each other, the later counts. */
	readonly word: number;
}

/** The options that were given with one use of an extension. */
export interface GivenOptions {
	has(name: string): boolean;
	/** The option if it was given (the last one, when repeated), else `undefined`. */
	get<T extends OptionType>(name: string, type: T): GivenOption<T> | undefined;
	all<T extends OptionType>(name: string, type: T): readonly GivenOption<T>[];
	/**
	 * Ends the parsing of this rule with the words that iptables-restore would say.
	 * @param message in iptables' words, without its name and version in front
	 * @param remedy what the user can do about it
	 * @param option whose argument is wrong: reading stops there; the extension's own place when left out,
	 * of which iptables says it once all options are read
	 * @param exitCode what iptables ends with; 2 when left out
	 */
	refuse(
		message: string,
		remedy: string,
		option?: string,
		exitCode?: number,
	): never;
	/** The same for an option that may stand alone but not as it stands here: said once all are read. */
	refuseAtEnd(
		message: string,
		remedy: string,
		option: string,
		exitCode?: number,
	): never;
	/** Header of the rule so far: `-p` among it (extensions such as multiport ask for it). */
	readonly protocol: number;
	readonly protocolInverted: boolean;
	/** What iptables does where its versions differ. */
	readonly behaviour: Behaviour;
}

/** Divides the two words of an argument (`--tcp-flags MASK SET`), which come as one text: no word of a line has it. */
const BETWEEN = "\0";

/** Two words as one argument. */
export function joinWords(first: string, second: string): string {
	return first + BETWEEN + second;
}

/** The two words of an argument. */
export function twoWords(
	text: string,
): readonly [first: string, second: string] {
	const [first = "", second = ""] = text.split(BETWEEN);
	return [first, second];
}
