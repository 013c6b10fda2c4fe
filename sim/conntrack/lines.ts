/** Entries as `/proc/net/nf_conntrack` shows them (`ct_seq_show`, nf_conntrack_standalone.c, 6.1). */
import type {
	ConntrackFilter,
	ConntrackLine,
	ConntrackTuple,
} from "../contract/gateway.ts";
import { HZ, SCTP } from "../kernel.ts";
import type { Behaviour } from "../linux/behaviour.ts";
import { formatAddress } from "../packet/address.ts";
import { ICMP, TCP, UDP } from "../packet/packet.ts";
import type { EntryView } from "./entry-view.ts";
import {
	ENTRY_SHIFT,
	HAS_COUNTERS,
	MARK,
	ORIGINAL,
	PROTOCOL,
	REPLY,
	REPLY_TUPLE,
	STATUS,
	TIMEOUT,
	TUPLE_DESTINATION,
	TUPLE_PORTS,
	TUPLE_SOURCE,
	USE,
	ZONES,
} from "./table/layout.ts";
import { IPS_ASSURED, IPS_SEEN_REPLY } from "./table/status.ts";
import type { EntryTable } from "./table/table.ts";

const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
	[ICMP]: "icmp",
	[TCP]: "tcp",
	[UDP]: "udp",
	[SCTP]: "sctp",
};

/** All living entries that are listed, oldest slot first. @param view of the same table */
export function linesOf(
	table: EntryTable,
	view: EntryView,
): readonly ConntrackLine[] {
	const lines: ConntrackLine[] = [];
	table.forEach((entry) => {
		if (!table.isListed(entry)) return;
		lines.push(lineOf(table, entry, view.stateName(entry)));
	});
	return lines;
}

/** Removes what meets the filter. @returns how many entries went */
export function evict(
	table: EntryTable,
	filter: ConntrackFilter,
	view: EntryView,
	{ evictedOther }: Pick<Behaviour, "evictedOther">,
): number {
	const listed: number[] = [];
	table.forEach((entry) => {
		if (table.isListed(entry)) listed.push(entry);
	});
	const met = listed.filter((entry) =>
		matchesFilter(lineOf(table, entry, view.stateName(entry)), filter),
	);
	const takesAll =
		evictedOther === "takes all" && met.some((one) => isUnnamed(table, one));
	const going = takesAll ? listed : met;
	for (const entry of going) table.kill(entry);
	return going.length;
}

/** Is it of none of the protocols that conntrack has a name for? */
function isUnnamed({ words }: EntryTable, entry: number): boolean {
	const protocol = (words[(entry << ENTRY_SHIFT) + PROTOCOL] as number) & 0xff;
	return PROTOCOL_NAMES[protocol] === undefined;
}

/** @param state of the connection, where its protocol has states */
export function lineOf(
	table: EntryTable,
	entry: number,
	state: string,
): ConntrackLine {
	const { words } = table;
	const at = entry << ENTRY_SHIFT;
	const status = words[at + STATUS] as number;
	const number = (words[at + PROTOCOL] as number) & 0xff;
	const protocol = PROTOCOL_NAMES[number] ?? "unknown";
	const left = Math.max(((words[at + TIMEOUT] as number) - table.now) | 0, 0);
	const timeoutS = Math.floor(left / HZ);
	const hasState = number === TCP || number === SCTP;
	const mark = words[at + MARK] as number;
	const unreplied = (status & IPS_SEEN_REPLY) === 0;
	const assured = (status & IPS_ASSURED) !== 0;
	const zones = words[at + ZONES] as number;
	const [zoneOriginal, zoneReply] = [zones >>> 16, zones & 0xffff];
	const isOneZone = zoneOriginal === zoneReply;
	const original = tupleData(words, at, number);
	const reply = tupleData(words, at + REPLY_TUPLE, number);
	// One list that grows: there may be a line for each of a million connections.
	const text = [IPV4, "2", protocol.padEnd(8), `${number}`, `${timeoutS}`];
	if (hasState) text.push(state);
	addTuple(text, original, words[at + TUPLE_PORTS] as number, number);
	if (!isOneZone && zoneOriginal !== 0) text.push(`zone-orig=${zoneOriginal}`);
	addCounters(text, table, entry, ORIGINAL);
	if (unreplied) text.push("[UNREPLIED]");
	const replyPorts = words[at + REPLY_TUPLE + TUPLE_PORTS] as number;
	addTuple(text, reply, replyPorts, number);
	if (!isOneZone && zoneReply !== 0) text.push(`zone-reply=${zoneReply}`);
	addCounters(text, table, entry, REPLY);
	if (assured) text.push("[ASSURED]");
	text.push(`mark=${mark >>> 0}`);
	if (isOneZone) text.push(`zone=${zoneOriginal}`);
	// Whoever reads the file holds the entry too.
	text.push(`use=${(words[at + USE] as number) + 1}`);
	return {
		text: text.join(" "),
		protocol,
		state: hasState ? state : "",
		timeoutS,
		original,
		reply,
		unreplied,
		assured,
		mark,
	};
}

const IPV4 = "ipv4".padEnd(8);

/** @param ports as in `TUPLE_PORTS` */
function addTuple(
	text: string[],
	{ source, destination }: ConntrackTuple,
	ports: number,
	protocol: number,
): void {
	text.push(`src=${source}`, `dst=${destination}`);
	if (protocol === ICMP)
		text.push(
			`type=${(ports >>> 8) & 0xff}`,
			`code=${ports & 0xff}`,
			`id=${ports >>> 16}`,
		);
	else if (protocol === TCP || protocol === UDP || protocol === SCTP)
		text.push(`sport=${ports >>> 16}`, `dport=${ports & 0xffff}`);
}

function addCounters(
	text: string[],
	{ words, counters }: EntryTable,
	entry: number,
	direction: number,
): void {
	const status = words[(entry << ENTRY_SHIFT) + STATUS] as number;
	if (counters === null || (status & HAS_COUNTERS) === 0) return;
	const at = entry * 4 + direction * 2;
	text.push(`packets=${counters[at]}`, `bytes=${counters[at + 1]}`);
}

function tupleData(
	words: Int32Array,
	at: number,
	protocol: number,
): ConntrackTuple {
	const ports = words[at + TUPLE_PORTS] as number;
	return {
		source: formatAddress(words[at + TUPLE_SOURCE] as number),
		destination: formatAddress(words[at + TUPLE_DESTINATION] as number),
		sourcePort: ports >>> 16,
		destinationPort: protocol === ICMP ? 0 : ports & 0xffff,
	};
}

/** Does an entry meet everything that is asked for? */
export function matchesFilter(
	line: ConntrackLine,
	filter: ConntrackFilter,
): boolean {
	const asked: readonly (readonly [unknown, unknown])[] = [
		[filter.protocol, line.protocol],
		[filter.originalSource, line.original.source],
		[filter.originalDestination, line.original.destination],
		[filter.replySource, line.reply.source],
		[filter.replyDestination, line.reply.destination],
		[filter.originalSourcePort, line.original.sourcePort],
		[filter.originalDestinationPort, line.original.destinationPort],
		[filter.state, line.state],
	];
	return (
		asked.every(([wanted, is]) => wanted === undefined || wanted === is) &&
		(filter.mark === undefined || (filter.mark | 0) === line.mark)
	);
}
