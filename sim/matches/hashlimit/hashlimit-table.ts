import { HZ } from "../../kernel.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import type { Stateful } from "../../stateful.ts";
import { jiffies, jiffiesOfMs } from "../shared/jiffies.ts";
import { type HashlimitOptions, hashlimitKey } from "./hashlimit-key.ts";

/** XT_HASHLIMIT_SCALE_v2. */
export const RATE_SCALE = 1_000_000;

/** CREDITS_PER_JIFFY of xt_hashlimit.c (6.1) with this HZ: 64 bits wide, like the credit itself. */
const CREDITS_PER_JIFFY = 1n << 39n;
const CREDITS_PER_UNIT = (BigInt(HZ) * CREDITS_PER_JIFFY) / BigInt(RATE_SCALE);

/** CREDITS_PER_JIFFY_BYTES. */
const BYTE_CREDITS_PER_JIFFY = 1 << 24;
const BYTE_CREDITS = BYTE_CREDITS_PER_JIFFY * HZ;

/** Buckets of a machine with more than 1 GB, and HASHLIMIT_MAX_SIZE. */
const DEFAULT_SIZE = 8192;
const GREATEST_SIZE = 1_048_576;

/** `user2credits`, which wraps at 64 bits. */
export function packetCredits(time: bigint): bigint {
	return BigInt.asUintN(64, BigInt.asUintN(64, time) * CREDITS_PER_UNIT);
}

/** `user2credits_byte`. */
export function byteCredits(cost: number): number {
	return Math.floor((cost * HZ) / 256);
}

/** `user2rate_bytes` and iptables' `cost_to_bytes`: octets per second. */
export function bytesPerSecond(cost: number): number {
	const pieces = cost === 0 ? 0xffffffff : Math.floor(0xffffffff / cost);
	return (pieces - 1) * 16;
}

interface Bucket {
	expires: number;
	last: number;
	/** Packets: what they cost in credits. */
	credit: bigint;
	/** Octets: the credit, and how often it will be filled up again. */
	byteCredit: number;
	refills: number;
	/** For `rateMatch`: what came in this interval, and whether the one before was too much. */
	current: number;
	wasOver: boolean;
}

/**
 * A table of `-m hashlimit`: `struct xt_hashlimit_htable` of xt_hashlimit.c (6.1). A class, since it
 * outlives the rules that share it; how it counts is up to the rule that made it.
 */
export class HashlimitTable
	implements Stateful<ReadonlyMap<number | string, Bucket>>
{
	private readonly options: HashlimitOptions;
	private readonly keyOf: (skb: Skb) => number | string | null;
	private buckets = new Map<number | string, Bucket>();
	private readonly most: number;
	private readonly madeAt: number;
	private readonly gcInterval: number;
	private readonly expire: number;
	private readonly cost: bigint;
	private readonly full: bigint;
	private readonly byteCost: number;
	private readonly rate: number;
	private readonly rateBurst: number;

	constructor(
		options: HashlimitOptions,
		nowMs: number,
		behaviour: Pick<Behaviour, "portsOfFragments">,
	) {
		this.options = options;
		this.keyOf = hashlimitKey(options, behaviour);
		this.madeAt = jiffies(nowMs);
		this.gcInterval = Math.max(1, jiffiesOfMs(options.gcIntervalMs));
		this.expire = jiffiesOfMs(options.expireMs);
		const size = Math.min(options.size, GREATEST_SIZE) || DEFAULT_SIZE;
		const max = Math.min(options.max, GREATEST_SIZE);
		this.most = max === 0 ? 8 * size : Math.max(max, size);
		const { average, burst, bytes } = options;
		const period = BigInt(average);
		this.cost = packetCredits(period);
		this.full = packetCredits(period * BigInt(burst));
		this.byteCost = byteCredits(average);
		this.rate = bytes
			? bytesPerSecond(average)
			: Math.floor(RATE_SCALE / average);
		this.rateBurst = bytes ? (burst || 1) * this.rate : burst + this.rate;
	}

	/**
	 * Counts a packet. What is counted is the calling rule's affair.
	 * @returns whether it is below the limit; `null` when it must be dropped
	 */
	takes(skb: Skb, rule: HashlimitOptions, nowMs: number): boolean | null {
		const key = this.keyOf(skb);
		if (key === null) return null;
		const now = jiffies(nowMs);
		const bucket = this.find(key, now);
		if (!bucket) return null;
		bucket.expires = now + this.expire;
		if (rule.rateMatch)
			return this.measure(bucket, rule.bytes ? skb.length : 1);
		return rule.bytes
			? this.payForBytes(bucket, skb.length)
			: this.payForPacket(bucket);
	}

	save(): ReadonlyMap<number | string, Bucket> {
		return copied(this.buckets);
	}

	restore(saved: ReadonlyMap<number | string, Bucket>): void {
		this.buckets = copied(saved);
	}

	/** The rule that made the table may be gone; its collector comes in intervals from that moment on. */
	seen(): unknown {
		const { options, madeAt, buckets } = this;
		return { options, madeAt, buckets };
	}

	private find(key: number | string, now: number): Bucket | null {
		const known = this.buckets.get(key);
		if (known && !this.isCollected(known, now)) {
			this.earn(known, now);
			return known;
		}
		if (known) this.buckets.delete(key);
		if (this.buckets.size >= this.most) this.collect(now);
		if (this.buckets.size >= this.most) return null;
		const bucket: Bucket = {
			expires: now,
			last: now,
			credit: this.full,
			byteCredit: BYTE_CREDITS,
			refills: this.options.burst,
			current: 0,
			wasOver: false,
		};
		this.buckets.set(key, bucket);
		return bucket;
	}

	/** Has the collector come by since the bucket expired? It comes in even intervals. */
	private isCollected(bucket: Bucket, now: number): boolean {
		const rounds = Math.floor((now - this.madeAt) / this.gcInterval);
		return this.madeAt + rounds * this.gcInterval >= bucket.expires;
	}

	private collect(now: number): void {
		for (const [key, bucket] of this.buckets)
			if (this.isCollected(bucket, now)) this.buckets.delete(key);
	}

	/** `rateinfo_recalc`. */
	private earn(bucket: Bucket, now: number): void {
		const ticks = now - bucket.last;
		if (ticks === 0) return;
		const { rateMatch, bytes, intervalSeconds } = this.options;
		if (rateMatch) {
			const interval = intervalSeconds * HZ;
			if (ticks < interval) return;
			bucket.wasOver = bucket.current * interval > ticks * this.rate;
			bucket.current = 0;
		} else if (bytes) {
			bucket.byteCredit = Math.min(
				bucket.byteCredit + BYTE_CREDITS_PER_JIFFY * ticks,
				BYTE_CREDITS,
			);
		} else {
			const earned = bucket.credit + CREDITS_PER_JIFFY * BigInt(ticks);
			bucket.credit = earned > this.full ? this.full : earned;
		}
		bucket.last = now;
	}

	private measure(bucket: Bucket, amount: number): boolean {
		bucket.current += amount;
		return !bucket.wasOver && bucket.current <= this.rateBurst;
	}

	private payForPacket(bucket: Bucket): boolean {
		if (bucket.credit < this.cost) return false;
		bucket.credit -= this.cost;
		return true;
	}

	/** `hashlimit_byte_cost`: counted in pieces of 16 octets, one more than there are whole ones. */
	private payForBytes(bucket: Bucket, length: number): boolean {
		const pieces = (length >>> 4) + 1;
		const cost = Math.min(pieces * this.byteCost, BYTE_CREDITS);
		if (bucket.byteCredit < cost && bucket.refills > 0) {
			bucket.refills--;
			bucket.byteCredit = BYTE_CREDITS;
		}
		if (bucket.byteCredit < cost) return false;
		bucket.byteCredit -= cost;
		return true;
	}
}

function copied<Key>(buckets: ReadonlyMap<Key, Bucket>): Map<Key, Bucket> {
	return new Map([...buckets].map(([key, bucket]) => [key, { ...bucket }]));
}
