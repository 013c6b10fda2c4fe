/**
 * The conntrack table: entries (`entry-slots.ts`), hashed by both of their tuples and
 * by their original source (`nf_conntrack_hash`, net/netfilter/nf_conntrack_core.c, 6.1). Time passes
 * without anything happening here: whoever wants an entry looks whether it still lives.
 *
 * A class with arrays inside, and indices instead of objects: this is the inner loop, and a million
 * entries as objects would cost the collector dearly.
 */
import { invariant } from "../../invariant.ts";
import { TCP, UDP } from "../../packet/packet.ts";
import type { Stateful } from "../../stateful.ts";
import { BySource } from "./by-source.ts";
import { EntrySlots, type SavedSlots } from "./entry-slots.ts";
import { tupleHash } from "./hash.ts";
import {
	BY_SOURCE_PREVIOUS,
	ENTRY_SHIFT,
	HAS_COUNTERS,
	ORIGINAL,
	PROTOCOL,
	REPLY,
	REPLY_TUPLE,
	SEEN,
	STATUS,
	TUPLE_DESTINATION,
	TUPLE_NEXT,
	TUPLE_PORTS,
	TUPLE_SOURCE,
	tupleAt,
	UDP_STREAM_AT,
	USE,
	ZONES,
	zoneOf,
} from "./layout.ts";
import { IPS_DYING, IPS_SRC_NAT_DONE } from "./status.ts";
import type { Tuple } from "./tuple.ts";
import { TupleIndex } from "./tuple-index.ts";

/** A copy of the table. Which chain a node hangs in follows from its tuple, and is not copied. */
export interface SavedTable {
	readonly slots: SavedSlots;
	readonly buckets: number;
	readonly chainsPerBucket: number;
	/** Of the chains by source; 0 where there are none. */
	readonly bySource: number;
}

/** Words of every entry that hold state: all but the links of its chains. */
const SEEN_OF_ALL = [
	...from(TUPLE_SOURCE, TUPLE_NEXT),
	...from(REPLY_TUPLE + TUPLE_SOURCE, REPLY_TUPLE + TUPLE_NEXT),
	...from(STATUS, USE + 1),
];
/** Those of a protocol's own state. */
const SEEN_OF: Readonly<Record<number, readonly number[]>> = {
	[TCP]: from(SEEN, BY_SOURCE_PREVIOUS),
	[UDP]: [UDP_STREAM_AT],
};

function from(first: number, end: number): readonly number[] {
	return Array.from({ length: end - first }, (_, index) => first + index);
}

export class EntryTable extends EntrySlots implements Stateful<SavedTable> {
	index: TupleIndex;
	/** `null` until a mapping of a source is wanted: what has none before needs none. */
	bySource: BySource | null = null;

	constructor(buckets: number) {
		super();
		this.index = new TupleIndex(buckets);
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
		this.free(entry);
	}

	/** Another number of buckets (`nf_conntrack_hash_resize`). */
	resize(buckets: number): void {
		const index = new TupleIndex(buckets);
		if (index.buckets === this.index.buckets) return;
		const old = this.index.heads;
		this.index = index;
		index.split(index.chainsFor(this.capacity * 2));
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
		for (const entry of this.#mappedSources())
			this.bySource.link(this.words, entry);
	}

	save(): SavedTable {
		const { buckets, chainsPerBucket } = this.index;
		const bySource = this.bySource?.buckets ?? 0;
		return { slots: this.saveSlots(), buckets, chainsPerBucket, bySource };
	}

	restore({ slots, buckets, chainsPerBucket, bySource }: SavedTable): void {
		this.restoreSlots(slots);
		this.index.clear(buckets, chainsPerBucket);
		this.#hangAgain();
		if (bySource === 0) this.bySource = null;
		else {
			if (this.bySource?.buckets !== bySource)
				this.bySource = new BySource(bySource);
			this.bySource.adopt(this.words, this.#mappedSources());
		}
	}

	/** Entries without the slots that they lie in; `/proc/net/nf_conntrack` has no order that counts. */
	seen(): unknown {
		const entries = new Set<unknown>();
		for (let entry = 1; entry < this.used; entry++)
			if (this.isUsed(entry)) entries.add(this.seenEntry(entry));
		return { entries, buckets: this.index.buckets };
	}

	/**
	 * All that an entry is: tuples, status, timeout, mark, its protocol's state, counters, and its place among
	 * those of the same source, since the first mapping that fits is taken.
	 */
	seenEntry(entry: number): readonly number[] {
		const { words, counters } = this;
		const at = entry << ENTRY_SHIFT;
		const protocol = (words[at + PROTOCOL] as number) & 0xff;
		const status = words[at + STATUS] as number;
		const counted = (status & HAS_COUNTERS) !== 0 && counters !== null;
		return [
			...[...SEEN_OF_ALL, ...(SEEN_OF[protocol] ?? [])].map(
				(word) => words[at + word] as number,
			),
			...(counted ? counters.subarray(entry << 2, (entry + 1) << 2) : []),
			this.bySource?.rank(words, entry) ?? 0,
		];
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

	/** Entries that have a mapping of their source, in the table or not. */
	#mappedSources(): readonly number[] {
		const entries: number[] = [];
		for (let entry = 1; entry < this.used; entry++) {
			const status = this.words[(entry << ENTRY_SHIFT) + STATUS] as number;
			if ((status & IPS_SRC_NAT_DONE) !== 0) entries.push(entry);
		}
		return entries;
	}

	/** Nodes know the next one of their chains: those that are none's next begin them. */
	#hangAgain(): void {
		const { words, index } = this;
		const follows = new Uint8Array(this.used * 2);
		for (let node = 2; node < this.used * 2; node++)
			if (this.isConfirmed(node >> 1))
				follows[words[tupleAt(node) + TUPLE_NEXT] as number] = 1;
		for (let node = 2; node < this.used * 2; node++) {
			if (!this.isConfirmed(node >> 1)) continue;
			const chain = index.chain(this.hashOf(node));
			index.count(chain, 1);
			if (follows[node] === 0) index.heads[chain] = node;
		}
	}

	protected override grown(): void {
		const chains = this.index.chainsFor(this.capacity * 2);
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
