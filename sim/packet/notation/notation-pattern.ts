/**
 * Patterns of packets: a line of the notation with `*` for anything. Which of them some packet may fit is
 * told by the grammar of what `printPacket` prints with payloads by their lengths: where it has a choice, a field
 * that is left out or an order that is not kept, the grammar has more lines than are printed, never fewer.
 *
 * A part of the grammar takes the places in the pattern that may be reached before it to those behind it.
 */
import { DEFAULT_TTL, DEFAULT_WINDOW } from "../build.ts";
import { ICMP_NAMES } from "../icmp-names.ts";
import { SCTP_CHUNKS } from "./notation-sctp.ts";
import { FLAG_LETTERS, printFlags } from "./tcp-flags.ts";

type Places = ReadonlySet<number>;
type Part = (pattern: string, places: Places) => Places;

/** May a packet be printed so that it fits? */
export function mayFitPacket(pattern: string): boolean {
	return PACKET(pattern, behindStars(pattern, [0])).has(pattern.length);
}

/** With the letters of TCP flags as they are printed: `SA` for `as`. */
export function withFlagsAsPrinted(pattern: string): string {
	return pattern
		.split(" ")
		.map((word) => {
			const letters = word.toUpperCase();
			const flags = FLAG_LETTERS.filter(([one]) => letters.includes(one));
			const bits = flags.reduce((all, [, bit]) => all | bit, 0);
			return flags.length > 0 && flags.length === word.length
				? printFlags(bits)
				: word;
		})
		.join(" ");
}

/** A star takes any characters, also none. */
function behindStars(pattern: string, places: Iterable<number>): Places {
	const all = new Set<number>();
	for (let place of places) {
		all.add(place);
		while (pattern[place] === "*") all.add(++place);
	}
	return all;
}

function character(isMeant: (one: string) => boolean): Part {
	return (pattern, places) => {
		const reached: number[] = [];
		for (const place of places) {
			const one = pattern[place];
			if (one === "*") reached.push(place);
			else if (one !== undefined && isMeant(one)) reached.push(place + 1);
		}
		return behindStars(pattern, reached);
	};
}

function oneOf(characters: string): Part {
	return character((one) => characters.includes(one));
}

function sequence(...parts: readonly (Part | string)[]): Part {
	const all = parts.flatMap((part) =>
		typeof part === "string" ? [...part].map(oneOf) : [part],
	);
	return (pattern, places) =>
		all.reduce((at, part) => (at.size === 0 ? at : part(pattern, at)), places);
}

function either(...parts: readonly (Part | string)[]): Part {
	const all = parts.map((part) => sequence(part));
	return (pattern, places) =>
		new Set(all.flatMap((part) => [...part(pattern, places)]));
}

function maybe(...parts: readonly (Part | string)[]): Part {
	return either("", sequence(...parts));
}

/** Any number of times, also never. */
function repeated(part: Part): Part {
	return (pattern, places) => {
		let all = places;
		for (;;) {
			const more = new Set([...all, ...part(pattern, all)]);
			if (more.size === all.size) return all;
			all = more;
		}
	};
}

const DIGIT = oneOf("0123456789");

/** A number in decimal digits, both bounds included; none where they are crossed. */
function between(low: number, high: number): Part {
	const parts: Part[] = [];
	for (let from = low; from <= high; ) {
		const length = `${from}`.length;
		const to = Math.min(high, 10 ** length - 1);
		parts.push(digits(`${from}`, `${to}`));
		from = to + 1;
	}
	return either(...parts);
}

/** Of two numbers with as many digits. */
function digits(low: string, high: string): Part {
	const [lowest = "", highest = ""] = [low[0], high[0]];
	if (low === "") return sequence("");
	const [lowRest, highRest] = [low.slice(1), high.slice(1)];
	if (lowest === highest) return sequence(lowest, digits(lowRest, highRest));
	const zeros = "0".repeat(low.length - 1);
	const nines = "9".repeat(low.length - 1);
	if (lowRest === zeros && highRest === nines)
		return sequence(
			oneOf("0123456789".slice(Number(lowest), Number(highest) + 1)),
			...[...zeros].map(() => DIGIT),
		);
	const inner = "0123456789".slice(Number(lowest) + 1, Number(highest));
	return either(
		sequence(lowest, digits(lowRest, nines)),
		sequence(oneOf(inner), digits(zeros, nines)),
		sequence(highest, digits(zeros, highRest)),
	);
}

/** A field that is not printed where it has the value that it usually has. */
function field(name: string, most: number, usual: number): Part {
	const value = either(between(0, usual - 1), between(usual + 1, most));
	return maybe(` ${name} `, value);
}

const OCTET = between(0, 0xff);
const SHORT = between(0, 0xffff);
const LONG_MAX = 0xffff_ffff;
const LONG = between(0, LONG_MAX);
const HEX_DIGIT = oneOf("0123456789abcdef");
const HEX = sequence("0x", HEX_DIGIT, repeated(HEX_DIGIT));

const ADDRESS = sequence(OCTET, ".", OCTET, ".", OCTET, ".", OCTET);
const ENDPOINT = sequence(ADDRESS, ":", SHORT);
const ADDRESSES = sequence(ADDRESS, " > ", ADDRESS);
const ENDPOINTS = sequence(ENDPOINT, " > ", ENDPOINT);

const IP_FIELDS = sequence(
	field("ttl", 0xff, DEFAULT_TTL),
	maybe(" tos ", HEX),
	field("ipid", 0xffff, 0),
	maybe(" DF"),
);
const BADSUM = maybe(" badsum");
const LENGTH = field("len", 0xffff, 0);

const LETTERS = FLAG_LETTERS.map(([letter]) => letter);
const FLAGS = either(
	"none",
	...LETTERS.map((first, index) =>
		sequence(first, ...LETTERS.slice(index + 1).map((one) => maybe(one))),
	),
);
const OPTION = either(
	sequence("mss ", SHORT),
	sequence("wscale ", OCTET),
	"sackOK",
	sequence("ts ", LONG, " ", LONG),
	sequence("sack ", LONG, ":", LONG),
);
const OPTIONS = maybe(" <", OPTION, repeated(sequence(",", OPTION)), ">");
const TCP = sequence(
	"tcp ",
	sequence(ENDPOINTS, " ", FLAGS),
	field("seq", LONG_MAX, 0),
	field("ack", LONG_MAX, 0),
	field("win", 0xffff, DEFAULT_WINDOW),
	sequence(IP_FIELDS, BADSUM, LENGTH, OPTIONS),
);

const UDP = sequence(
	"udp ",
	sequence(ENDPOINTS, IP_FIELDS, maybe(either(" badsum", " nosum")), LENGTH),
);

const CHUNK = sequence(
	" ",
	either(...SCTP_CHUNKS),
	maybe("/", between(1, 0xff)),
);
const SCTP = sequence(
	"sctp ",
	sequence(ENDPOINTS, CHUNK, repeated(CHUNK)),
	field("vtag", LONG_MAX, 0),
	field("itag", LONG_MAX, 0),
	sequence(BADSUM, IP_FIELDS),
);

const OTHER = sequence(
	"proto ",
	sequence(OCTET, " ", ADDRESSES, IP_FIELDS),
	field("frag", 0xffff, 0),
	sequence(maybe(" MF"), maybe(" sum ", HEX), LENGTH),
);

/** @param quoted how many packets may be quoted, one in the other */
function icmp(quoted: number): Part {
	const about = quoted === 0 ? "" : maybe(" (", packet(quoted - 1), ")");
	return sequence(
		"icmp ",
		sequence(ADDRESSES, " "),
		either(
			...ICMP_NAMES.map(({ name }) => name),
			sequence("type ", OCTET, " code ", OCTET),
		),
		field("id", 0xffff, 0),
		field("seq", 0xffff, 0),
		maybe(" mtu ", SHORT),
		maybe(" rest ", HEX),
		sequence(IP_FIELDS, BADSUM, LENGTH, about),
	);
}

function packet(quoted: number): Part {
	return either(TCP, UDP, icmp(quoted), SCTP, OTHER);
}

/** No host sends an error about an error; by hand, some are. */
const MOST_QUOTED = 3;
const PACKET = packet(MOST_QUOTED);
