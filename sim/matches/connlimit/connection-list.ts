import { IPS_ASSURED, IPS_CONFIRMED } from "../../conntrack/table/status.ts";
import type { ConnectionKey, ExtensionHost } from "../../extension/host.ts";
import { NO_ENTRY } from "../../packet/skb/skb.ts";
import type { Stateful } from "../../stateful.ts";
import { jiffies } from "../shared/jiffies.ts";

/**
 * Of how many dead connections a packet clears the list at most: CONNCOUNT_GC_MAX_COLLECT, or
 * CONNCOUNT_GC_MAX_NODES where each packet clears it (5.10).
 */
const MOST_COLLECTED = 64;
const MOST_COLLECTED_EACH = 8;

/** What a rule with `-m connlimit` remembers: a list for each address, or each zone and address. */
export class ConnectionLists
	implements Stateful<ReadonlyMap<number, SavedList>>
{
	private readonly ports: ExtensionHost;
	private readonly lists = new Map<number, ConnectionList>();

	constructor(ports: ExtensionHost) {
		this.ports = ports;
	}

	of(key: number): ConnectionList {
		let list = this.lists.get(key);
		if (list === undefined) {
			list = new ConnectionList(this.ports);
			this.lists.set(key, list);
		}
		return list;
	}

	save(): ReadonlyMap<number, SavedList> {
		return new Map([...this.lists].map(([key, list]) => [key, list.save()]));
	}

	restore(saved: ReadonlyMap<number, SavedList>): void {
		this.lists.clear();
		for (const [key, list] of saved) this.of(key).restore(list);
	}
}

interface SavedList {
	readonly counted: readonly ConnectionKey[];
	readonly isNew: boolean;
	readonly collectedAt: number;
	readonly collectedCount: number;
}

/**
 * The connections of one address: `struct nf_conncount_list` of nf_conncount.c (6.1.192), on a machine
 * with one processor. Dead ones leave it only when a packet comes by.
 */
class ConnectionList implements Stateful<SavedList> {
	private readonly ports: ExtensionHost;
	/** Each packet clears it, however late. */
	private readonly clearsAlways: boolean;
	private readonly most: number;
	/** Connections that were counted. */
	private counted: ConnectionKey[] = [];
	private isNew = true;
	/** When dead connections were last looked for, and how many there were then. */
	private collectedAt = 0;
	private collectedCount = 0;

	constructor(ports: ExtensionHost) {
		this.ports = ports;
		this.clearsAlways = ports.behaviour.connlimitClears === "each packet";
		this.most = this.clearsAlways ? MOST_COLLECTED_EACH : MOST_COLLECTED;
	}

	/**
	 * Counts the connection of a packet.
	 * @returns how many there are; 0 when an assured one comes upon an empty list, which drops it
	 */
	count(entry: number): number {
		const now = jiffies(this.ports.nowMs());
		if (this.isNew) {
			// The first packet of an address is counted whatever it is.
			this.isNew = false;
			this.collectedAt = now;
			this.add(entry);
			return 1;
		}
		if (this.clearsAlways) {
			if (!this.collect(entry, now)) this.add(entry);
			return this.counted.length;
		}
		const status = this.ports.conntrack.status(entry);
		const confirmed = (status & IPS_CONFIRMED) !== 0;
		if (confirmed && (status & IPS_ASSURED) !== 0) {
			// It was counted when it began.
			this.noteTick(now);
			if (now !== this.collectedAt) this.collect(null, now);
			return this.counted.length;
		}
		if (!confirmed) this.noteTick(now);
		const collectedJustNow =
			now === this.collectedAt &&
			this.counted.length - this.collectedCount < MOST_COLLECTED;
		if (!confirmed && collectedJustNow) this.add(entry);
		else if (!this.collect(entry, now)) this.add(entry);
		return this.counted.length;
	}

	/** Whether a packet that comes close behind another one is counted before or after dead ones are dropped. */
	private noteTick(now: number): void {
		const { choice, conntrack } = this.ports;
		if (now - this.collectedAt > 1) return;
		const isDead = (one: ConnectionKey) => {
			const entry = conntrack.peek(one);
			return entry === NO_ENTRY || this.isClosed(entry);
		};
		if (this.counted.some(isDead)) choice.unseen?.("tick");
	}

	save(): SavedList {
		const { counted, isNew, collectedAt, collectedCount } = this;
		return { counted: [...counted], isNew, collectedAt, collectedCount };
	}

	restore({ counted, isNew, collectedAt, collectedCount }: SavedList): void {
		this.counted = [...counted];
		this.isNew = isNew;
		this.collectedAt = collectedAt;
		this.collectedCount = collectedCount;
	}

	private add(entry: number): void {
		this.counted.push(this.keyOf(entry));
	}

	private keyOf(entry: number): ConnectionKey {
		const { conntrack } = this.ports;
		return {
			protocol: conntrack.protocol(entry),
			source: conntrack.source(entry, "original"),
			destination: conntrack.destination(entry, "original"),
			sourcePort: conntrack.sourcePort(entry, "original"),
			destinationPort: conntrack.destinationPort(entry, "original"),
			originalZone: conntrack.zone(entry, "original"),
			replyZone: conntrack.zone(entry, "reply"),
		};
	}

	/**
	 * Drops what is no longer in the table, or is closed.
	 * @param looked an entry that stops the search when it is found
	 * @returns whether it was found
	 */
	private collect(looked: number | null, now: number): boolean {
		const { conntrack } = this.ports;
		const wanted = looked === null ? null : this.keyOf(looked);
		const kept: ConnectionKey[] = [];
		let collected = 0;
		let found = false;
		for (const one of this.counted) {
			if (found || collected > this.most) {
				kept.push(one);
				continue;
			}
			const entry = conntrack.find(one);
			if (entry === NO_ENTRY) {
				collected++;
				continue;
			}
			found = wanted !== null && isSame(one, wanted);
			if (!found && this.isClosed(entry)) {
				collected++;
				continue;
			}
			kept.push(one);
		}
		this.counted = kept;
		if (found) return true;
		this.collectedAt = now;
		this.collectedCount = kept.length;
		return false;
	}

	/** `already_closed`: other protocols have no such state. */
	private isClosed(entry: number): boolean {
		const state = this.ports.conntrack.tcpState(entry);
		return state === "TIME_WAIT" || state === "CLOSE";
	}
}

function isSame(a: ConnectionKey, b: ConnectionKey): boolean {
	return (
		a.protocol === b.protocol &&
		a.source === b.source &&
		a.destination === b.destination &&
		a.sourcePort === b.sourcePort &&
		a.destinationPort === b.destinationPort &&
		a.originalZone === b.originalZone
	);
}
