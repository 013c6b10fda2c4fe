/**
 * The conntrack table: entries in slots of one `Int32Array` (`layout.ts`), hashed by both of their tuples
 * and by their original source (`nf_conntrack_hash`, net/netfilter/nf_conntrack_core.c, 6.1). Nothing
 * happens here while time passes: an entry that is looked for is tested for its age.
 *
 * A class with arrays inside, and indices instead of objects: this is the inner loop, and a million
 * entries as objects would cost the collector dearly.
 */
import { invariant } from "../../invariant.ts";
import { CTINFO_IS_REPLY, type Skb } from "../../packet/skb/skb.ts";
import type { Stateful } from "../../stateful.ts";
import { BySource } from "./by-source.ts";
import {
	ENTRY_SHIFT,
	ENTRY_WORDS,
	type FlowView,
	flowWord,
	HAS_COUNTERS,
	HAS_LABELS,
	IS_PROXIED,
	MARK,
	ORIGINAL,
	PROTOCOL,
	REPLY,
	REPLY_TUPLE,
	STATUS,
	seenWords,
	TIMEOUT,
	TUPLE_DESTINATION,
	TUPLE_NEXT,
	TUPLE_PORTS,
	TUPLE_SOURCE,
	tupleAt,
	USE,
	ZONES,
	zoneOf,
} from "./layout.ts";
import { ProxiedConnections } from "./proxied.ts";
import {
	IPS_CONFIRMED,
	IPS_DYING,
	IPS_FIXED_TIMEOUT,
	IPS_NAT_CLASH,
	IPS_SRC_NAT_DONE,
} from "./status.ts";
import type { Tuple } from "./tuple.ts";
import { TupleIndex } from "./tuple-index.ts";

const FIRST_CAPACITY = 1024;
/** 128 bits (XT_CONNLABEL_MAXBIT). */
const LABEL_WORDS = 4;

/**
 * A copy of the table. Which chain a node hangs in follows from its tuple, and the moment from the clock:
 * neither is copied.
 */
export interface SavedTable {
	/** Of the slots that were ever used. */
	readonly words: Int32Array;
	readonly counters: Float64Array | null;
	readonly labels: Int32Array | null;
	readonly proxied: ReturnType<ProxiedConnections["save"]>;
	readonly capacity: number;
	readonly count: number;
	readonly used: number;
	readonly free: number;
	readonly buckets: number;
	readonly chainsPerBucket: number;
	/** Of the chains by source; 0 where there are none. */
	readonly bySource: number;
}

export class EntryTable implements Stateful<SavedTable> {
	words = new Int32Array(FIRST_CAPACITY * ENTRY_WORDS);
	/** The same memory, for fields of one octet. */
	bytes = new Uint8Array(this.words.buffer);
	/** This moment, in jiffies. Compare by subtraction only. */
	now = 0;
	/** Entries that exist, unconfirmed and dying ones among them (`nf_conntrack_count`). */
	count = 0;
	/** Packets and octets by entry and direction; `null` until they are to be counted. */
	counters: Float64Array | null = null;
	/** 128 bits by entry, LABEL_WORDS each; `null` until a rule asks for them. */
	labels: Int32Array | null = null;
	/** What is kept besides of those that SYNPROXY opens. */
	readonly proxied = new ProxiedConnections();
	/** No slot from here on was ever used. Slot 0 never is. */
	used = 1;
	readonly index: TupleIndex;
	/** `null` until a mapping of a source is wanted: what has none before needs none. */
	bySource: BySource | null = null;

	/** Chained by TUPLE_NEXT; 0 is none. */
	#free = 0;

	/** @param areZonesHashed left out: they are */
	constructor(buckets: number, areZonesHashed = true) {
		this.index = new TupleIndex(buckets, areZonesHashed);
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
		if (counted) {
			invariant(this.counters !== null, "counters are wanted but not there");
			this.counters.fill(0, entry << 2, (entry + 1) << 2);
		}
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

	/** Has this entry's time run out (`nf_ct_is_expired`)? Meaningful for confirmed ones only. */
	isExpired(entry: number): boolean {
		const timeout = this.words[(entry << ENTRY_SHIFT) + TIMEOUT] as number;
		return ((timeout - this.now) | 0) <= 0;
	}

	/** Is it in the table, and not for longer than so many jiffies? */
	endsWithin(entry: number, jiffies: number): boolean {
		if (!this.isConfirmed(entry) || this.isExpired(entry)) return false;
		const timeout = this.words[(entry << ENTRY_SHIFT) + TIMEOUT] as number;
		return ((timeout - this.now) | 0) <= jiffies;
	}

	/** Is it in the table? */
	isConfirmed(entry: number): boolean {
		const status = this.words[(entry << ENTRY_SHIFT) + STATUS] as number;
		return (status & (IPS_CONFIRMED | IPS_DYING)) === IPS_CONFIRMED;
	}

	/** Is it in the table, and found by its original tuple? What is not is in no list (`ct_seq_show`). */
	isListed(entry: number): boolean {
		const status = this.words[(entry << ENTRY_SHIFT) + STATUS] as number;
		return this.isConfirmed(entry) && (status & IPS_NAT_CLASH) === 0;
	}

	/** Calls back for every entry in the table that has not expired, oldest slot first. */
	forEach(visit: (entry: number) => void): void {
		for (let entry = 1; entry < this.used; entry++)
			if (this.isConfirmed(entry) && !this.isExpired(entry)) visit(entry);
	}

	/** One more packet carries the entry. */
	get(entry: number): void {
		const at = (entry << ENTRY_SHIFT) + USE;
		this.words[at] = (this.words[at] as number) + 1;
	}

	/** From now on packets and octets can be counted. */
	allocateCounters(): void {
		this.counters ??= new Float64Array((this.words.length / ENTRY_WORDS) * 4);
	}

	/** An entry that was just made has labels, and none of them is set. */
	giveLabels(entry: number): void {
		this.labels ??= new Int32Array(this.#capacity * LABEL_WORDS);
		const at = entry << ENTRY_SHIFT;
		this.words[at + STATUS] = (this.words[at + STATUS] as number) | HAS_LABELS;
		this.labels.fill(0, entry * LABEL_WORDS, (entry + 1) * LABEL_WORDS);
	}

	/** The entry's labels; `null` where it has none. */
	labelsOf(entry: number): Int32Array | null {
		const status = this.words[(entry << ENTRY_SHIFT) + STATUS] as number;
		if (this.labels === null || (status & HAS_LABELS) === 0) return null;
		const at = entry * LABEL_WORDS;
		return this.labels.subarray(at, at + LABEL_WORDS);
	}

	/** SYNPROXY opens the connection of an entry that was just made. */
	beginProxied(entry: number): void {
		const at = entry << ENTRY_SHIFT;
		this.words[at + STATUS] = (this.words[at + STATUS] as number) | IS_PROXIED;
		this.proxied.begin(entry);
	}

	/** By how much the client sees greater sequence numbers of the server than conntrack does (`nf_ct_seq_offset`). */
	sequenceOffset(entry: number): number {
		const status = this.words[(entry << ENTRY_SHIFT) + STATUS] as number;
		if ((status & IS_PROXIED) === 0) return 0;
		return this.proxied.get(entry)?.sequenceOffset ?? 0;
	}

	/** Does it hold an entry, in the table or not? */
	isUsed(entry: number): boolean {
		return this.words[(entry << ENTRY_SHIFT) + USE] !== 0;
	}

	/** @returns the node of a confirmed entry that has this tuple, or 0 (`nf_conntrack_find_get`) */
	findNode(tuple: Tuple, zones: number): number {
		const node = this.#findIn(tuple, zones, ORIGINAL);
		if (node !== 0 || zones >>> 16 === (zones & 0xffff)) return node;
		return this.#findIn(tuple, zones, REPLY);
	}

	/** Its time may have run out: then it stays until a kernel would meet it. */
	nodeOf(tuple: Tuple, zones: number, direction: number): number {
		const { index } = this;
		const chain = index.chain(index.hashIn(tuple, zones, direction));
		let node = index.heads[chain] as number;
		while (node !== 0) {
			if (this.hasKey(node, tuple, zones)) return node;
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

	/** Counts a packet for its entry (`nf_ct_acct_update`), if the entry has counters. */
	account(skb: Skb): void {
		const { counters } = this;
		if (counters === null) return;
		const { entry } = skb;
		const status = this.words[(entry << ENTRY_SHIFT) + STATUS] as number;
		if ((status & HAS_COUNTERS) === 0) return;
		const at = entry * 4 + (skb.ctinfo >= CTINFO_IS_REPLY ? 2 : 0);
		counters[at] = (counters[at] as number) + 1;
		counters[at + 1] = (counters[at + 1] as number) + skb.length;
	}

	/** The first packet of an entry that is given up counts for another entry (`nf_ct_acct_merge`). */
	mergeCounters(to: number, from: number): void {
		const { counters, words } = this;
		const counted = (entry: number) =>
			((words[(entry << ENTRY_SHIFT) + STATUS] as number) & HAS_COUNTERS) !== 0;
		if (counters === null || !counted(to) || !counted(from)) return;
		counters[to * 4] = (counters[to * 4] as number) + 1;
		counters[to * 4 + 1] =
			(counters[to * 4 + 1] as number) + (counters[from * 4 + 1] as number);
	}

	/**
	 * Lets a packet's entry live for `timeout` jiffies from now, or from its confirmation on, and counts
	 * the packet (`__nf_ct_refresh_acct`, nf_conntrack_core.c, 6.1).
	 */
	refresh(skb: Skb, timeout: number): void {
		const { words } = this;
		const at = skb.entry << ENTRY_SHIFT;
		const status = words[at + STATUS] as number;
		const confirmed = (status & IPS_CONFIRMED) !== 0;
		if ((status & IPS_FIXED_TIMEOUT) === 0)
			words[at + TIMEOUT] = confirmed ? this.now + timeout : timeout;
		this.account(skb);
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
		if ((status & IPS_NAT_CLASH) === 0)
			this.index.unlink(this.words, entry * 2 + ORIGINAL);
		this.index.unlink(this.words, entry * 2 + REPLY);
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
		if ((status & IS_PROXIED) !== 0) this.proxied.end(entry);
		// A free slot must not look like an entry that lives.
		words[at + STATUS] = IPS_DYING;
		words[at + TUPLE_NEXT] = this.#free;
		this.#free = entry;
		this.count--;
	}

	/** Another number of buckets (`nf_conntrack_hash_resize`). */
	resize(buckets: number): void {
		this.index.resize(this.words, buckets, this.#capacity * 2);
	}

	/**
	 * From now on entries can be found by their original source. Those that have a mapping of their
	 * source already are entered in the order of their slots, not of their making: without a rule
	 * for sources they all have null bindings, and nobody looks for these.
	 */
	indexBySource(): void {
		if (this.bySource !== null) return;
		this.bySource = new BySource(this.index.buckets, this.index.hashedZones);
		for (const entry of this.#mappedSources())
			this.bySource.link(this.words, entry);
	}

	save(): SavedTable {
		const { words, counters, labels, count, used, index, bySource } = this;
		return {
			words: words.slice(0, used << ENTRY_SHIFT),
			counters: counters?.slice(0, used << 2) ?? null,
			labels: labels?.slice(0, used * LABEL_WORDS) ?? null,
			proxied: this.proxied.save(),
			capacity: this.#capacity,
			count,
			used,
			free: this.#free,
			buckets: index.buckets,
			chainsPerBucket: index.chainsPerBucket,
			bySource: bySource?.buckets ?? 0,
		};
	}

	restore(saved: SavedTable): void {
		const { capacity, bySource } = saved;
		this.index.clear(this.words, this.#confirmedNodes());
		if (capacity !== this.#capacity) {
			this.words = new Int32Array(capacity * ENTRY_WORDS);
			this.bytes = new Uint8Array(this.words.buffer);
		}
		this.words.set(saved.words);
		if (saved.counters === null) this.counters = null;
		else {
			if (this.counters?.length !== capacity * 4)
				this.counters = new Float64Array(capacity * 4);
			this.counters.set(saved.counters);
		}
		if (saved.labels === null) this.labels = null;
		else {
			if (this.labels?.length !== capacity * LABEL_WORDS)
				this.labels = new Int32Array(capacity * LABEL_WORDS);
			this.labels.set(saved.labels);
		}
		this.proxied.restore(saved.proxied);
		this.count = saved.count;
		this.used = saved.used;
		this.#free = saved.free;
		this.index.adopt(this.words, this.#confirmedNodes(), saved);
		if (bySource === 0) this.bySource = null;
		else {
			if (this.bySource?.buckets !== bySource)
				this.bySource = new BySource(bySource, this.index.hashedZones);
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
	 * @param view for what later packets depend on alone
	 */
	seenEntry(entry: number, view: FlowView | null = null): readonly number[] {
		const { words, counters } = this;
		const at = entry << ENTRY_SHIFT;
		const protocol = (words[at + PROTOCOL] as number) & 0xff;
		const status = words[at + STATUS] as number;
		const counted = (status & HAS_COUNTERS) !== 0 && counters !== null;
		return [
			...seenWords(protocol).map((word) => {
				const value = words[at + word] as number;
				return view === null ? value : flowWord(word, protocol, value, view);
			}),
			...(counted ? counters.subarray(entry << 2, (entry + 1) << 2) : []),
			...(this.labelsOf(entry) ?? []),
			...Object.values(this.proxied.get(entry) ?? {}),
			this.bySource?.rank(words, entry) ?? 0,
		];
	}

	/** Octets that all of it takes. */
	get memoryBytes(): number {
		return (
			this.words.byteLength +
			this.index.memoryBytes +
			(this.bySource?.memoryBytes ?? 0) +
			(this.counters?.byteLength ?? 0) +
			(this.labels?.byteLength ?? 0)
		);
	}

	/** How many slots there are. */
	get #capacity(): number {
		return this.words.length / ENTRY_WORDS;
	}

	/** The node of a living entry with this tuple in the zone of a direction, or 0. */
	#findIn(tuple: Tuple, zones: number, direction: number): number {
		const node = this.nodeOf(tuple, zones, direction);
		return node === 0 ? 0 : this.living(node);
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

	#confirmedNodes(): readonly number[] {
		const nodes: number[] = [];
		for (let node = 2; node < this.used * 2; node++)
			if (
				(node & 1) === ORIGINAL
					? this.isListed(node >> 1)
					: this.isConfirmed(node >> 1)
			)
				nodes.push(node);
		return nodes;
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
		if (this.labels !== null) {
			const labels = new Int32Array(this.labels.length * 2);
			labels.set(this.labels);
			this.labels = labels;
		}
		this.index.splitFor(grown, this.#capacity * 2);
	}
}
