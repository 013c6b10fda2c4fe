/**
 * Which rule of a long chain may a packet match next? A linear walk asks every rule; here rules are found by
 * what they want of the header. Rules of one set of masks lie in one hash table (tuple space search:
 * Srinivasan, Suri and Varghese, SIGCOMM 1999). Where a chain has many sets of masks, tables take in rules
 * with longer masks than their own, as long as their buckets stay short (TupleMerge: Daly et al., ToN 2019).
 *
 * A rule that is passed over has no effect at all, which is true of one whose header or ports do not
 * fit. What is found is asked by the walk like any other rule, so an index may find too much and never too
 * little.
 */
import type { Skb } from "../../packet/skb/skb.ts";

/**
 * What rules want of a header, eight numbers a rule: four masks, and behind them the four values. A packet's own four
 * are its source, its destination, its ports, and its protocol with its interfaces. A rule whose masks are all 0
 * wants nothing that can be looked up.
 */
export type RuleKeys = Int32Array;

/** Numbers of a rule in `RuleKeys`. */
export const KEY_WORDS = 8;
const FIELDS = 4;

/** Interfaces' indices have 12 bits each in a key. */
export const MOST_INTERFACES = 0xfff;

/** Shorter chains are walked: asking sixteen rules costs no more than one look-up. */
export const LEAST_RULES = 16;

/** As many sets of masks have a table each. */
const MOST_EXACT_TABLES = 8;
/** Rules in a bucket, above which rules with longer masks get a table of their own. */
const MOST_IN_BUCKET = 12;
/** Rules that a walk asks in the time in which one table is asked. */
const RULES_A_LOOKUP = 4;

/** The word of a packet's key that has its ports. */
export function portsWord(source: number, destination: number): number {
	return (source << 16) | destination;
}

/** The word of a packet's key that has its protocol and interfaces. */
export function wayWord(protocol: number, inside: number, outside: number) {
	return protocol | (inside << 8) | (outside << 20);
}

/** Rules of a chain by their keys. It knows nothing of counters, so it serves as long as the rules are the same. */
export class RuleIndex {
	readonly keys: RuleKeys;
	/** As many rules are asked in the time of one look-up. */
	readonly worth: number;
	private readonly tables: readonly KeyTable[];
	private readonly count: number;

	private constructor(keys: RuleKeys, tables: readonly KeyTable[]) {
		this.keys = keys;
		this.tables = tables;
		this.count = keys.length / KEY_WORDS;
		this.worth = tables.length * RULES_A_LOOKUP;
	}

	/** @returns `null` where a walk is as fast */
	static of(keys: RuleKeys, least = LEAST_RULES): RuleIndex | null {
		const count = keys.length / KEY_WORDS;
		if (count < least) return null;
		const drafts = tablesFor(keys, count);
		if (least > 0 && lookups(keys, drafts) * RULES_A_LOOKUP > count)
			return null;
		const tables = drafts
			.map((draft) => new KeyTable(keys, draft))
			.toSorted((one, other) => one.first - other.first);
		return new RuleIndex(keys, tables);
	}

	/** The first rule from this one on that may fit; the number of rules where none does. */
	next(skb: Skb, from: number): number {
		const { tables } = this;
		const source = skb.source;
		const destination = skb.destination;
		const ports = portsWord(skb.sourcePort, skb.destinationPort);
		const way = wayWord(skb.protocol, skb.inInterface, skb.outInterface);
		let best = this.count;
		for (let index = 0; index < tables.length; index++) {
			const table = tables[index] as KeyTable;
			if (table.first >= best) break;
			if (table.last < from) continue;
			const bucket = table.bucketOf(source, destination, ports, way);
			if (bucket < 0) continue;
			const { order } = table;
			const end = table.starts[bucket + 1] as number;
			let at = table.lowerBound(bucket, from);
			for (; at < end; at++) {
				const rule = order[at] as number;
				if (rule >= best) break;
				if (this.fits(rule, source, destination, ports, way)) {
					best = rule;
					break;
				}
			}
		}
		return best;
	}

	private fits(
		rule: number,
		source: number,
		destination: number,
		ports: number,
		way: number,
	): boolean {
		const { keys } = this;
		const at = rule * KEY_WORDS;
		return (
			(source & (keys[at] as number)) === keys[at + 4] &&
			(destination & (keys[at + 1] as number)) === keys[at + 5] &&
			(ports & (keys[at + 2] as number)) === keys[at + 6] &&
			(way & (keys[at + 3] as number)) === keys[at + 7]
		);
	}
}

type Masks = readonly [number, number, number, number];

/** A table before it is laid out: buckets of rules, ascending, by their masked values. */
interface Draft {
	readonly masks: Masks;
	readonly buckets: Map<string, number[]>;
}

/** Rules with at least these masks, hashed by what the masks leave of their values. */
class KeyTable {
	/** The first and the last of its rules. */
	readonly first: number;
	readonly last: number;
	/** Rules by bucket, ascending in each. */
	readonly order: Int32Array;
	/** Of each bucket in `order`; one more at the end. */
	readonly starts: Int32Array;
	private readonly source: number;
	private readonly destination: number;
	private readonly ports: number;
	private readonly way: number;
	/** A bucket, or -1: open addressing, at most half full. */
	private readonly slots: Int32Array;
	/** Masked values of each bucket. */
	private readonly values: Int32Array;

	constructor(keys: RuleKeys, { masks, buckets }: Draft) {
		[this.source, this.destination, this.ports, this.way] = masks;
		const rules = [...buckets.values()];
		this.order = Int32Array.from(rules.flat());
		this.starts = new Int32Array(rules.length + 1);
		this.values = new Int32Array(rules.length * FIELDS);
		this.slots = new Int32Array(1 << (33 - Math.clz32(rules.length))).fill(-1);
		let start = 0;
		for (const [bucket, { length }] of rules.entries()) {
			const at = (this.order[start] as number) * KEY_WORDS + FIELDS;
			for (let field = 0; field < FIELDS; field++)
				this.values[bucket * FIELDS + field] =
					(keys[at + field] as number) & (masks[field] as number);
			start += length;
			this.starts[bucket + 1] = start;
			this.place(bucket);
		}
		this.first = this.order.reduce((a, b) => Math.min(a, b), Infinity);
		this.last = this.order.reduce((a, b) => Math.max(a, b), -1);
	}

	/** @returns -1: it has none for such packets */
	bucketOf(
		source: number,
		destination: number,
		ports: number,
		way: number,
	): number {
		const { slots, values } = this;
		const a = source & this.source;
		const b = destination & this.destination;
		const c = ports & this.ports;
		const d = way & this.way;
		const last = slots.length - 1;
		for (let at = hashOf(a, b, c, d) & last; ; at = (at + 1) & last) {
			const bucket = slots[at] as number;
			if (bucket < 0) return -1;
			const value = bucket * FIELDS;
			if (
				values[value] === a &&
				values[value + 1] === b &&
				values[value + 2] === c &&
				values[value + 3] === d
			)
				return bucket;
		}
	}

	/** Where in `order` the bucket's rules from this one on begin. */
	lowerBound(bucket: number, from: number): number {
		const { order, starts } = this;
		let low = starts[bucket] as number;
		let high = starts[bucket + 1] as number;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if ((order[middle] as number) < from) low = middle + 1;
			else high = middle;
		}
		return low;
	}

	private place(bucket: number): void {
		const { slots, values } = this;
		const [a = 0, b = 0, c = 0, d = 0] = values.subarray(
			bucket * FIELDS,
			(bucket + 1) * FIELDS,
		);
		const last = slots.length - 1;
		let at = hashOf(a, b, c, d) & last;
		while ((slots[at] as number) >= 0) at = (at + 1) & last;
		slots[at] = bucket;
	}
}

/** Four words into one, each bit of them spread (the finisher of MurmurHash3, which is in the public domain). */
function hashOf(a: number, b: number, c: number, d: number): number {
	let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77);
	hash ^= Math.imul(c, 0xc2b2ae3d) ^ Math.imul(d, 0x27d4eb2f);
	hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
	hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
	return hash ^ (hash >>> 16);
}

function tablesFor(keys: RuleKeys, count: number): readonly Draft[] {
	const exact = new Tables(keys);
	for (let rule = 0; rule < count; rule++) {
		if (exact.add(rule, masksOf(keys, rule)) > MOST_EXACT_TABLES)
			return mergedTables(keys, count);
	}
	return exact.drafts;
}

/** Each rule in the first table that has no longer masks and room in the bucket. */
function mergedTables(keys: RuleKeys, count: number): readonly Draft[] {
	const tables = new Tables(keys);
	for (let rule = 0; rule < count; rule++) {
		const masks = masksOf(keys, rule);
		if (tables.fitIn(rule, masks)) continue;
		const shorter = shortened(masks);
		tables.add(rule, tables.isFull(rule, shorter) ? masks : shorter);
	}
	return tables.drafts;
}

class Tables {
	readonly drafts: Draft[] = [];
	private readonly byMasks = new Map<string, Draft>();
	private readonly keys: RuleKeys;

	constructor(keys: RuleKeys) {
		this.keys = keys;
	}

	/** Puts a rule into the table of these masks. @returns how many tables there are */
	add(rule: number, masks: Masks): number {
		const name = masks.join();
		let draft = this.byMasks.get(name);
		if (draft === undefined) {
			draft = { masks, buckets: new Map() };
			this.byMasks.set(name, draft);
			this.drafts.push(draft);
		}
		const value = this.valueOf(rule, masks);
		const bucket = draft.buckets.get(value);
		if (bucket === undefined) draft.buckets.set(value, [rule]);
		else bucket.push(rule);
		return this.drafts.length;
	}

	/** Puts it where there is room. @returns false where there is none */
	fitIn(rule: number, masks: Masks): boolean {
		for (const draft of this.drafts) {
			if (!isWithin(draft.masks, masks)) continue;
			const value = this.valueOf(rule, draft.masks);
			const bucket = draft.buckets.get(value);
			if (bucket !== undefined && bucket.length >= MOST_IN_BUCKET) continue;
			if (bucket === undefined) draft.buckets.set(value, [rule]);
			else bucket.push(rule);
			return true;
		}
		return false;
	}

	/** Is there a table of these masks, whose bucket for this rule has no room? */
	isFull(rule: number, masks: Masks): boolean {
		const bucket = this.byMasks
			.get(masks.join())
			?.buckets.get(this.valueOf(rule, masks));
		return bucket !== undefined && bucket.length >= MOST_IN_BUCKET;
	}

	private valueOf(rule: number, [a, b, c, d]: Masks): string {
		const { keys } = this;
		const at = rule * KEY_WORDS + FIELDS;
		return String.fromCharCode(
			...halves((keys[at] as number) & a),
			...halves((keys[at + 1] as number) & b),
			...halves((keys[at + 2] as number) & c),
			...halves((keys[at + 3] as number) & d),
		);
	}
}

function halves(word: number): readonly [number, number] {
	return [word >>> 16, word & 0xffff];
}

function masksOf(keys: RuleKeys, rule: number): Masks {
	const at = rule * KEY_WORDS;
	return [
		keys[at] as number,
		keys[at + 1] as number,
		keys[at + 2] as number,
		keys[at + 3] as number,
	];
}

/** Has each of the masks no bit that the other one has not? */
function isWithin(shorter: Masks, longer: Masks): boolean {
	return shorter.every((mask, field) => {
		const other = longer[field] as number;
		return (mask & other) === mask;
	});
}

/** Masks of a table that rules of about these masks can share: whole octets of addresses, and ports. */
function shortened([source, destination, ports, way]: Masks): Masks {
	const octets: Masks = [
		source & octetsOf(source),
		destination & octetsOf(destination),
		ports,
		0,
	];
	return octets.every((mask) => mask === 0)
		? [source, destination, ports, way]
		: octets;
}

/** The whole octets of a prefix: 255.255.0.0 for a /20. */
function octetsOf(mask: number): number {
	let whole = 0;
	for (let shift = 24; shift >= 0; shift -= 8) {
		const octet = 0xff << shift;
		if ((mask & octet) !== octet) break;
		whole |= octet;
	}
	return whole;
}

/** How many look-ups a walk needs at most, where rules differ in more than their keys. */
function lookups(keys: RuleKeys, drafts: readonly Draft[]): number {
	const alike = new Map<string, number>();
	let most = 0;
	const count = keys.length / KEY_WORDS;
	for (let rule = 0; rule < count; rule++) {
		const key = keys.subarray(rule * KEY_WORDS, (rule + 1) * KEY_WORDS).join();
		const times = (alike.get(key) ?? 0) + 1;
		alike.set(key, times);
		most = Math.max(most, times);
	}
	const unkeyed = alike.get("0,0,0,0,0,0,0,0") ?? 0;
	return (most + unkeyed + 1) * drafts.length;
}
