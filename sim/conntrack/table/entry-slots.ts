/**
 * The conntrack table's memory: slots of entries in one `Int32Array` (`layout.ts`), which ones are
 * free, and who holds the others.
 */
import { invariant } from "../../invariant.ts";
import {
	ENTRY_SHIFT,
	ENTRY_WORDS,
	HAS_COUNTERS,
	MARK,
	PROTOCOL,
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
import { IPS_CONFIRMED, IPS_DYING } from "./status.ts";
import type { Tuple } from "./tuple.ts";

const FIRST_CAPACITY = 1024;

export interface SavedSlots {
	readonly words: Int32Array;
	readonly counters: Float64Array | null;
	readonly capacity: number;
	readonly now: number;
	readonly count: number;
	readonly used: number;
	readonly free: number;
}

export abstract class EntrySlots {
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

	/** Chained by TUPLE_NEXT; 0 is none. */
	#free = 0;

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

	/** Has this entry's time run out (`nf_ct_is_expired`)? Meaningful for confirmed ones only. */
	isExpired(entry: number): boolean {
		const timeout = this.words[(entry << ENTRY_SHIFT) + TIMEOUT] as number;
		return ((timeout - this.now) | 0) <= 0;
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

	/** One more packet carries the entry. */
	get(entry: number): void {
		const at = (entry << ENTRY_SHIFT) + USE;
		this.words[at] = (this.words[at] as number) + 1;
	}

	/** Nobody holds the entry any more. */
	protected free(entry: number): void {
		this.words[(entry << ENTRY_SHIFT) + TUPLE_NEXT] = this.#free;
		this.#free = entry;
		this.count--;
	}

	/** From now on packets and octets can be counted. */
	allocateCounters(): void {
		this.counters ??= new Float64Array((this.words.length / ENTRY_WORDS) * 4);
	}

	#countersFor(): Float64Array {
		invariant(this.counters !== null, "counters are wanted but not there");
		return this.counters;
	}

	/** Does it hold an entry, in the table or not? */
	isUsed(entry: number): boolean {
		return this.words[(entry << ENTRY_SHIFT) + USE] !== 0;
	}

	/** The slots that were ever used. */
	protected saveSlots(): SavedSlots {
		const { words, counters, capacity, now, count, used } = this;
		return {
			words: words.slice(0, used << ENTRY_SHIFT),
			counters: counters?.slice(0, used << 2) ?? null,
			capacity,
			now,
			count,
			used,
			free: this.#free,
		};
	}

	protected restoreSlots(saved: SavedSlots): void {
		const { capacity, now, count, used, free } = saved;
		if (capacity !== this.capacity) {
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
		this.now = now;
		this.count = count;
		this.used = used;
		this.#free = free;
	}

	/** How many slots there are. */
	protected get capacity(): number {
		return this.words.length / ENTRY_WORDS;
	}

	/** There is room for more entries, so more chains may be wanted. */
	protected abstract grown(): void;

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
		this.grown();
	}
}
