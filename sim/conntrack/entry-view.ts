/** Entries as matches and targets see them. */
import { TCP_STATE_NAMES } from "../contract/tcp-state-name.ts";
import type {
	ConnectionKey,
	ConntrackApi,
	Direction,
} from "../extension/host.ts";
import { HZ, SCTP } from "../kernel.ts";
import { TCP } from "../packet/packet.ts";
import { NO_ENTRY } from "../packet/skb/skb.ts";
import { sctpStateName } from "./sctp.ts";
import {
	ENTRY_SHIFT,
	KERNEL_STATUS_MASK,
	MARK,
	ORIGINAL,
	PROTOCOL,
	REPLY,
	REPLY_TUPLE,
	STATUS,
	TCP_STATE_BYTE,
	TIMEOUT,
	TUPLE_DESTINATION,
	TUPLE_PORTS,
	TUPLE_SOURCE,
	ZONES,
	zoneOf,
} from "./table/layout.ts";
import { IPS_CONFIRMED } from "./table/status.ts";
import type { EntryTable } from "./table/table.ts";

const JIFFIES_PER_MS = HZ / 1000;

export class EntryView implements ConntrackApi {
	/** A rule needs counters: they stay on, whatever the sysctl says. */
	countsTraffic = false;
	readonly #table: EntryTable;
	readonly #clock: { readonly nowMs: number };

	constructor(table: EntryTable, clock: { readonly nowMs: number }) {
		this.#table = table;
		this.#clock = clock;
	}

	mark(entry: number): number {
		return this.#table.words[(entry << ENTRY_SHIFT) + MARK] as number;
	}

	setMark(entry: number, mark: number): void {
		this.#table.words[(entry << ENTRY_SHIFT) + MARK] = mark;
	}

	status(entry: number): number {
		return (
			(this.#table.words[(entry << ENTRY_SHIFT) + STATUS] as number) &
			KERNEL_STATUS_MASK
		);
	}

	remainingSeconds(entry: number): number {
		const at = entry << ENTRY_SHIFT;
		const { words } = this.#table;
		if (((words[at + STATUS] as number) & IPS_CONFIRMED) === 0) return 0;
		this.setNow();
		const left = ((words[at + TIMEOUT] as number) - this.#table.now) | 0;
		return Math.floor(Math.max(left, 0) / HZ);
	}

	protocol(entry: number): number {
		return (
			(this.#table.words[(entry << ENTRY_SHIFT) + PROTOCOL] as number) & 0xff
		);
	}

	zone(entry: number, direction: Direction): number {
		const zones = this.#table.words[(entry << ENTRY_SHIFT) + ZONES] as number;
		return zoneOf(zones, direction === "original" ? ORIGINAL : REPLY);
	}

	source(entry: number, direction: Direction): number {
		return this.#tupleWord(entry, direction, TUPLE_SOURCE);
	}

	destination(entry: number, direction: Direction): number {
		return this.#tupleWord(entry, direction, TUPLE_DESTINATION);
	}

	sourcePort(entry: number, direction: Direction): number {
		return this.#tupleWord(entry, direction, TUPLE_PORTS) >>> 16;
	}

	destinationPort(entry: number, direction: Direction): number {
		return this.#tupleWord(entry, direction, TUPLE_PORTS) & 0xffff;
	}

	countTraffic(): void {
		this.countsTraffic = true;
		this.#table.allocateCounters();
	}

	hasLabel(entry: number, label: number): boolean | null {
		const labels = this.#table.labelsOf(entry);
		if (labels === null) return null;
		return ((labels[label >> 5] as number) & (1 << (label & 31))) !== 0;
	}

	setLabel(entry: number, label: number): void {
		const labels = this.#table.labelsOf(entry);
		if (labels === null) return;
		labels[label >> 5] = (labels[label >> 5] as number) | (1 << (label & 31));
	}

	/** As text, for comparison; "" where it has none. */
	labelsText(entry: number): string {
		return this.#table.labelsOf(entry)?.join(".") ?? "";
	}

	packets(entry: number, direction: Direction): number {
		return this.#counter(entry, direction, 0);
	}

	bytes(entry: number, direction: Direction): number {
		return this.#counter(entry, direction, 1);
	}

	find(connection: ConnectionKey): number {
		const { tuple, zones } = this.#keyOf(connection);
		return entryOf(this.#table.findNode(tuple, zones));
	}

	peek(connection: ConnectionKey): number {
		const { tuple, zones } = this.#keyOf(connection);
		const node = this.#table.nodeOf(tuple, zones, ORIGINAL);
		return this.#table.isExpired(node >> 1) ? NO_ENTRY : entryOf(node);
	}

	tcpState(entry: number): string {
		if (this.protocol(entry) !== TCP) return "NONE";
		const octet = (entry << ENTRY_SHIFT) * 4 + TCP_STATE_BYTE;
		return TCP_STATE_NAMES[this.#table.bytes[octet] as number] ?? "NONE";
	}

	/** The state of a connection of TCP or SCTP as `/proc/net/nf_conntrack` shows it; "NONE" of others. */
	stateName(entry: number): string {
		return this.protocol(entry) === SCTP
			? sctpStateName(this.#table, entry)
			: this.tcpState(entry);
	}

	/** Sets the table's time. Jiffies wrap, as the kernel's do. */
	setNow(): void {
		this.#table.now = (this.#clock.nowMs * JIFFIES_PER_MS) | 0;
	}

	#keyOf(connection: ConnectionKey) {
		this.setNow();
		const { sourcePort, destinationPort, originalZone, replyZone } = connection;
		const ports = (sourcePort << 16) | destinationPort;
		const zones = (originalZone << 16) | replyZone;
		return { tuple: { ...connection, ports }, zones };
	}

	#tupleWord(entry: number, direction: Direction, word: number): number {
		const at =
			(entry << ENTRY_SHIFT) + (direction === "original" ? 0 : REPLY_TUPLE);
		return this.#table.words[at + word] as number;
	}

	#counter(entry: number, direction: Direction, which: number): number {
		const { counters } = this.#table;
		if (counters === null) return 0;
		return counters[
			entry * 4 + (direction === "original" ? 0 : 2) + which
		] as number;
	}
}

function entryOf(node: number): number {
	return node === 0 ? NO_ENTRY : node >> 1;
}
