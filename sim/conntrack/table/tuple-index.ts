/**
 * Chains of nodes by the hash of their tuple. The kernel's table has `nf_conntrack_buckets` buckets,
 * and which entries share one of them shows in two places: early drop, and the greatest length of a
 * chain. Lookups don't care, so each of those buckets is split here into as many shorter chains as
 * keeps them short: a bucket is a range of hashes (`reciprocal_scale`), and so is its half.
 *
 * `words` is the table's array, which is another one whenever it has grown.
 */
import { invariant } from "../../invariant.ts";
import { bucketOf, protocolInZone, tupleHash } from "./hash.ts";
import {
	ENTRY_SHIFT,
	PROTOCOL,
	TUPLE_DESTINATION,
	TUPLE_NEXT,
	TUPLE_PORTS,
	TUPLE_SOURCE,
	tupleAt,
	ZONES,
	zoneOf,
} from "./layout.ts";
import type { Tuple } from "./tuple.ts";

/** A chain for so many nodes is emptied as fast by filling as by looking for it. */
const MANY = 16;

/** `nf_ct_alloc_hashtable` fills whole pages of pointers. */
const BUCKETS_PER_PAGE = 512;

/** Hash of a node's tuple in its zone, as far as that counts. */
function hashOfNode(
	words: Int32Array,
	node: number,
	hashedZones: number,
): number {
	const at = tupleAt(node);
	const base = (node >> 1) << ENTRY_SHIFT;
	return tupleHash(
		words[at + TUPLE_SOURCE] as number,
		words[at + TUPLE_DESTINATION] as number,
		words[at + TUPLE_PORTS] as number,
		protocolInZone(
			(words[base + PROTOCOL] as number) & 0xff,
			zoneOf((words[base + ZONES] as number) & hashedZones, node & 1),
		),
	);
}

export class TupleIndex {
	/** First node of each chain; 0 is none. */
	heads: Int32Array;
	/** Chains in a bucket; a power of two. */
	chainsPerBucket = 1;
	/** Nodes in each bucket. */
	#lengths: Uint32Array;
	#scale: number;

	/** The bits of zones (`ZONES`) that are hashed besides tuples. */
	readonly hashedZones: number;

	/**
	 * @param buckets `nf_conntrack_buckets`
	 * @param areZonesHashed left out: they are
	 */
	constructor(buckets: number, areZonesHashed = true) {
		this.hashedZones = areZonesHashed ? -1 : 0;
		const rounded = wholePages(buckets);
		this.heads = new Int32Array(rounded);
		this.#lengths = new Uint32Array(rounded);
		this.#scale = rounded / 2 ** 32;
	}

	/** The kernel's buckets. */
	get buckets(): number {
		return this.#lengths.length;
	}

	/** Octets that it takes. */
	get memoryBytes(): number {
		return this.heads.byteLength + this.#lengths.byteLength;
	}

	/** Chain of a hash. */
	chain(hash: number): number {
		return bucketOf(hash, this.#scale);
	}

	/** Chain that a node belongs into. */
	chainOfNode(words: Int32Array, node: number): number {
		return this.chain(hashOfNode(words, node, this.hashedZones));
	}

	/** Hash of a tuple in the zone of a direction. */
	hashIn(tuple: Tuple, zones: number, direction: number): number {
		return tupleHash(
			tuple.source,
			tuple.destination,
			tuple.ports,
			protocolInZone(
				tuple.protocol,
				zoneOf(zones & this.hashedZones, direction),
			),
		);
	}

	/** The kernel's bucket that a chain is a part of. */
	bucketOfChain(chain: number): number {
		return Math.floor(chain / this.chainsPerBucket);
	}

	/** How many nodes hang in the bucket of a chain. */
	lengthAround(chain: number): number {
		return this.#lengths[this.bucketOfChain(chain)] as number;
	}

	/** Hangs a node in front of its chain. */
	link(words: Int32Array, node: number, chain: number): void {
		words[tupleAt(node) + TUPLE_NEXT] = this.heads[chain] as number;
		this.heads[chain] = node;
		this.#count(chain, 1);
	}

	/** Takes a node out of its chain. */
	unlink(words: Int32Array, node: number): void {
		const { heads } = this;
		const chain = this.chainOfNode(words, node);
		this.#count(chain, -1);
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

	/** Another number of buckets (`nf_conntrack_hash_resize`). @param nodes for which there is room */
	resize(words: Int32Array, buckets: number, nodes: number): void {
		const rounded = wholePages(buckets);
		if (rounded === this.buckets) return;
		this.#lengths = new Uint32Array(rounded);
		this.#split(words, this.#chainsFor(nodes));
	}

	/** There is room for more nodes: shorter chains, if these have become too long. */
	splitFor(words: Int32Array, nodes: number): void {
		const chains = this.#chainsFor(nodes);
		if (chains !== this.chainsPerBucket) this.#split(words, chains);
	}

	/** Empties the chains. @param nodes all that hang in them: mostly few, and there are many chains */
	clear(words: Int32Array, nodes: readonly number[]): void {
		if (nodes.length * MANY > this.buckets) {
			this.#empty(this.chainsPerBucket);
			return;
		}
		for (const node of nodes) {
			const chain = this.chainOfNode(words, node);
			this.heads[chain] = 0;
			this.#lengths[this.bucketOfChain(chain)] = 0;
		}
	}

	/**
	 * Puts chains back whose nodes are linked with each other already; there are none in it.
	 * @param saved how many chains there were
	 */
	adopt(
		words: Int32Array,
		nodes: readonly number[],
		saved: Pick<TupleIndex, "buckets" | "chainsPerBucket">,
	): void {
		const { buckets, chainsPerBucket } = saved;
		const isOther = buckets !== this.buckets;
		if (isOther) this.#lengths = new Uint32Array(buckets);
		if (isOther || chainsPerBucket !== this.chainsPerBucket)
			this.#empty(chainsPerBucket);
		// A node knows the next one of its chain: one that is no other's next begins the chain.
		const follows = new Uint8Array((words.length >> ENTRY_SHIFT) * 2);
		for (const node of nodes)
			follows[words[tupleAt(node) + TUPLE_NEXT] as number] = 1;
		for (const node of nodes) {
			const chain = this.chainOfNode(words, node);
			this.#count(chain, 1);
			if (follows[node] === 0) this.heads[chain] = node;
		}
	}

	/** A node came to a chain (1) or left it (-1). */
	#count(chain: number, change: 1 | -1): void {
		const bucket = this.bucketOfChain(chain);
		this.#lengths[bucket] = (this.#lengths[bucket] as number) + change;
	}

	/** How many chains a bucket should be split into, for this number of nodes. */
	#chainsFor(nodes: number): number {
		let chains = 1;
		while (chains * this.buckets < nodes) chains *= 2;
		return chains;
	}

	/** Hangs every node into the chains that there are from now on. */
	#split(words: Int32Array, chainsPerBucket: number): void {
		const before = this.heads;
		this.heads = new Int32Array(0);
		this.#empty(chainsPerBucket);
		for (const head of before) {
			for (let node = head; node !== 0; ) {
				const next = words[tupleAt(node) + TUPLE_NEXT] as number;
				this.link(words, node, this.chainOfNode(words, node));
				node = next;
			}
		}
	}

	#empty(chainsPerBucket: number): void {
		this.chainsPerBucket = chainsPerBucket;
		const chains = this.buckets * chainsPerBucket;
		if (chains === this.heads.length) this.heads.fill(0);
		else this.heads = new Int32Array(chains);
		this.#lengths.fill(0);
		this.#scale = this.heads.length / 2 ** 32;
	}
}

function wholePages(buckets: number): number {
	return Math.ceil(buckets / BUCKETS_PER_PAGE) * BUCKETS_PER_PAGE;
}
