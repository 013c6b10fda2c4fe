/**
 * Chains of nodes by the hash of their tuple. The kernel's table has `nf_conntrack_buckets` buckets,
 * and which entries share one of them shows in two places: early drop, and the greatest length of a
 * chain. Lookups don't care, so each of those buckets is split here into as many shorter chains as
 * keeps them short: a bucket is a range of hashes (`reciprocal_scale`), and so is its half.
 */
import { bucketOf } from "./hash.ts";

/** `nf_ct_alloc_hashtable` fills whole pages of pointers. */
const BUCKETS_PER_PAGE = 512;

export class TupleIndex {
	/** First node of each chain; 0 is none. */
	heads: Int32Array;
	/** Chains in a bucket; a power of two. */
	chainsPerBucket = 1;
	/** Nodes in each bucket. */
	#lengths: Uint32Array;
	#scale: number;

	/** @param buckets `nf_conntrack_buckets` */
	constructor(buckets: number) {
		const rounded = Math.ceil(buckets / BUCKETS_PER_PAGE) * BUCKETS_PER_PAGE;
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

	/** The kernel's bucket that a chain is a part of. */
	bucketOfChain(chain: number): number {
		return Math.floor(chain / this.chainsPerBucket);
	}

	/** How many nodes hang in the bucket of a chain. */
	lengthAround(chain: number): number {
		return this.#lengths[this.bucketOfChain(chain)] as number;
	}

	/** A node came to a chain (1) or left it (-1). */
	count(chain: number, change: 1 | -1): void {
		const bucket = this.bucketOfChain(chain);
		this.#lengths[bucket] = (this.#lengths[bucket] as number) + change;
	}

	/** How many chains a bucket should be split into, for so many nodes. */
	chainsFor(nodes: number): number {
		let chains = 1;
		while (chains * this.buckets < nodes) chains *= 2;
		return chains;
	}

	/** Empties everything, for as many buckets and chains as there were once. */
	clear(buckets: number, chainsPerBucket: number): void {
		if (buckets !== this.buckets) this.#lengths = new Uint32Array(buckets);
		if (buckets * chainsPerBucket === this.heads.length) {
			this.chainsPerBucket = chainsPerBucket;
			this.heads.fill(0);
			this.#lengths.fill(0);
		} else this.split(chainsPerBucket);
	}

	/** Empties everything, to be filled anew with so many chains in a bucket. */
	split(chainsPerBucket: number): void {
		this.chainsPerBucket = chainsPerBucket;
		this.heads = new Int32Array(this.buckets * chainsPerBucket);
		this.#lengths.fill(0);
		this.#scale = this.heads.length / 2 ** 32;
	}
}
