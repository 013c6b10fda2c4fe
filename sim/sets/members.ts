/**
 * The elements of a set of a hash or bitmap type (`mtype_add`, `mtype_del`, `mtype_test` and
 * `mtype_test_cidrs` of ip_set_hash_gen.h and ip_set_bitmap_gen.h, 6.1).
 */

import { UnknownSignal } from "../contract/unknown-signal.ts";
import type { SetQuestion, SkbInfo } from "../extension/host.ts";
import { HZ } from "../kernel.ts";
import {
	HOST_LENGTH,
	isSame,
	type Key,
	keyOf,
	masked,
	type Parts,
} from "./element.ts";
import {
	type Extensions,
	extensionsMatch,
	extensionsOf,
	type Given,
	isExpired,
	overwrite,
	type WithExtensions,
} from "./extensions.ts";
import type { KernelError } from "./ipset-error.ts";
import { hasNets, type SetType } from "./set-types.ts";

/** What a set is made with. */
export interface Header extends WithExtensions {
	readonly type: SetType;
	readonly family: "inet" | "inet6" | "none";
	/** Of hash types. */
	readonly hashsize: number;
	readonly maxelem: number;
	/** `null`: this kernel's sets have none. */
	readonly bucketsize: number | null;
	readonly forceadd: boolean;
	/** Whether an element whose first address is null can be stored. */
	readonly storesNull: boolean;
	/** Signed. */
	readonly markmask: number;
	/** Length of the networks that are stored: hash:ip and bitmap:ip. */
	readonly netmask: number;
	/** Of bitmap types, unsigned. */
	readonly first: number;
	readonly last: number;
	/** Of list:set. */
	readonly size: number;
}

/** An element that is there. */
export interface Member extends Extensions {
	readonly parts: Parts;
	/** Packets that fit it do not match the set. */
	nomatch: boolean;
}

/** Whether something is in a set: `nomatch`: it is, as an exception. */
export type Found = "yes" | "no" | "nomatch";

/** What is looked for, and how. */
export interface Lookup {
	readonly asked: SetQuestion;
	/** In jiffies. */
	readonly now: number;
	/** Octets of the packet that asks; `null`: none does. */
	readonly length: number | null;
	/** Gets what the element that fits has for `--map-set`. */
	map(info: SkbInfo): void;
}

/** How an element is added. */
export interface Adding {
	readonly given: Given;
	/** `-exist`: one that is there is overwritten. */
	readonly exist: boolean;
	readonly nomatch: boolean;
	/** A rule adds it. */
	readonly isRule: boolean;
	readonly now: number;
}

/** AHASH_MAX_TUNED (ip_set_hash_gen.h, 6.1): so many interfaces may one network have. */
const MOST_OF_A_KEY = 64;
/** AHASH_MAX_SIZE. */
const USUAL_BUCKET = 12;

export class Members {
	private readonly header: Header;
	private readonly byKey = new Map<Key, Member[]>();
	private count = 0;
	/** How many there are of each prefix length: of the first network, and of the second. */
	private readonly lengths: readonly [Lengths, Lengths];
	private readonly hasNets: boolean;

	constructor(header: Header) {
		this.header = header;
		this.lengths = [new Lengths(), new Lengths()];
		this.hasNets = hasNets(header.type);
	}

	/** All, those among them whose time is over. */
	*all(): Iterable<Member> {
		for (const members of this.byKey.values()) yield* members;
	}

	/** Is there no element but those whose time is over? */
	isEmpty(now: number): boolean {
		for (const member of this.all()) if (!isExpired(member, now)) return false;
		return true;
	}

	/** `INIT_CIDR`: the length of the networks that a rule adds. */
	lengthToAdd(which: 0 | 1, now: number): number {
		const { timeout } = this.header;
		const isKnown = () => {
			const [length] = this.lengths[which].sorted();
			return (
				timeout === null ||
				length === undefined ||
				this.isLivingLength(which, length, now)
			);
		};
		if (!isKnown()) this.removeExpired(now - mostCollecting(timeout ?? 0));
		if (!isKnown())
			throw new UnknownSignal(
				"which networks a rule adds, where the time of the narrowest one is over, depends on the kernel's garbage collection",
			);
		return this.lengths[which].sorted()[0] ?? HOST_LENGTH;
	}

	/** Has an element this length whose time is not over? */
	private isLivingLength(which: 0 | 1, length: number, now: number): boolean {
		for (const member of this.all()) {
			const { parts } = member;
			const own = which === 0 ? parts.length : parts.length2;
			if (own === length && !isExpired(member, now)) return true;
		}
		return false;
	}

	/** @returns `null` when it is there now */
	add(parts: Parts, adding: Adding): KernelError | null {
		const { header } = this;
		const { now, given, isRule } = adding;
		const isHash = header.type.storage === "hash";
		if (isHash && this.count >= header.maxelem && header.timeout !== null)
			this.removeExpired(now);
		const isFull = isHash && this.count >= header.maxelem;
		const key = keyOf(header.type, parts);
		const bucket = this.byKey.get(key) ?? [];
		const known = bucket.find((one) => isSame(one.parts, parts));
		if (known !== undefined) return this.addAgain(known, adding, isHash);
		if (isFull) {
			if (header.forceadd && this.count > 0)
				throw new UnknownSignal(
					"which element leaves a full set with forceadd is chance in the kernel",
				);
			return "full";
		}
		if (bucket.length >= MOST_OF_A_KEY) return "full";
		if (isHash && isRule) this.mustHaveRoom();
		if (bucket.length === 0) this.byKey.set(key, bucket);
		const extensions = extensionsOf(given, header, now);
		bucket.push({ ...extensions, parts, nomatch: adding.nomatch });
		this.counted(parts, 1);
		return null;
	}

	/** Where the element is there, and its time may be over. */
	private addAgain(
		known: Member,
		{ given, exist, nomatch, isRule, now }: Adding,
		isHash: boolean,
	): KernelError | null {
		const wasExpired = isExpired(known, now);
		if (!exist && !wasExpired) return "added";
		// Garbage collection may have taken it by now, and its comment with it.
		if (isHash && isRule && wasExpired && known.comment !== "")
			throw new UnknownSignal(
				"whether an element whose time is over still has its comment depends on the kernel's garbage collection",
			);
		overwrite(known, given, this.header, now);
		if (!isRule || !isHash) known.comment = given.comment ?? "";
		known.nomatch = nomatch;
		return null;
	}

	/** @returns `null` when it is gone now */
	remove(parts: Parts, now: number): KernelError | null {
		const key = keyOf(this.header.type, parts);
		const bucket = this.byKey.get(key) ?? [];
		const index = bucket.findIndex((one) => isSame(one.parts, parts));
		const member = bucket[index];
		if (member === undefined) return "not-added";
		const wasExpired = isExpired(member, now);
		// A bitmap's is taken out all the same, a hash's with the garbage: neither can be seen.
		if (wasExpired) return "not-added";
		this.take(key, bucket, index);
		return null;
	}

	/** Of a host, networks of all lengths are tried, the longest first. */
	test(parts: Parts, lookup: Lookup): Found {
		const isHost =
			parts.length === HOST_LENGTH && parts.length2 === HOST_LENGTH;
		if (!this.hasNets || !isHost) {
			const bucket = this.byKey.get(keyOf(this.header.type, parts));
			return bucket === undefined
				? "no"
				: this.testBucket(bucket, parts, lookup).found;
		}
		for (const narrower of this.narrower(parts)) {
			const bucket = this.byKey.get(keyOf(this.header.type, narrower));
			if (bucket === undefined) continue;
			const { found, stops } = this.testBucket(bucket, narrower, lookup);
			if (found !== "no" || stops) return found;
		}
		return "no";
	}

	clear(): void {
		this.byKey.clear();
		this.count = 0;
		for (const lengths of this.lengths) lengths.clear();
	}

	/** Puts back what `all` gave. */
	fill(members: Iterable<Member>): void {
		this.clear();
		for (const member of members) {
			const key = keyOf(this.header.type, member.parts);
			const bucket = this.byKey.get(key);
			if (bucket === undefined) this.byKey.set(key, [{ ...member }]);
			else bucket.push({ ...member });
			this.counted(member.parts, 1);
		}
	}

	/**
	 * Elements of one key, in order. An interface that is not among those of a network ends the search: networks
	 * that hold it are not looked at (`multi`, ip_set_hash_netiface.c, 6.1).
	 */
	private testBucket(
		bucket: readonly Member[],
		parts: Parts,
		{ asked, now, length, map }: Lookup,
	): { readonly found: Found; readonly stops: boolean } {
		const { counters, skbinfo, type } = this.header;
		let stops = false;
		for (const member of bucket) {
			stops = type.name === "hash:net,iface";
			if (!isSame(member.parts, parts)) continue;
			if (extensionsMatch(member, asked, { now, length, counters })) {
				if (skbinfo) map(member.skbinfo);
				return { found: member.nomatch ? "nomatch" : "yes", stops: true };
			}
			stops = false;
		}
		return { found: "no", stops };
	}

	/** The networks that an element may be in, by the lengths that there are. */
	private *narrower(parts: Parts): Iterable<Parts> {
		const { type } = this.header;
		const hasSecond = type.parts.includes("net2");
		if (type.parts.includes("net"))
			for (const length of this.lengths[0].sorted()) {
				const first = { ...parts, ip: masked(parts.ip, length), length };
				if (hasSecond) yield* this.narrowerSecond(first);
				else yield first;
			}
		else yield* this.narrowerSecond(parts);
	}

	private *narrowerSecond(parts: Parts): Iterable<Parts> {
		for (const length2 of this.lengths[1].sorted())
			yield { ...parts, ip2: masked(parts.ip2, length2), length2 };
	}

	private removeExpired(now: number): void {
		for (const [key, bucket] of [...this.byKey])
			for (let index = bucket.length - 1; index >= 0; index--)
				if (isExpired(bucket[index] as Member, now))
					this.take(key, bucket, index);
	}

	private take(key: Key, bucket: Member[], index: number): void {
		const [member] = bucket.splice(index, 1);
		if (bucket.length === 0) this.byKey.delete(key);
		if (member !== undefined) this.counted(member.parts, -1);
	}

	private counted(parts: Parts, by: 1 | -1): void {
		this.count += by;
		if (!this.hasNets) return;
		this.lengths[0].count(parts.length, by);
		this.lengths[1].count(parts.length2, by);
	}

	/**
	 * A rule does not make the table of hashes greater: where its bucket is full, an element is not added
	 * (`mtype_add` returns EAGAIN). Hashes begin with a random number, so this is known while few are there.
	 */
	private mustHaveRoom(): void {
		const { bucketsize: given, hashsize } = this.header;
		const bucketsize = given ?? USUAL_BUCKET;
		const isSafe =
			this.count < bucketsize ||
			(bucketsize === USUAL_BUCKET && this.count < 2 * hashsize);
		if (!isSafe)
			throw new UnknownSignal(
				"whether a rule can add to a set of this many elements is chance in the kernel; make the set with a greater hashsize",
			);
	}
}

/**
 * So long at most an element is still there when its time is over: garbage collection comes every third of the set's
 * timeout, every 180 s at most (`IPSET_GC_PERIOD`, ip_set.h; `mtype_gc`, ip_set_hash_gen.h, 6.1), by a timer that
 * is up to an eighth late. @returns jiffies
 */
function mostCollecting(timeoutS: number): number {
	const periodS = Math.min(Math.trunc(timeoutS / 3) || 1, 180);
	return Math.ceil(((periodS * 9) / 8 + 1) * HZ);
}

/** Prefix lengths of networks, each with how many have it. */
class Lengths {
	private readonly counts = new Map<number, number>();
	private order: readonly number[] | null = null;

	count(length: number, by: 1 | -1): void {
		const count = (this.counts.get(length) ?? 0) + by;
		if (count === 0) this.counts.delete(length);
		else this.counts.set(length, count);
		this.order = null;
	}

	/** The longest first. */
	sorted(): readonly number[] {
		this.order ??= [...this.counts.keys()].sort((a, b) => b - a);
		return this.order;
	}

	clear(): void {
		this.counts.clear();
		this.order = null;
	}
}
