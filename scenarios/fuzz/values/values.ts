/**
 * Arguments of options as text, by the option's type: so an extension that is new is covered without
 * work. Sound ones the option takes, as far as its type can tell; odd ones it may refuse.
 */
import fc from "fast-check";
import type {
	OptionEntry,
	OptionType,
} from "../../../sim/extension/options.ts";

export type Texts = fc.Arbitrary<string>;

/** The texts of an argument, which are one word each, or two where the option takes two. */
export interface Values {
	readonly sound: Texts;
	readonly odd: Texts;
}

export const one = (...texts: readonly string[]): Texts =>
	fc.constantFrom(...texts);

/** One of the words of a list; `␣` stands for a blank in a word, `∅` for an empty one. */
export const each = (list: string): Texts =>
	one(
		...list
			.split(/\s+/)
			.map((word) => word.replace("∅", "").replaceAll("␣", " ")),
	);

/** Any of these, joined; each once. */
export const listOf = (
	names: readonly string[],
	separator = ",",
	most = names.length,
): Texts =>
	fc
		.shuffledSubarray([...names], { minLength: 1, maxLength: most })
		.map((some) => some.join(separator));

/** What is no number, or none that everybody takes. */
const NO_NUMBER =
	each(`∅ -1 -0 0x x 1x 08 0b1 1.5 1e3 + ++1 ␣1 1␣ +1 0x1g 1,2 1-2 1/ /1 1/2/3 : :: 1: :1 1:2:3
2:1 -- ! ٣ 0X1F 000000000000000001 4294967295 4294967296 18446744073709551615
18446744073709551616 99999999999999999999999 -4294967295`);

/** A number as people write it: decimal most often, hexadecimal, octal. */
function spelled(numbers: fc.Arbitrary<bigint>): Texts {
	return fc
		.tuple(fc.constantFrom(10, 10, 10, 16, 8), numbers)
		.map(([base, number]) => {
			if (base === 16) return `0x${number.toString(16)}`;
			return base === 8 ? `0${number.toString(8)}` : number.toString();
		});
}

/** Numbers from `min` to `max`, at both ends more often, and what lies beyond. */
export function numbers(min: bigint | number, max: bigint | number): Values {
	const [least, most] = [BigInt(min), BigInt(max)];
	const few = least + 20n < most ? least + 20n : most;
	return {
		sound: spelled(
			fc.oneof(
				fc.bigInt({ min: least, max: few }),
				fc.bigInt({ min: least, max: most }),
				fc.constantFrom(least, most),
			),
		),
		odd: fc.oneof(
			NO_NUMBER,
			spelled(fc.constantFrom(least > 0n ? least - 1n : 0n, most + 1n)),
		),
	};
}

const U8 = numbers(0, 255);
const U16 = numbers(0, 65_535);
const U32 = numbers(0, 0xffffffff);
const U64 = numbers(0, 0xffffffffffffffffn);

/** Names are among the lower ports: they come first. */
const portOrder = (text: string): number =>
	Number(text.replace(/^0(?=[0-7])/, "0o")) || 0;

/** `N`, `N:M`, `N:`, `:M`. */
export function ranges({ sound, odd }: Values, colon = ":"): Values {
	const pair = (from: Texts, to: Texts) =>
		fc.tuple(from, to).map((ends) => ends.join(colon));
	const rising = fc
		.tuple(sound, sound)
		.map((ends) =>
			ends.sort((a, b) => portOrder(a) - portOrder(b)).join(colon),
		);
	const nothing = fc.constant("");
	return {
		sound: fc.oneof(sound, rising, pair(nothing, sound)),
		odd: fc.oneof(
			odd,
			pair(sound, odd),
			pair(odd, sound),
			pair(sound, nothing),
			pair(sound, sound),
		),
	};
}

function masked(value: Values, mask: Values): Values {
	const pair = (from: Texts, to: Texts) =>
		fc.tuple(from, to).map((parts) => parts.join("/"));
	return {
		sound: fc.oneof(value.sound, pair(value.sound, mask.sound)),
		odd: fc.oneof(
			value.odd,
			pair(value.sound, mask.odd),
			pair(value.odd, mask.sound),
		),
	};
}

const octet = fc.oneof(fc.nat(255), fc.constantFrom(0, 10, 255));
export const ADDRESS: Values = {
	sound: fc.oneof(
		fc.tuple(octet, octet, octet, octet).map((octets) => octets.join(".")),
		one("10.0.0.1", "192.168.0.1", "0.0.0.0", "255.255.255.255", "127.0.0.1"),
	),
	odd: each(`10.0.0.256 10.0.0 10 10.0.0.1.2 10.0.0. .1 010.0.0.1 0x0a000001 10.0.0.0x1 167772161
4294967296 10.1 ∅ ::1 10.0.0.1␣ 10.0.0.-1 10..0.1 localhost 10.0.0.1:25`),
};

const PREFIX: Values = {
	sound: fc.oneof(
		numbers(0, 32).sound,
		one("255.255.255.0", "255.0.0.0", "255.255.255.255", "0.0.0.0"),
	),
	odd: each(`33 -1 ∅ 255.0.255.0 0.0.0.255 255.255.255 024 0x18 24␣ all 255.255.255.256
255.255.255.128.0`),
};

export const NETWORK: Values = masked(ADDRESS, PREFIX);

const SERVICE = each(`smtp http domain ssh www mail sip amqp`);
export const PORT: Values = {
	sound: fc.oneof(
		{ weight: 6, arbitrary: fc.nat(65_535).map(String) },
		{ weight: 6, arbitrary: one("0", "1", "25", "1024", "65535") },
		{ weight: 1, arbitrary: SERVICE },
	),
	odd: fc.oneof(
		U16.sound,
		U16.odd,
		each(`nowhere SMTP smtp␣ 65536 080 -0 +5 ␣5`),
	),
};

export const PROTOCOL: Values = {
	sound:
		each(`tcp udp icmp TCP all sctp esp ah ipencap gre 0 6 17 1 4 132 255 0x11 ipv6-icmp udplite
41 58 136 33 254 mobility-header ipcomp dccp mptcp MPTCP`),
	odd: each(`256 -1 tc ∅ ip icmpv6 tcp␣ 08 any +6`),
};

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-. ";
const STRANGE = [
	"\\",
	"'",
	"$",
	"ä",
	"€",
	"|",
	"%",
	"#",
	"[",
	"=",
	"*",
	"/",
	"~",
];

/** Free text of so many octets or fewer. */
export function words(most = 16): Texts {
	const character = fc.oneof(
		{ weight: 8, arbitrary: fc.constantFrom(...LETTERS) },
		{ weight: 1, arbitrary: fc.constantFrom(...STRANGE) },
	);
	return fc.oneof(
		{ weight: 3, arbitrary: one("seen", "mail in", "a", "B_1-2") },
		{
			weight: 3,
			arbitrary: fc.string({ unit: character, minLength: 1, maxLength: most }),
		},
	);
}

/** Lengths at which something is cut or refused: names, labels, prefixes, comments, patterns. */
export const LENGTHS = [
	15, 16, 27, 28, 29, 30, 31, 32, 63, 64, 127, 128, 129, 199, 200, 254, 255,
	256,
];

export function long(lengths: readonly number[] = LENGTHS): Texts {
	return fc
		.tuple(fc.constantFrom(...lengths), one("x", "y", "9"))
		.map(([length, character]) => character.repeat(length));
}

const STRING: Values = {
	sound: words(),
	odd: fc.oneof(one("", " ", "-x", "!", "a,b", ",", "/", "..", "\\"), long()),
};

const DOUBLE: Values = {
	sound: fc.oneof(
		each(`0 1 0.5 .25 1e-3 0.0000000001 0.99999999999`),
		fc.nat(100_000).map((thousandths) => `${thousandths / 100_000}`),
	),
	odd: each(
		`1.1 -0.1 ∅ x 0.5x 0x1p-1 nan inf 1e 0,5 ␣0.5 0.5␣ +0.5 1. . -nan infinity 0x 0x.8`,
	),
};

const hexOctet = fc.nat(255).map((n) => n.toString(16).padStart(2, "0"));
const MAC: Values = {
	sound: fc.oneof(
		fc
			.array(hexOctet, { minLength: 6, maxLength: 6 })
			.map((octets) => octets.join(":")),
		one("00:0A:0b:ff:FF:01"),
	),
	odd: each(`1:2:3:4:5:6 00-11-22-33-44-55 00:11:22:33:44 ∅ 0:0:0:0:0:0 00:11:22:33:44:55:66
000:11:22:33:44:55 gg:11:22:33:44:55 00:11:22:33:44:5 00:11:22:33:44:55␣ :::::
001122334455`),
};

const TOS: Values = {
	sound: fc.oneof(
		masked(U8, U8).sound,
		one(
			"Minimize-Delay",
			"Maximize-Throughput",
			"maximize-reliability",
			"Minimize-Cost",
			"Normal-Service",
		),
	),
	odd: fc.oneof(masked(U8, U8).odd, one("minimize", "Normal-Service/0x3f")),
};

const SYSLOG: Values = {
	sound: each(
		`emerg alert crit error warning notice info debug panic 0 1 4 7 0x3 05`,
	),
	odd: each(`8 err warn WARNING ∅ -1 inf debug␣`),
};

const BY_TYPE: Readonly<Record<Exclude<OptionType, "none">, Values>> = {
	uint8: U8,
	uint16: U16,
	uint32: U32,
	uint64: U64,
	uint8Range: ranges(U8),
	uint16Range: ranges(U16),
	uint32Range: ranges(U32),
	uint64Range: ranges(U64),
	double: DOUBLE,
	string: STRING,
	markMask: masked(U32, U32),
	port: PORT,
	portRange: ranges(PORT),
	protocol: PROTOCOL,
	host: ADDRESS,
	hostMask: NETWORK,
	network: NETWORK,
	prefixLength: PREFIX,
	mac: MAC,
	tosMask: TOS,
	syslogLevel: SYSLOG,
};

const MOST = { uint8: 255, uint16: 65_535, uint32: 0xffffffff } as const;

/** `null` for an option that takes no argument. */
export function valuesOf(entry: OptionEntry): Values | null {
	const { type, min, max } = entry;
	if (type === "none") return null;
	const limited = min !== undefined || max !== undefined;
	if (limited && (type === "uint8" || type === "uint16" || type === "uint32"))
		return numbers(min ?? 0, max ?? MOST[type]);
	return BY_TYPE[type];
}
