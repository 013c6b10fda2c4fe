/** The argument of `--chunk-types`: chunks with flags (iptables 1.8.9 libxt_sctp.c). */

import type { Test } from "../../extension/extension.ts";
import { type GivenOptions, twoWords } from "../../extension/options.ts";
import { SCTP_HEADER_LENGTH, sctpChunks } from "../../packet/bytes/sctp.ts";
import type { Skb } from "../../packet/skb/skb.ts";

/** Names and numbers as libxt_sctp lists them, and the letters of their flags, the highest bit first. */
const CHUNKS: readonly (readonly [
	name: string,
	number: number,
	flags: string,
])[] = [
	["DATA", 0, "----IUBE"],
	["INIT", 1, "--------"],
	["INIT_ACK", 2, "--------"],
	["SACK", 3, "--------"],
	["HEARTBEAT", 4, "--------"],
	["HEARTBEAT_ACK", 5, "--------"],
	["ABORT", 6, "-------T"],
	["SHUTDOWN", 7, "--------"],
	["SHUTDOWN_ACK", 8, "--------"],
	["ERROR", 9, "--------"],
	["COOKIE_ECHO", 10, "--------"],
	["COOKIE_ACK", 11, "--------"],
	["ECN_ECNE", 12, "--------"],
	["ECN_CWR", 13, "--------"],
	["SHUTDOWN_COMPLETE", 14, "-------T"],
	["I_DATA", 64, "----IUBE"],
	["RE_CONFIG", 130, "--------"],
	["PAD", 132, "--------"],
	["ASCONF", 193, "--------"],
	["ASCONF_ACK", 128, "--------"],
	["FORWARD_TSN", 192, "--------"],
	["I_FORWARD_TSN", 194, "--------"],
];
/** XT_NUM_SCTP_FLAGS (include/uapi/linux/netfilter/xt_sctp.h, 6.1). */
const MOST_FLAGGED = 4;

export interface Chunks {
	readonly inverted: boolean;
	readonly mode: "any" | "all" | "only";
	/** As they are printed: `NONE`, `ALL`, or by number. */
	readonly types: readonly string[];
}

/** @throws Refusal */
export function readChunks(given: GivenOptions): Chunks | null {
	const [option, second] = given.all("chunk-types", "string");
	if (option === undefined) return null;
	const refuse = (message: string, remedy: string) =>
		given.refuse(message, remedy, "chunk-types");
	if (second)
		return refuse(
			"Only one `--chunk-types' allowed",
			"Write a second `-m sctp` for the other chunks.",
		);
	const [how, list] = twoWords(option.text);
	const isOld = given.behaviour.libraries === "of 1.8.7";
	const mode = (["any", "all", "only"] as const).find(
		(one) => one === how.toLowerCase(),
	);
	if (mode === undefined)
		return refuse(
			'Match type has to be one of "ALL", "ANY" or "ONLY"',
			"Write `all`, `any` or `only` in front of the chunks.",
		);
	return {
		inverted: option.inverted,
		mode,
		types: readTypes(list, isOld, refuse),
	};
}

/** Chunks that sctp of 1.8.7 does not know. */
const YOUNGER: ReadonlySet<string> = new Set([
	"I_DATA",
	"RE_CONFIG",
	"PAD",
	"I_FORWARD_TSN",
]);

function readTypes(
	list: string,
	isOld: boolean,
	refuse: (message: string, remedy: string) => never,
): readonly string[] {
	if (["ALL", "NONE"].includes(list.toUpperCase())) return [list.toUpperCase()];
	const asked = new Set<number>();
	/** By the place of the chunk in the list. */
	const flagged = new Map<number, { mask: number; set: number }>();
	for (const word of list.split(",").filter((part) => part !== "")) {
		const [, name = "", letters = ""] = /^([^:]*):?(.*)$/s.exec(word) ?? [];
		const place = CHUNKS.findIndex(([known]) => known === name.toUpperCase());
		const chunk = CHUNKS[place];
		if (chunk === undefined || (isOld && YOUNGER.has(chunk[0])))
			return refuse(
				`Unknown sctp chunk \`${name}'`,
				`The chunks are ${CHUNKS.map(([known]) => known).join(" ")}.`,
			);
		asked.add(place);
		for (const letter of letters) {
			const at = chunk[2].indexOf(letter.toUpperCase());
			if (at < 0)
				return refuse(
					`Invalid flags for chunk type ${place}`,
					`Its flags are ${chunk[2].replaceAll("-", "") || "none"}.`,
				);
			const flags = flagged.get(place) ?? { mask: 0, set: 0 };
			if (!flagged.has(place) && flagged.size === MOST_FLAGGED)
				return refuse(
					"Number of chunk types with flags exceeds currently allowed limit. Increasing this limit involves changing IPT_NUM_SCTP_FLAGS and recompiling both the kernel space and user space modules",
					`Write at most ${MOST_FLAGGED} chunks with flags.`,
				);
			flags.mask |= 0x80 >> at;
			if (letter !== letter.toLowerCase()) flags.set |= 0x80 >> at;
			flagged.set(place, flags);
		}
	}
	if (asked.size === 0) return ["NONE"];
	return [...asked]
		.sort((a, b) => numberAt(a) - numberAt(b))
		.map((place) => printType(place, flagged.get(place)));
}

function numberAt(place: number): number {
	return CHUNKS[place]?.[1] ?? 0;
}

/** What is asked of the chunks of a packet (`match_packet`, 6.1); one without a length is dropped. */
export function chunkTest({ inverted, mode, types }: Chunks): Test {
	const asked = new Map(types.flatMap(askedBy));
	const matches = (skb: Skb): boolean => {
		const left = new Set(asked.keys());
		let end = SCTP_HEADER_LENGTH;
		for (const { type, flags, length, at } of sctpChunks(skb.payload)) {
			if (length === 0) break;
			end = at + ((length + 3) & ~3);
			const wanted = asked.get(type);
			const fits = wanted !== undefined && (flags & wanted.mask) === wanted.set;
			if (fits && mode === "any") return true;
			if (!fits && mode === "only") return false;
			if (fits) left.delete(type);
		}
		// What is behind the last whole chunk is one that cannot be read; so is none at all.
		if (end < skb.payload.length || end === SCTP_HEADER_LENGTH) {
			skb.hotdrop = true;
			return false;
		}
		return mode === "only" || (mode === "all" && left.size === 0);
	};
	return (skb) => matches(skb) !== inverted;
}

interface AskedFlags {
	readonly mask: number;
	readonly set: number;
}

const ANY_FLAGS: AskedFlags = { mask: 0, set: 0 };

/** Of one word as it is printed. */
function askedBy(word: string): readonly (readonly [number, AskedFlags])[] {
	if (word === "NONE") return [];
	if (word === "ALL")
		return Array.from({ length: 256 }, (_, type) => [type, ANY_FLAGS] as const);
	const [name, letters = ""] = word.split(":");
	const [, number, known] = CHUNKS.find(([one]) => one === name) ?? ["", 0, ""];
	let mask = 0;
	let set = 0;
	for (const letter of letters) {
		const bit = 0x80 >> known.indexOf(letter.toUpperCase());
		mask |= bit;
		if (letter !== letter.toLowerCase()) set |= bit;
	}
	return [[number, { mask, set }]];
}

/** Flags are kept by place and looked up by number: of chunks where these differ they are lost. */
function printType(
	place: number,
	flags: { readonly mask: number; readonly set: number } | undefined,
): string {
	const [name = "", number, letters = ""] = CHUNKS[place] ?? [];
	if (flags === undefined || number !== place) return name;
	const shown = [...letters].filter((_, at) => flags.mask & (0x80 >> at));
	const cased = [...letters].map((letter, at) =>
		flags.set & (0x80 >> at) ? letter : letter.toLowerCase(),
	);
	return shown.length === 0
		? name
		: `${name}:${cased.filter((_, at) => flags.mask & (0x80 >> at)).join("")}`;
}
