/** What `u32` asks of a packet that a walk has made up: words of which not all bits are known. */
import {
	fitting,
	type Numbers,
	type ValueAsked,
} from "../../extension/made-up.ts";
import type { U32Test } from "./u32-expression.ts";

/** Bits of a word: which are known, and what those are. Unsigned. */
interface Word {
	readonly known: number;
	readonly value: number;
}

const ALL = 0xffffffff;
const ANYTHING: Numbers = [[0, ALL]];
/** Values of unknown bits are told apart up to as many bits. */
const MOST_BITS = 10;

/**
 * @param octets of the packet at hand
 * @param knownAt the bits of each octet that all packets have which it stands for
 */
export function wordAsked(
	{ offset, steps, values }: U32Test,
	octets: DataView,
	knownAt: (at: number) => number,
): ValueAsked {
	const on = "octets of the packet that its senders choose";
	const text = steps.map(({ operator, number }) => `${operator}${number}`);
	const key = `u32 ${offset}${text.join("")}`;
	const word = wordOf({ offset, steps }, octets, knownAt);
	const may = word === null ? ANYTHING : valuesOf(word);
	const ofSender = wordOf({ offset, steps }, octets, (at) =>
		isOfSender(at) ? 0xff : knownAt(at),
	);
	return {
		on,
		key,
		may,
		holds: values,
		...(ofSender?.known === ALL && { lasts: true }),
	};
}

/** The TTL, the source and its port. */
function isOfSender(at: number): boolean {
	return at === 8 || (at >= 12 && at < 16) || at === 20 || at === 21;
}

/** `null`: where it stands is not known, or whether the packet has so many octets. */
function wordOf(
	{ offset, steps }: Pick<U32Test, "offset" | "steps">,
	octets: DataView,
	knownAt: (at: number) => number,
): Word | null {
	let word = read(offset, octets, knownAt);
	let start = 0;
	for (const { operator, number } of steps) {
		if (word === null) return null;
		const { known, value }: Word = word;
		switch (operator) {
			case "&":
				word = {
					known: (known | ~number) >>> 0,
					value: (value & number) >>> 0,
				};
				break;
			case "<<":
				word = {
					known: ((known << number) | ~(ALL << number)) >>> 0,
					value: (value << number) >>> 0,
				};
				break;
			case ">>":
				word = {
					known: ((known >>> number) | ~(ALL >>> number)) >>> 0,
					value: value >>> number,
				};
				break;
			case "@":
				if (known !== ALL) return null;
				start += value;
				word = read(start + number, octets, knownAt);
				break;
		}
	}
	return word;
}

function read(
	at: number,
	octets: DataView,
	knownAt: (at: number) => number,
): Word | null {
	if (at > octets.byteLength - 4) return null;
	const bits = [0, 1, 2, 3].map((more) => knownAt(at + more));
	const known = bits.reduce((all, one) => ((all << 8) | one) >>> 0, 0);
	return { known, value: (octets.getUint32(at) & known) >>> 0 };
}

function valuesOf({ known, value }: Word): Numbers {
	const open = ~known >>> 0;
	const bits = Array.from({ length: 32 }, (_, bit) => (1 << bit) >>> 0).filter(
		(bit) => (open & bit) !== 0,
	);
	// A superset of what it may be.
	if (bits.length > MOST_BITS) return [[value, (value | open) >>> 0]];
	let all = [value];
	for (const bit of bits) all = all.flatMap((one) => [one, (one | bit) >>> 0]);
	const sorted = all.toSorted((one, other) => one - other);
	return fitting(
		sorted.map((one) => [one, one]),
		() => true,
	);
}
