import { defineMatch } from "../extension/extension.ts";
import type { ExtensionHost } from "../extension/host.ts";
import { ENOENT, refusedEmpty } from "../extension/kernel-refusal.ts";
import type { GivenOption, GivenOptions } from "../extension/options.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { latin1 } from "../packet/bytes/bytes-read.ts";
import { IP_HEADER_LENGTH } from "../packet/packet-length.ts";
import type { Skb } from "../packet/skb/skb.ts";
import { packetOctets } from "./shared/packet-octets.ts";

interface Options {
	/** One character per octet. */
	readonly pattern: string;
	readonly inverted: boolean;
	readonly algorithm: string;
	readonly from: number;
	readonly to: number;
	readonly ignoreCase: boolean;
}

/** XT_STRING_MAX_PATTERN_SIZE (include/uapi/linux/netfilter/xt_string.h, 6.1). */
const MOST_OCTETS = 128;

/** What the first octet of a character has in front of its bits, by how many octets follow. */
const LEAD_BYTES = [0, 0xc0, 0xe0, 0xf0];

const LAST_OFFSET = 65535;
/** XT_STRING_MAX_ALGO_NAME_SIZE counts the closing NUL. */
const GREATEST_ALGORITHM = 15;
const ALGORITHMS = ["bm", "kmp", "fsm"];

/** Looks for octets in the packet (iptables 1.8.9 libxt_string.c, kernel 6.1 xt_string.c, revision 1). */
export const string = defineMatch<Options>({
	name: "string",
	flagCodes: { icase: 3 },
	options: [
		{ name: "from", type: "uint16" },
		{ name: "to", type: "uint16" },
		{ name: "algo", type: "string", mandatory: true },
		{
			name: "string",
			type: "string",
			invertible: true,
			excludes: ["hex-string"],
		},
		{
			name: "hex-string",
			type: "string",
			invertible: true,
			excludes: ["string"],
		},
		{ name: "icase", type: "none" },
	],
	checkFirst(given) {
		patternOf(given);
	},
	build(given) {
		const plain = given.get("string", "string");
		const found = patternOf(given);
		const option = plain ? "string" : "hex-string";
		const refuse = (message: string) =>
			given.refuse(
				message,
				`At most ${MOST_OCTETS} octets; in hexadecimal between bars: \`|0d 0a|\`.`,
				option,
			);
		const pattern = plain
			? octetsOf(plain.text)
			: readHexString(found.text, refuse);
		if (pattern.length > MOST_OCTETS)
			return refuse(`STRING too long "${found.text}"`);
		return {
			pattern,
			inverted: found.inverted,
			algorithm: cutOctets(
				given.get("algo", "string")?.text ?? "",
				GREATEST_ALGORITHM,
			),
			from: given.get("from", "uint16")?.value ?? 0,
			to: given.get("to", "uint16")?.value ?? LAST_OFFSET,
			ignoreCase: given.has("icase"),
		};
	},
	print(
		{ pattern, inverted, algorithm, from, to, ignoreCase },
		_header,
		{ libraries },
	) {
		const isToSaid = to !== LAST_OFFSET || libraries === "of 1.8.7";
		return [
			inverted ? " !" : "",
			printPattern(pattern),
			` --algo ${algorithm}`,
			from === 0 ? "" : ` --from ${from}`,
			isToSaid ? ` --to ${to}` : "",
			ignoreCase ? " --icase" : "",
		].join("");
	},
	/** `string_mt_check`, of which dmesg says nothing. */
	check({ pattern, algorithm, from, to, ignoreCase }) {
		if (from > to) return "xt_string: --from is greater than --to";
		if (pattern === "")
			return refusedEmpty(
				"xt_string: nothing to look for",
				"Write what is to be looked for, or leave the match out.",
			);
		if (algorithm === "fsm" && (ignoreCase || !isAutomaton(pattern)))
			return "xt_string: the pattern is no automaton";
		return ALGORITHMS.includes(algorithm)
			? null
			: {
					error: ENOENT,
					reason: `xt_string: no search algorithm "${algorithm}"`,
					remedy: `The algorithms are ${ALGORITHMS.join(", ")}.`,
				};
	},
	hasOneAnswer: "packet",
	question: () => ({
		kind: "open",
		on: "the payload of the packet",
		isUnknown: true,
	}),
	/** A search by `bm` does not look across the parts of a packet that was put together (lib/ts_bm.c, 6.1). */
	readsAnyOctet: true,
	compile({ pattern, inverted, algorithm, from, to, ignoreCase }, ports) {
		if (algorithm === "fsm")
			return () => ports.unknown("--algo fsm is not modelled");
		const { length } = pattern;
		// How much of what is found has to lie before `to` (`skb_find_text`, net/core/skbuff.c).
		const counted = ports.behaviour.endOfText === "its end" ? length : 0;
		const wanted = ignoreCase ? upperCase(pattern) : pattern;
		return (skb) => {
			const octets = latin1(packetOctets(skb, ports));
			const text = ignoreCase ? upperCase(octets) : octets;
			const ends = algorithm === "bm" ? endsOfParts(skb, ports) : [];
			let at = text.indexOf(wanted, from);
			while (at >= 0 && ends.some((end) => at < end && end < at + length))
				at = text.indexOf(wanted, at + 1);
			const isFound = at >= 0 && at + counted <= to;
			return isFound !== inverted;
		};
	},
	notModelled: ({ algorithm }) => (algorithm === "fsm" ? "algo fsm" : null),
});

// Of struct ts_fsm_token: a type in two octets, how often it may come, a character.
const TOKEN_LENGTH = 4;
const MOST_TYPE = 13;
const HEAD_IGNORE = 4;

/** What `fsm_init` takes (lib/ts_fsm.c, 6.1): its pattern is no text but a list of tokens. */
function isAutomaton(pattern: string): boolean {
	const count = pattern.length / TOKEN_LENGTH;
	return (
		Number.isInteger(count) &&
		Array.from({ length: count }, (_, index) => index).every((index) => {
			const at = index * TOKEN_LENGTH;
			const type = pattern.charCodeAt(at) + 256 * pattern.charCodeAt(at + 1);
			const often = pattern.charCodeAt(at + 2);
			const isAlone = index !== 0 || index === count - 1;
			return (
				type <= MOST_TYPE &&
				often <= HEAD_IGNORE &&
				(often !== HEAD_IGNORE || !isAlone)
			);
		})
	);
}

/** Where one part of a packet that was put together ends and the next one begins. */
function endsOfParts(
	{ receivedParts }: Skb,
	ports: ExtensionHost,
): readonly number[] {
	if (receivedParts === null) return [];
	const { lengths } = receivedParts;
	if (lengths.length === 0)
		return ports.unknown("a string in a packet that was put together");
	const ends: number[] = [];
	let end = IP_HEADER_LENGTH;
	for (const part of lengths) {
		end += part;
		ends.push(end);
	}
	return ends;
}

/** The kernel's `toupper`, which takes octets for Latin-1 (lib/ctype.c, 6.1). */
function upperCase(text: string): string {
	return text.replace(/[a-z\xdf-\xf6\xf8-\xff]/g, (letter) =>
		String.fromCharCode(letter.charCodeAt(0) - 0x20),
	);
}

/** In hexadecimal when a character cannot be printed, or the last one would quote what follows. */
function printPattern(pattern: string): string {
	if (/^[ -~]*$/.test(pattern) && !pattern.endsWith("\\"))
		return ` --string "${pattern.replace(/["\\]/g, "\\$&")}"`;
	const octets = [...pattern].map((character) =>
		character.charCodeAt(0).toString(16).padStart(2, "0"),
	);
	return ` --hex-string "|${octets.join("")}|"`;
}

function patternOf(given: GivenOptions): GivenOption<"string"> {
	return (
		given.get("string", "string") ??
		given.get("hex-string", "string") ??
		given.refuse(
			"STRING match: You must specify `--string' or `--hex-string'",
			"Say what to look for: `--string TEXT`.",
		)
	);
}

/** The octets of a text in UTF-8, one character each. */
function octetsOf(text: string): string {
	let octets = "";
	for (const character of text) {
		const code = character.codePointAt(0) ?? 0;
		const more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
		const lead = LEAD_BYTES[more] ?? 0;
		octets += String.fromCharCode(lead | (code >> (6 * more)));
		for (let rest = more - 1; rest >= 0; rest--)
			octets += String.fromCharCode(0x80 | ((code >> (6 * rest)) & 0x3f));
	}
	return octets;
}

/**
 * Reads text with octets in hexadecimal between bars: `GET|0d 0a|`. A backslash takes the next
 * character as it is (`parse_hex_string`, iptables 1.8.9 libxt_string.c).
 * @returns one character per octet
 */
function readHexString(
	text: string,
	refuse: (message: string) => never,
): string {
	const source = octetsOf(text);
	if (source === "") return refuse("STRING must contain at least one char");
	let pattern = "";
	let inHex = false;
	let index = 0;
	while (index < source.length) {
		if (pattern.length >= MOST_OCTETS)
			return refuse(`STRING too long "${text}"`);
		if (source[index] === "\\") {
			if (inHex) return refuse("Cannot include literals in hex data");
			if (index + 1 >= source.length)
				return refuse("Bad literal placement at end of string");
			pattern += source[index + 1];
			index += 2;
			continue;
		}
		if (source[index] === "|") {
			inHex = !inHex;
			while (inHex && source[index + 1] === " ") index++;
			index++;
			if (index >= source.length) break;
		}
		if (!inHex) {
			pattern += source[index];
			index++;
			continue;
		}
		pattern += hexOctet(source, index, refuse);
		index += source[index + 2] === " " ? 3 : 2;
	}
	return pattern;
}

/** Two digits, behind which the block must go on or end. */
function hexOctet(
	source: string,
	index: number,
	refuse: (message: string) => never,
): string {
	if (index + 1 >= source.length) return refuse("Odd number of hex digits");
	if (index + 2 >= source.length) return refuse("Invalid hex block");
	for (const digit of source.slice(index, index + 2))
		if (!/[0-9a-fA-F]/.test(digit)) refuse(`Invalid hex char '${digit}'`);
	return String.fromCharCode(
		Number.parseInt(source.slice(index, index + 2), 16),
	);
}
