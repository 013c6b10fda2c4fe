/**
 * The conntrack table: entries in one `Int32Array` (`layout.ts`), hashed by both of their tuples and
 * by their original source (`nf_conntrack_hash`, net/netfilter/nf_conntrack_core.c, 6.1). Time passes
 * without anything happening here: whoever wants an entry looks whether it still lives.
 *
 * A class with arrays inside, and indices instead of objects: this is the inner loop, and a million
 * entries as objects would cost the collector dearly.
 */
import { invariant } from "../invariant.ts";
import { BySource } from "./by-source.ts";
import { tupleHash } from "./hash.ts";
import {
	ENTRY_SHIFT,
	ENTRY_WORDS,
	GENERATION,
	HAS_COUNTERS,
	MARK,
	ORIGINAL,
	PROTOCOL,
	REPLY,
	REPLY_TUPLE,
	STATUS,
	TIMEOUT,
	TUPLE_DESTINATION,
	TUPLE_NEXT,
	TUPLE_PORTS,
	TUPLE_SOURCE,
	USE,
	ZONES,
} from "./layout.ts";
import { IPS_CONFIRMED, IPS_DYING, IPS_SRC_NAT_DONE } from "./status.ts";
import type { Tuple } from "./tuple.ts";
import { TupleIndex } from "./tuple-index.ts";

/** Index of the first word of a node's tuple. */
export function tupleAt(node: number): number {
	return ((node >> 1) << ENTRY_SHIFT) + (node & 1) * REPLY_TUPLE;
}

/** Zone of one direction, out of a ZONES word. */
export function zoneOf(zones: number, direction: number): number {
	return direction === ORIGINAL ? zones >>> 16 : zones & 0xffff;
}

const FIRST_CAPACITY = 1024;

export class EntryTable {
	words = new Int32Array(FIRST_CAPACITY * ENTRY_WORDS);
	/** The same memory, for fields of one octet. */
	bytes = new Uint8Array(this.words.buffer);
	/** This moment, in jiffies; whoever lets time pass sets it. Compare by subtraction only. */
	now = 0;
	/** Entries that exist, unconfirmed and dying ones among them (`nf_conntrack_count`). */
	count = 0;
	/** Packets and octets by entry and direction; `null` until somebody wants them counted. */
	counters: Float64Array | null = null;
	/** No slot from here on was ever used. Slot 0 never is. */
	used = 1;

	index: TupleIndex;
	/** `null` until a mapping of a source is wanted: what has none before needs none. */
	bySource: BySource | null = null;

	/** Chained by TUPLE_NEXT; 0 is none. */
	#free = 0;

	constructor(buckets: number) {
		this.index = new TupleIndex(buckets);
	}

	/** Takes a slot for an entry with these tuples; it is in no chain yet and has one reference. */
	allocate(
		original: Tuple,
		reply: Tuple,
		zones: number,
		counted: boolean,
	): number {
		let entry = this.#free;
		if (entry !== 0)
			this.#free = this.words[(entry << ENTRY_SHIFT) + TUPLE_NEXT] as number;
		else {
			if (this.used << ENTRY_SHIFT === this.words.length) this.#grow();
			entry = this.used++;
		}
		const { words } = this;
		const at = entry << ENTRY_SHIFT;
		this.writeTuple(at, original);
		this.writeTuple(at + REPLY_TUPLE, reply);
		words[at + STATUS] = counted ? HAS_COUNTERS : 0;
		words[at + TIMEOUT] = 0;
		words[at + MARK] = 0;
		words[at + PROTOCOL] = original.protocol;
		words[at + ZONES] = zones;
		words[at + USE] = 1;
		words[at + GENERATION] = ((words[at + GENERATION] as number) + 1) | 0;
		if (counted) this.#countersFor().fill(0, entry << 2, (entry + 1) << 2);
		this.count++;
		return entry;
	}

	/** @param at the first word of the tuple */
	writeTuple(at: number, tuple: Tuple): void {
		const { words } = this;
		words[at + TUPLE_SOURCE] = tuple.source;
		words[at + TUPLE_DESTINATION] = tuple.destination;
		words[at + TUPLE_PORTS] = tuple.ports;
	}

	/** Hash of a node's tuple in its zone. */
	hashOf(node: number): number {
		const { words } = this;
		const at = tupleAt(node);
		const base = (node >> 1) << ENTRY_SHIFT;
		return tupleHash(
			words[at + TUPLE_SOURCE] as number,
			words[at + TUPLE_DESTINATION] as number,
			words[at + TUPLE_PORTS] as number,
			(words[base + PROTOCOL] as number) & 0xff,
			zoneOf(words[base + ZONES] as number, node & 1),
		);
	}

	/** The node of a living entry with this tuple, or 0. */
	find(hash: number, tuple: Tuple, zones: number): number {
		const { index } = this;
		let node = index.heads[index.chain(hash)] as number;
		while (node !== 0) {
			if (this.hasKey(node, tuple, zones)) return this.living(node);
			node = this.words[tupleAt(node) + TUPLE_NEXT] as number;
		}
		return 0;
	}

	/**
	 * The node, or 0 and its entry removed if its time has run out. The kernel removes every expired
	 * entry that it meets in a chain (`nf_ct_gc_expired`); to look at those of other connections
	 * would be a cache miss each, and the collector finds them as well.
	 */
	living(node: number): number {
		if (!this.isExpired(node >> 1)) return node;
		this.kill(node >> 1);
		return 0;
	}

	/** Is this the tuple of this node, in the zone of the node's direction (`nf_ct_key_equal`)? */
	hasKey(node: number, tuple: Tuple, zones: number): boolean {
		const { words } = this;
		const at = tupleAt(node);
		if (
			words[at + TUPLE_SOURCE] !== tuple.source ||
			words[at + TUPLE_PORTS] !== tuple.ports ||
			words[at + TUPLE_DESTINATION] !== tuple.destination
		)
			return false;
		const base = (node >> 1) << ENTRY_SHIFT;
		const differing = (words[base + ZONES] as number) ^ zones;
		return (
			((words[base + PROTOCOL] as number) & 0xff) === tuple.protocol &&
			(differing === 0 || zoneOf(differing, node & 1) === 0)
		);
	}

	/** Has this entry's time run out (`nf_ct_is_expired`)? Meaningful for confirmed ones only. */
	isExpired(entry: number): boolean {
		const timeout = this.words[(entry << ENTRY_SHIFT) + TIMEOUT] as number;
		return ((timeout - this.now) | 0) <= 0;
	}

	/** Hangs a node in front of its chain. */
	link(node: number, chain: number): void {
		const { index } = this;
		this.words[tupleAt(node) + TUPLE_NEXT] = index.heads[chain] as number;
		index.heads[chain] = node;
		index.count(chain, 1);
	}

	/**
	 * Takes a confirmed entry out of the table (`nf_ct_kill`). Packets that carry it keep it, so its
	 * slot is free when the last of them is gone.
	 */
	kill(entry: number): void {
		const at = (entry << ENTRY_SHIFT) + STATUS;
		const status = this.words[at] as number;
		if ((status & IPS_DYING) !== 0) return;
		this.words[at] = status | IPS_DYING;
		this.#unlink(entry * 2 + ORIGINAL);
		this.#unlink(entry * 2 + REPLY);
		this.put(entry);
	}

	/** One more packet carries the entry. */
	get(entry: number): void {
		const at = (entry << ENTRY_SHIFT) + USE;
		this.words[at] = (this.words[at] as number) + 1;
	}

	/** One reference fewer; with the last one the slot is free (`nf_ct_put`, `nf_conntrack_free`). */
	put(entry: number): void {
		const { words } = this;
		const at = entry << ENTRY_SHIFT;
		const left = (words[at + USE] as number) - 1;
		words[at + USE] = left;
		if (left !== 0) return;
		const status = words[at + STATUS] as number;
		if (this.bySource !== null && (status & IPS_SRC_NAT_DONE) !== 0)
			this.bySource.unlink(words, entry);
		// So that nobody takes the slot for an entry that lives.
		words[at + STATUS] = IPS_DYING;
		words[at + TUPLE_NEXT] = this.#free;
		this.#free = entry;
		this.count--;
	}

	/** Is it in the table? */
	isConfirmed(entry: number): boolean {
		const status = this.words[(entry << ENTRY_SHIFT) + STATUS] as number;
		return (status & (IPS_CONFIRMED | IPS_DYING)) === IPS_CONFIRMED;
	}

	/** Calls back for every entry in the table that has not expired, oldest slot first. */
	forEach(visit: (entry: number) => void): void {
		for (let entry = 1; entry < this.used; entry++)
			if (this.isConfirmed(entry) && !this.isExpired(entry)) visit(entry);
	}

	/** Another number of buckets (`nf_conntrack_hash_resize`). */
	resize(buckets: number): void {
		const index = new TupleIndex(buckets);
		if (index.buckets === this.index.buckets) return;
		const old = this.index.heads;
		this.index = index;
		index.split(index.chainsFor(this.#capacity() * 2));
		this.#relink(old);
	}

	/**
	 * From now on entries can be found by their original source. Those that have a mapping of their
	 * source already are entered in the order of their slots, not of their making: without a rule
	 * for sources they all have null bindings, and nobody looks for these.
	 */
	indexBySource(): void {
		if (this.bySource !== null) return;
		this.bySource = new BySource(this.index.buckets);
		for (let entry = 1; entry < this.used; entry++) {
			const at = (entry << ENTRY_SHIFT) + STATUS;
			if (((this.words[at] as number) & IPS_SRC_NAT_DONE) !== 0)
				this.bySource.link(this.words, entry);
		}
	}

	/** Octets that all of it takes. */
	get memoryBytes(): number {
		return (
			this.words.byteLength +
			this.index.memoryBytes +
			(this.bySource?.memoryBytes ?? 0) +
			(this.counters?.byteLength ?? 0)
		);
	}

	/** From now on packets and octets can be counted. */
	allocateCounters(): void {
		this.counters ??= new Float64Array((this.words.length / ENTRY_WORDS) * 4);
	}

	#countersFor(): Float64Array {
		invariant(this.counters !== null, "counters are wanted but not there");
		return this.counters;
	}

	#capacity(): number {
		return this.words.length / ENTRY_WORDS;
	}

	#grow(): void {
		const grown = new Int32Array(this.words.length * 2);
		grown.set(this.words);
		this.words = grown;
		this.bytes = new Uint8Array(grown.buffer);
		if (this.counters !== null) {
			const counters = new Float64Array(this.counters.length * 2);
			counters.set(this.counters);
			this.counters = counters;
		}
		const chains = this.index.chainsFor(this.#capacity() * 2);
		if (chains === this.index.chainsPerBucket) return;
		const old = this.index.heads;
		this.index.split(chains);
		this.#relink(old);
	}

	/** Hangs every node of these chains into the chains that there are now. */
	#relink(heads: Int32Array): void {
		for (const head of heads) {
			for (let node = head; node !== 0; ) {
				const next = this.words[tupleAt(node) + TUPLE_NEXT] as number;
				this.link(node, this.index.chain(this.hashOf(node)));
				node = next;
			}
		}
	}

	#unlink(node: number): void {
		const { words, index } = this;
		const { heads } = index;
		const chain = index.chain(this.hashOf(node));
		index.count(chain, -1);
		const next = words[tupleAt(node) + TUPLE_NEXT] as number;
		let here = heads[chain] as number;
		if (here === node) {
			heads[chain] = next;
			return;
		}
		while (here !== 0) {
			const at = tupleAt(here) + TUPLE_NEXT;
			here = words[at] as number;
			if (here !== node) continue;
			words[at] = next;
			return;
		}
		invariant(false, `entry ${node >> 1} is not in its chain`);
	}
}
