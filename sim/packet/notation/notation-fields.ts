/** The fields that may stand behind the head of a packet in the one-line notation. */

import type { Checksum, Packet, TcpOptions } from "../packet.ts";
import { FRAGMENT_UNIT } from "../packet-length.ts";
import {
	type Cursor,
	expect,
	numberIn,
	peek,
	readNumber,
	refuse,
	take,
} from "./notation-cursor.ts";

/** The greatest IPv4 packet. */
const MAX_PAYLOAD = 65535;

/** What may stand behind the head of a packet; a key is there once it was read. */
export interface Fields {
	ttl?: number;
	tos?: number;
	ipid?: number;
	seq?: number;
	ack?: number;
	win?: number;
	vtag?: number;
	itag?: number;
	id?: number;
	mtu?: number;
	rest?: number;
	DF?: true;
	frag?: number;
	MF?: true;
	part?: readonly [number, number];
	badsum?: true;
	nosum?: true;
	payload?: string;
	options?: Partial<TcpOptions>;
	about?: Packet;
}

/** Words that stand by themselves. */
type Word = "DF" | "MF" | "badsum" | "nosum";
type NumberField = Exclude<
	keyof Fields,
	Word | "part" | "payload" | "options" | "about"
>;

/** What may stand behind the head of one kind of packets. */
export interface FieldNames {
	/** Greatest value of each numeric field. */
	readonly numbers: Readonly<Partial<Record<NumberField, number>>>;
	readonly words: readonly Word[];
}

const IP_NUMBERS = { ttl: 0xff, tos: 0xff, ipid: 0xffff };

export const OTHER_FIELDS: FieldNames = {
	numbers: { ...IP_NUMBERS, frag: 0xfff8 },
	words: ["DF", "MF"],
};
export const UDP_FIELDS: FieldNames = {
	numbers: IP_NUMBERS,
	words: ["DF", "badsum", "nosum"],
};
export const TCP_FIELDS: FieldNames = {
	numbers: { ...IP_NUMBERS, seq: 0xffffffff, ack: 0xffffffff, win: 0xffff },
	words: ["DF", "badsum"],
};
export const SCTP_FIELDS: FieldNames = {
	numbers: { ...IP_NUMBERS, vtag: 0xffffffff, itag: 0xffffffff },
	words: ["DF", "badsum"],
};
export const ICMP_FIELDS: FieldNames = {
	numbers: {
		...IP_NUMBERS,
		id: 0xffff,
		seq: 0xffff,
		mtu: 0xffff,
		rest: 0xffffffff,
	},
	words: ["DF", "badsum"],
};

/**
 * Reads fields until something else stands there.
 * @param readQuoted reads the packet that an ICMP error quotes; `null` where there can be none
 */
export function readFields(
	cursor: Cursor,
	names: FieldNames,
	example: string,
	readQuoted: (() => Packet) | null,
): Fields {
	const fields: Fields = {};
	const { numbers, words } = names;
	for (;;) {
		const token = peek(cursor);
		const { text } = token;
		const once = (seen: unknown) => {
			if (seen !== undefined) refuse(cursor, "given twice", example, token);
			take(cursor);
		};
		const max = Object.hasOwn(numbers, text)
			? numbers[text as NumberField]
			: undefined;
		if (token.kind === "word" && max !== undefined) {
			const name = text as NumberField;
			once(fields[name]);
			fields[name] = readNumber(cursor, name, max, `${name} 1`);
		} else if (token.kind === "word" && isOneOf(words, text)) {
			once(fields[text]);
			fields[text] = true;
		} else if (token.kind === "word" && text === "part") {
			once(fields.part);
			fields.part = readPart(cursor);
		} else if (token.kind === "word" && text === "len") {
			once(fields.payload);
			fields.payload = "\0".repeat(
				readNumber(cursor, "a length", MAX_PAYLOAD, "len 12"),
			);
		} else if (token.kind === "word" && text === "data") {
			once(fields.payload);
			if (peek(cursor).kind !== "text")
				return refuse(cursor, "expected quoted text", 'data "QUIT\\r\\n"');
			fields.payload = take(cursor).text;
		} else if (token.kind === "<" && numbers.win !== undefined) {
			once(fields.options);
			fields.options = readOptions(cursor);
		} else if (token.kind === "(" && readQuoted !== null) {
			once(fields.about);
			fields.about = readQuoted();
			expect(cursor, ")", example);
		} else if (token.kind === "end" || token.kind === ")") return fields;
		else {
			const known = [...Object.keys(numbers), ...words, "part", "len", "data"];
			return refuse(cursor, `expected one of ${known.join(", ")}`, example);
		}
	}
}

function isOneOf(words: readonly Word[], text: string): text is Word {
	return words.some((word) => word === text);
}

/** The fields that every packet has, as the constructors of `build.ts` take them. */
export function ipFields(fields: Fields) {
	return {
		...(fields.ttl === undefined ? {} : { ttl: fields.ttl }),
		...(fields.tos === undefined ? {} : { tos: fields.tos }),
		...(fields.ipid === undefined ? {} : { id: fields.ipid }),
		dontFragment: fields.DF === true,
		payload: fields.payload ?? "",
	};
}

/** A checksum that is not right. @throws PacketError for two of them */
export function checksumField(
	cursor: Cursor,
	{ badsum, nosum }: Fields,
): { checksum?: Checksum } {
	if (badsum && nosum)
		return refuse(cursor, "badsum and nosum exclude each other", "badsum");
	if (badsum) return { checksum: "wrong" };
	return nosum ? { checksum: "none" } : {};
}

/** `FROM-TO`, the first octet and the one behind the last. */
function readPart(cursor: Cursor): readonly [number, number] {
	const [first = "", last = "", more] = peek(cursor).text.split("-");
	const from = numberIn(first, MAX_PAYLOAD);
	const to = numberIn(last, MAX_PAYLOAD);
	if (from === null || to === null || more !== undefined)
		return refuse(cursor, "expected FROM-TO", "part 0-512");
	if (from % FRAGMENT_UNIT !== 0 || to <= from)
		return refuse(cursor, "a fragment begins at a multiple of 8", "part 8-16");
	take(cursor);
	return [from, to];
}

/** Behind `<`, up to and with `>`. */
function readOptions(cursor: Cursor): Partial<TcpOptions> {
	const example = "<mss 1460,wscale 7,sackOK,ts 100 0,sack 1:2>";
	const options: { -readonly [K in keyof TcpOptions]?: TcpOptions[K] } = {};
	const number = (what: string, max: number) =>
		readNumber(cursor, what, max, example);
	for (;;) {
		const token = take(cursor);
		switch (token.text) {
			case "mss":
				options.mss = number("a segment size", 0xffff);
				break;
			case "wscale":
				options.windowScale = number("a window scale", 0xff);
				break;
			case "sackOK":
				options.sackPermitted = true;
				break;
			case "ts":
				options.timestamp = {
					value: number("a timestamp", 0xffffffff) | 0,
					echo: number("a timestamp", 0xffffffff) | 0,
				};
				break;
			case "sack":
				options.sack = [...(options.sack ?? []), readSack(cursor, example)];
				break;
			default:
				return refuse(
					cursor,
					"expected one of mss, wscale, sackOK, ts, sack",
					example,
					token,
				);
		}
		if (peek(cursor).kind !== ",") {
			expect(cursor, ">", example);
			return options;
		}
		take(cursor);
	}
}

function readSack(cursor: Cursor, example: string): readonly [number, number] {
	const [left = "", right = "", more] = peek(cursor).text.split(":");
	const from = numberIn(left, 0xffffffff);
	const to = numberIn(right, 0xffffffff);
	if (from === null || to === null || more !== undefined)
		return refuse(cursor, "expected LEFT:RIGHT", example);
	take(cursor);
	return [from | 0, to | 0];
}
