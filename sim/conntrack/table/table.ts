/**
 * The conntrack table: entries (`entry-slots.ts`), hashed by both of their tuples and
 * by their original source (`nf_conntrack_hash`, net/netfilter/nf_conntrack_core.c, 6.1). Time passes
 * without anything happening here: whoever wants an entry looks whether it still lives.
 *
 * A class with arrays inside, and indices instead of objects: this is the inner loop, and a million
 * entries as objects would cost the collector dearly.
 */
import { invariant } from "../../invariant.ts";
import { IPS_DYING, IPS_SRC_NAT_DONE } from "../status.ts";
import { BySource } from "./by-source.ts";
import { EntrySlots } from "./entry-slots.ts";
import { tupleHash } from "./hash.ts";
import {
	ENTRY_SHIFT,
	ORIGINAL,
	PROTOCOL,
	REPLY,
	STATUS,
	TUPLE_DESTINATION,
	TUPLE_NEXT,
	TUPLE_PORTS,
	TUPLE_SOURCE,
	tupleAt,
	USE,
	ZONES,
	zoneOf,
} from "./layout.ts";
import type { Tuple } from "./tuple.ts";
import { TupleIndex } from "./tuple-index.ts";

export class EntryTable extends EntrySlots {
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
