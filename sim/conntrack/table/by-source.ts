/**
 * Entries by the source that they were made for, so that a client that has a mapping keeps it
 * (`nf_nat_bysource`, net/netfilter/nf_nat_core.c, 6.1). Doubly linked: one source may have very
 * many entries, and any of them may go at any time.
 */

import { bucketOf, protocolInZone, tupleHash } from "./hash.ts";
import {
	BY_SOURCE_NEXT,
	BY_SOURCE_PREVIOUS,
	ENTRY_SHIFT,
	PROTOCOL,
	STATUS,
	TUPLE_PORTS,
	TUPLE_SOURCE,
	ZONES,
} from "./layout.ts";
import { IPS_SRC_NAT_DONE } from "./status.ts";

/** `words` is the table's array, which is another one whenever it has grown. */
export class BySource {
	readonly #heads: Int32Array;
	readonly #scale: number;
	readonly #hashedZones: number;

	/** @param hashedZones bits of zones (`ZONES`) that are hashed besides sources */
	constructor(buckets: number, hashedZones: number) {
		this.#hashedZones = hashedZones;
		this.#heads = new Int32Array(buckets);
		this.#scale = buckets / 2 ** 32;
	}

	/** Octets that it takes. */
	get memoryBytes(): number {
		return this.#heads.byteLength;
	}

	get buckets(): number {
		return this.#heads.length;
	}

	/** Hangs entries that are linked with each other already: they know which of them begin their chains. */
	adopt(words: Int32Array, entries: readonly number[]): void {
		this.#heads.fill(0);
		for (const entry of entries) {
			const at = entry << ENTRY_SHIFT;
			if (words[at + BY_SOURCE_PREVIOUS] === 0)
				this.#heads[this.#bucketOf(words, at)] = entry;
		}
	}

	/** First entry of the chain that this source's entries hang in, among others; 0 is none. */
	head(
		source: number,
		sourcePort: number,
		protocol: number,
		zones: number,
	): number {
		return this.#heads[
			this.#bucket(source, sourcePort, protocol, zones)
		] as number;
	}

	/** How many entries of the same source stand before this one in its chain; 0 for one that is in none. */
	rank(words: Int32Array, entry: number): number {
		const at = entry << ENTRY_SHIFT;
		if (((words[at + STATUS] as number) & IPS_SRC_NAT_DONE) === 0) return 0;
		let rank = 0;
		let before = words[at + BY_SOURCE_PREVIOUS] as number;
		while (before !== 0) {
			const there = before << ENTRY_SHIFT;
			if (isSameSource(words, at, there)) rank++;
			before = words[there + BY_SOURCE_PREVIOUS] as number;
		}
		return rank;
	}

	link(words: Int32Array, entry: number): void {
		const at = entry << ENTRY_SHIFT;
		const bucket = this.#bucketOf(words, at);
		const next = this.#heads[bucket] as number;
		words[at + BY_SOURCE_NEXT] = next;
		words[at + BY_SOURCE_PREVIOUS] = 0;
		if (next !== 0) words[(next << ENTRY_SHIFT) + BY_SOURCE_PREVIOUS] = entry;
		this.#heads[bucket] = entry;
	}

	unlink(words: Int32Array, entry: number): void {
		const at = entry << ENTRY_SHIFT;
		const next = words[at + BY_SOURCE_NEXT] as number;
		const previous = words[at + BY_SOURCE_PREVIOUS] as number;
		if (next !== 0)
			words[(next << ENTRY_SHIFT) + BY_SOURCE_PREVIOUS] = previous;
		if (previous !== 0)
			words[(previous << ENTRY_SHIFT) + BY_SOURCE_NEXT] = next;
		else this.#heads[this.#bucketOf(words, at)] = next;
	}

	#bucketOf(words: Int32Array, at: number): number {
		return this.#bucket(
			words[at + TUPLE_SOURCE] as number,
			(words[at + TUPLE_PORTS] as number) >>> 16,
			(words[at + PROTOCOL] as number) & 0xff,
			words[at + ZONES] as number,
		);
	}

	#bucket(
		source: number,
		sourcePort: number,
		protocol: number,
		zones: number,
	): number {
		// A zone counts only if it is that of both directions (`hash_by_src`).
		const hashed = zones & this.#hashedZones;
		const zone = hashed >>> 16;
		const both = zone === (hashed & 0xffff) ? zone : 0;
		const hash = tupleHash(
			source,
			0,
			sourcePort,
			protocolInZone(protocol, both),
		);
		return bucketOf(hash, this.#scale);
	}
}

/** @param a first word of an entry, and `b` that of another one */
function isSameSource(words: Int32Array, a: number, b: number): boolean {
	return (
		words[a + TUPLE_SOURCE] === words[b + TUPLE_SOURCE] &&
		(words[a + TUPLE_PORTS] as number) >>> 16 ===
			(words[b + TUPLE_PORTS] as number) >>> 16 &&
		((words[a + PROTOCOL] as number) & 0xff) ===
			((words[b + PROTOCOL] as number) & 0xff) &&
		(words[a + ZONES] as number) >>> 16 === (words[b + ZONES] as number) >>> 16
	);
}
