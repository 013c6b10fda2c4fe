import { HZ } from "../../kernel.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import type { Address } from "../../packet/packet.ts";
import type { Stateful } from "../../stateful.ts";
import { jiffies } from "../shared/jiffies.ts";

/** An address that was seen, and when. */
interface RecentEntry {
	readonly address: Address;
	ttl: number;
	/** A ring of jiffies. */
	readonly stamps: number[];
	/** Where the next stamp goes, an octet. */
	index: number;
	/** How many stamps there are. */
	count: number;
}

interface SavedRecentList {
	readonly stampMask: number;
	/** The one that was touched last is the last one. */
	readonly entries: readonly RecentEntry[];
}

/** Module parameter `ip_list_tot`, at its default. */
const MOST_ENTRIES = 100;
/** Stamps of an entry when nobody asks for a hit count, less one. */
const DEFAULT_STAMP_MASK = 31;

/**
 * A list of `-m recent`: `struct recent_table` of xt_recent.c (6.1). A class, since its state outlives
 * the rules that share it.
 */
export class RecentList implements Stateful<SavedRecentList> {
	/** Of the rule that made the list; those of later ones are not asked. */
	readonly mask: Address;
	/** A rule has put addresses into it since the list was made, or would. */
	isFilled = false;
	/** The entry that was touched last is the last one. */
	private readonly entries = new Map<Address, RecentEntry>();
	private stampMask = 0;
	/** An index has as many bits as the greatest hit count. */
	private readonly indexMask: number;

	constructor(
		mask: Address,
		{ greatestHitcount }: Pick<Behaviour, "greatestHitcount">,
	) {
		this.mask = mask;
		this.indexMask = greatestHitcount;
	}

	save(): SavedRecentList {
		const { stampMask } = this;
		return { stampMask, entries: [...this.entries.values()].map(copied) };
	}

	restore({ stampMask, entries }: SavedRecentList): void {
		this.stampMask = stampMask;
		this.entries.clear();
		for (const entry of entries) this.entries.set(entry.address, copied(entry));
	}

	/** The rule that gave the list its mask may be gone. */
	seen(): unknown {
		return { mask: this.mask, ...this.save() };
	}

	/** A rule that needs more stamps than the list keeps empties it. */
	keepStamps(hitcount: number): void {
		const stampMask =
			hitcount === 0
				? DEFAULT_STAMP_MASK
				: 2 ** Math.ceil(Math.log2(hitcount)) - 1;
		if (stampMask <= this.stampMask) return;
		this.entries.clear();
		this.stampMask = stampMask;
	}

	/** @param ttl 0: does not matter */
	find(address: Address, ttl: number): RecentEntry | null {
		const entry = this.entries.get(address);
		if (!entry) return null;
		const fits = ttl === entry.ttl || ttl === 0 || entry.ttl === 0;
		return fits ? entry : null;
	}

	add(address: Address, ttl: number, nowMs: number): void {
		if (this.entries.size >= MOST_ENTRIES) {
			const [oldest] = this.entries.values();
			if (oldest) this.remove(oldest);
		}
		const stamps = [jiffies(nowMs)];
		this.entries.set(address, { address, ttl, stamps, index: 1, count: 1 });
	}

	remove(entry: RecentEntry): void {
		this.entries.delete(entry.address);
	}

	/** Notes that the address was seen again. */
	touch(entry: RecentEntry, ttl: number, nowMs: number): void {
		entry.index &= this.stampMask;
		entry.stamps[entry.index] = jiffies(nowMs);
		entry.index = (entry.index + 1) & this.indexMask;
		if (entry.index > entry.count) entry.count = entry.index;
		entry.ttl = ttl;
		this.entries.delete(entry.address);
		this.entries.set(entry.address, entry);
	}

	/** Was the address seen `hitcount` times within the last `seconds`? 0 does not ask. */
	wasHit(
		entry: RecentEntry,
		seconds: number,
		hitcount: number,
		nowMs: number,
	): boolean {
		const since = sinceOf(seconds, nowMs);
		let hits = 0;
		for (let index = 0; index < entry.count; index++) {
			if (seconds !== 0 && since > (entry.stamps[index] ?? 0)) continue;
			if (hitcount === 0 || ++hits >= hitcount) return true;
		}
		return false;
	}

	/** Drops the entry that was touched longest ago if that is too long ago, but not `working`. */
	reap(seconds: number, nowMs: number, working: RecentEntry | null): void {
		const [oldest] = this.entries.values();
		if (!oldest || oldest === working) return;
		const last = oldest.stamps[(oldest.index - 1) & this.indexMask] ?? 0;
		if (sinceOf(seconds, nowMs) > last) this.remove(oldest);
	}
}

function copied(entry: RecentEntry): RecentEntry {
	return { ...entry, stamps: [...entry.stamps] };
}

/** In 32 bits, as the kernel multiplies. */
function sinceOf(seconds: number, nowMs: number): number {
	return jiffies(nowMs) - (Math.imul(seconds, HZ) >>> 0);
}
