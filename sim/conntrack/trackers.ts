/**
 * The trackers of all protocols but TCP (net/netfilter/nf_conntrack_proto_{icmp,udp,generic}.c, 6.1).
 * A UDP packet prolongs its entry. An ICMP query is a connection of its own; an ICMP error belongs to
 * the connection of the packet that it is about. Lengths that are wrong are not modelled.
 */
import { InvariantError } from "../invariant.ts";
import { HZ, NR_ICMP_TYPES, SCTP } from "../kernel.ts";
import { isIcmpError } from "../packet/icmp-names.ts";
import { ICMP, UDP } from "../packet/packet.ts";
import {
	CTINFO_RELATED,
	CTINFO_RELATED_REPLY,
	HOOK_PREROUTING,
	NF_ACCEPT,
	type Skb,
} from "../packet/skb/skb.ts";
import { trackSctp } from "./sctp.ts";
import type { ConntrackConfig } from "./settings/config.ts";
import {
	ENTRY_SHIFT,
	ORIGINAL,
	STATUS,
	TUPLE_DESTINATION,
	TUPLE_PORTS,
	tupleAt,
	UDP_STREAM_AT,
} from "./table/layout.ts";
import { IPS_ASSURED, IPS_CONFIRMED, IPS_SEEN_REPLY } from "./table/status.ts";
import type { EntryTable } from "./table/table.ts";
import {
	icmpIsQuery,
	invertTuple,
	scratchTuple,
	tupleOfPacket,
} from "./table/tuple.ts";
import { TRACK_INVALID } from "./table/verdicts.ts";

/** Traffic both ways for longer than this is a stream, not a question and its answer. */
const STREAM_AFTER = 2 * HZ;

/** Protocols that the kernel tracks by more than addresses, and the model does not. */
const NOT_MODELLED: Readonly<Record<number, string>> = {
	33: "DCCP",
	47: "GRE",
	136: "UDPLite",
};

/** Says so if the tracker of a protocol is not modelled. */
export function checkModelled(
	protocol: number,
	unknown: (reason: string) => never,
): void {
	const name = NOT_MODELLED[protocol];
	if (name !== undefined) unknown(`${name} connections are not modelled`);
}

/** For a conntrack that was made without a function for what is not modelled. */
export function throwUnhandledUnknown(reason: string): never {
	throw new InvariantError(`bug in marktwin: no one handles that ${reason}`);
}

/**
 * Is a packet not to be tracked because its checksum is wrong? What the gateway itself sends is not
 * checked (`tcp_error`, `udp_error`, `nf_conntrack_icmpv4_error`, net/netfilter/nf_conntrack_proto_*.c, 6.1).
 */
export function hasBadChecksum(skb: Skb, config: ConntrackConfig): boolean {
	return (
		skb.checksum === "wrong" && skb.hook === HOOK_PREROUTING && config.checksums
	);
}

/** What a packet of any protocol but TCP does to its entry. @returns NF_ACCEPT or TRACK_INVALID */
export function trackOther(
	table: EntryTable,
	config: ConntrackConfig,
	skb: Skb,
): number {
	if (skb.protocol === UDP) trackUdp(table, config, skb);
	else if (skb.protocol === ICMP) {
		const at = skb.entry << ENTRY_SHIFT;
		const ports = table.words[at + TUPLE_PORTS] as number;
		// An answer without a query begins nothing (`nf_conntrack_icmp_packet`).
		if (!icmpIsQuery((ports >>> 8) & 0xff)) return TRACK_INVALID;
		table.refresh(skb, config.icmpTimeout);
	} else if (skb.protocol === SCTP) return trackSctp(table, config, skb);
	else table.refresh(skb, config.genericTimeout);
	return NF_ACCEPT;
}

/** Any packet fits; it only prolongs (`nf_conntrack_udp_packet`). */
function trackUdp(table: EntryTable, config: ConntrackConfig, skb: Skb): void {
	const { words, now } = table;
	const at = skb.entry << ENTRY_SHIFT;
	const status = words[at + STATUS] as number;
	if ((status & IPS_CONFIRMED) === 0)
		words[at + UDP_STREAM_AT] = now + STREAM_AFTER;
	const isStream =
		(status & IPS_SEEN_REPLY) !== 0 &&
		((now - (words[at + UDP_STREAM_AT] as number)) | 0) > 0;
	if (!isStream) {
		table.refresh(skb, config.udpTimeout);
		return;
	}
	table.refresh(skb, config.udpStreamTimeout);
	words[at + STATUS] = status | IPS_ASSURED;
}

const about = scratchTuple();

/**
 * Before a message is looked up: errors are tracked by what they are about
 * (`nf_conntrack_icmpv4_error`, `nf_conntrack_inet_error`).
 * @returns TRACK_INVALID, or NF_ACCEPT: then it carries an entry if it was an error, and is to be
 * looked up like any packet if it was not
 */
export function trackIcmpError(
	table: EntryTable,
	zones: number,
	skb: Skb,
): number {
	if (skb.icmpType > NR_ICMP_TYPES) return TRACK_INVALID;
	if (!isIcmpError(skb.icmpType)) return NF_ACCEPT;
	if (skb.about === null) return TRACK_INVALID;
	if (!tupleOfPacket(about, skb.about)) return TRACK_INVALID;
	if (!invertTuple(about, about)) return TRACK_INVALID;
	const node = table.findNode(about, zones);
	if (node === 0) return TRACK_INVALID;
	// It has to go where the packet came from; else anybody could speak of anybody's connections.
	if (skb.destination !== table.words[tupleAt(node) + TUPLE_DESTINATION])
		return TRACK_INVALID;
	const entry = node >> 1;
	table.get(entry);
	skb.entry = entry;
	skb.ctinfo = (node & 1) === ORIGINAL ? CTINFO_RELATED : CTINFO_RELATED_REPLY;
	return NF_ACCEPT;
}
