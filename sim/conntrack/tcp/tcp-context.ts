/**
 * The TCP packet at hand, as the parts of the tracker hand it on: one record, written anew for each
 * packet, since the inner loop makes no objects.
 */
import type { ConntrackConfig } from "../settings/config.ts";
import {
	ENTRY_SHIFT,
	TCP_LAST_FLAGS_BYTE,
	TCP_STATE_BYTE,
} from "../table/layout.ts";
import type { EntryTable } from "../table/table.ts";
import { TCP_TRANSITION_TABLE, transitionIndex } from "./tcp-states.ts";

export class TcpContext {
	readonly table: EntryTable;
	config: ConntrackConfig;
	entry = 0;
	direction = 0;
	/** CLASS_* */
	flagClass = 0;
	oldState = 0;
	/** Where the packet leads, as far as it is known; INVALID and IGNORE among them. */
	newState = 0;
	// The segment as it is judged: these differ from the packet's fields where those mean nothing.
	seq = 0;
	/** Sequence number behind the segment. */
	end = 0;
	ack = 0;
	/** Rightmost edge that is acknowledged, selectively or not. */
	sack = 0;

	constructor(table: EntryTable, config: ConntrackConfig) {
		this.table = table;
		this.config = config;
	}

	/** Begins with another packet. */
	take(entry: number, direction: number, flagClass: number): void {
		this.entry = entry;
		this.direction = direction;
		this.flagClass = flagClass;
		this.oldState = this.octet(TCP_STATE_BYTE);
		this.newState = TCP_TRANSITION_TABLE[
			transitionIndex(direction, flagClass, this.oldState)
		] as number;
	}

	/** A field of one octet of the packet's entry. */
	octet(field: number): number {
		return this.table.bytes[(this.entry << ENTRY_SHIFT) * 4 + field] as number;
	}

	lastFlags(): number {
		return this.octet(TCP_LAST_FLAGS_BYTE);
	}

	setLastFlags(flags: number): void {
		this.table.bytes[(this.entry << ENTRY_SHIFT) * 4 + TCP_LAST_FLAGS_BYTE] =
			flags;
	}
}
