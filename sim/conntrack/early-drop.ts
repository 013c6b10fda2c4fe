/**
 * What happens when the table is full (`early_drop`, `gc_worker`, net/netfilter/nf_conntrack_core.c,
 * 6.1).
 *
 * Literally as in the kernel: the new entry's bucket and the seven behind it are searched, and in
 * the first of them that holds any entry that is not ASSURED, all such entries go. Which entries
 * share a bucket depends in the kernel on a hash seed drawn at boot, so *which* connections suffer is
 * chance there; the model has its own fixed hash, so a run shows one of the possible outcomes. Whoever
 * knows which ones went says so (`Choice.evict`).
 */

import type { Choice } from "../chance/choice.ts";
import { UnknownSignal } from "../contract/unknown-signal.ts";
import { HZ, SCTP } from "../kernel.ts";
import { type Behaviour, notFollowed } from "../linux/behaviour.ts";
import { NOT_FOLLOWED } from "../linux/difference.ts";
import { TCP } from "../packet/packet.ts";
import type { Stateful } from "../stateful.ts";
import { lineOf } from "./lines.ts";
import { isSctpClosing } from "./sctp.ts";
import type { Confirming } from "./table/confirm.ts";
import {
	ENTRY_SHIFT,
	PROTOCOL,
	STATUS,
	TIMEOUT,
	TUPLE_NEXT,
	tupleAt,
} from "./table/layout.ts";
import { IPS_ASSURED } from "./table/status.ts";
import type { EntryTable } from "./table/table.ts";
import { isClosing } from "./tcp/special-cases.ts";
import type { TcpTracker } from "./tcp/tcp.ts";

/** NF_CT_EVICTION_RANGE */
const BUCKETS_SEARCHED = 8;

/** Makes room where there is none. @returns false when nothing near the new entry's bucket may be dropped */
function earlyDrop(table: EntryTable, hash: number): boolean {
	const { index } = table;
	let bucket = index.bucketOfChain(index.chain(hash));
	for (let searched = 0; searched < BUCKETS_SEARCHED; searched++) {
		if (dropBucket(table, bucket)) return true;
		bucket = (bucket + 1) % index.buckets;
	}
	return false;
}

export function isFull({ count }: EntryTable, maxEntries: number): boolean {
	return maxEntries !== 0 && count >= maxEntries;
}

/**
 * Is the table full, and one of those in it could go for whoever comes next? Whether one is found, and
 * which, is chance in a kernel.
 */
export function dropsByChance(table: EntryTable, maxEntries: number): boolean {
	return isFull(table, maxEntries) && unassured(table).length > 0;
}

/** Entries that may go before their time. */
function unassured(table: EntryTable): readonly number[] {
	const entries: number[] = [];
	for (let entry = 1; entry < table.used; entry++) {
		const status = table.words[(entry << ENTRY_SHIFT) + STATUS] as number;
		if (table.isListed(entry) && (status & IPS_ASSURED) === 0)
			entries.push(entry);
	}
	return entries;
}

function dropBucket(table: EntryTable, bucket: number): boolean {
	const { chainsPerBucket } = table.index;
	const first = bucket * chainsPerBucket;
	let dropped = false;
	for (let chain = first; chain < first + chainsPerBucket; chain++)
		if (dropChain(table, chain)) dropped = true;
	return dropped;
}

function dropChain(table: EntryTable, chain: number): boolean {
	const { heads } = table.index;
	let dropped = false;
	let node = heads[chain] as number;
	while (node !== 0) {
		const entry = node >> 1;
		const status = table.words[(entry << ENTRY_SHIFT) + STATUS] as number;
		const expired = table.isExpired(entry);
		if (!expired && (status & IPS_ASSURED) !== 0) {
			node = table.words[tupleAt(node) + TUPLE_NEXT] as number;
			continue;
		}
		// An expired one goes too, but makes no room in the kernel's eyes.
		if (!expired) dropped = true;
		table.kill(entry);
		// Both of its nodes may have hung here, so the chain is looked at anew.
		node = heads[chain] as number;
	}
	return dropped;
}

// GC_SCAN_INTERVAL_*, GC_SCAN_INITIAL_COUNT
const LONGEST_INTERVAL = 60 * HZ;
const SHORTEST_INTERVAL = HZ;
const COUNTED_TIMEOUT = 300 * HZ;
const INITIAL_COUNT = 100;

/**
 * The kernel's garbage collector. It runs by itself there, after intervals that follow the average
 * of the timeouts it saw (1 to 60 s). Nobody sees an expired entry, so it matters only to new ones:
 * here it runs with the first new entry after its time has come.
 */
interface SavedCollector {
	readonly nextRun: number;
	readonly pressed: boolean;
}

export class Collector implements Stateful<SavedCollector> {
	readonly #table: EntryTable;
	readonly #tcp: TcpTracker;
	readonly #choice: Choice;
	readonly #behaviour: Behaviour;
	#nextRun = 0;
	/** The table was full and nothing could be dropped: closing connections go too, next time. */
	#pressed = false;

	constructor(
		table: EntryTable,
		tcp: TcpTracker,
		{ choice, behaviour }: Confirming,
	) {
		this.#behaviour = behaviour;
		this.#table = table;
		this.#tcp = tcp;
		this.#choice = choice;
	}

	save(): SavedCollector {
		return { nextRun: this.#nextRun, pressed: this.#pressed };
	}

	restore({ nextRun, pressed }: SavedCollector): void {
		this.#nextRun = nextRun;
		this.#pressed = pressed;
	}

	/** Makes room for a new entry with this hash in a table that is full. @returns whether there is any */
	makeRoom(hash: number): boolean {
		const made = this.#evictChosen() ?? earlyDrop(this.#table, hash);
		if (!made) this.#pressed = true;
		return made;
	}

	/** @returns whether there is room now; `null` when nobody says who goes */
	#evictChosen(): boolean | null {
		const choice = this.#choice;
		if (choice.evict === undefined) return null;
		const entries = unassured(this.#table);
		if (entries.length === 0) return null;
		const gone = choice.evict(
			entries.map((entry) => lineOf(this.#table, entry, "")),
		);
		if (gone === null) return null;
		for (const index of gone) this.#table.kill(entries[index] as number);
		return gone.length > 0;
	}

	/** Runs if it is time. @param maxEntries `nf_conntrack_max` */
	runIfDue(maxEntries: number): void {
		const { now } = this.#table;
		if (((now - this.#nextRun) | 0) < 0) return;
		if (this.#pressed && this.#behaviour.crowdedTable === NOT_FOLLOWED)
			throw new UnknownSignal(notFollowed("crowdedTable"));
		this.#nextRun = now + this.#run(maxEntries);
		this.#pressed = false;
	}

	/** @returns jiffies until the next run */
	#run(maxEntries: number): number {
		const table = this.#table;
		const { words, now } = table;
		const enough = Math.floor(maxEntries / 100) * 95;
		let average = LONGEST_INTERVAL;
		let seen = INITIAL_COUNT;
		for (let entry = 1; entry < table.used; entry++) {
			if (!table.isConfirmed(entry)) continue;
			if (table.isExpired(entry)) {
				table.kill(entry);
				continue;
			}
			const left =
				((words[(entry << ENTRY_SHIFT) + TIMEOUT] as number) - now) | 0;
			const counted = Math.min(
				Math.max(left, SHORTEST_INTERVAL),
				COUNTED_TIMEOUT,
			);
			seen++;
			average += Math.trunc((counted - average) / seen);
			if (this.#pressed && table.count >= enough && this.#mayGo(entry)) {
				this.#choice.unseen?.("collector");
				table.kill(entry);
			}
		}
		return Math.min(Math.max(average, SHORTEST_INTERVAL), LONGEST_INTERVAL);
	}

	/** `gc_worker_can_early_drop` */
	#mayGo(entry: number): boolean {
		const { words } = this.#table;
		const at = entry << ENTRY_SHIFT;
		if (((words[at + STATUS] as number) & IPS_ASSURED) === 0) return true;
		const protocol = (words[at + PROTOCOL] as number) & 0xff;
		return protocol === SCTP
			? isSctpClosing(this.#table, entry)
			: protocol === TCP && isClosing(this.#tcp.state(entry));
	}
}

/** Removes everything that has expired. */
export function purgeExpired(table: EntryTable): void {
	for (let entry = 1; entry < table.used; entry++)
		if (table.isConfirmed(entry) && table.isExpired(entry)) table.kill(entry);
}
