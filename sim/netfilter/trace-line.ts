/**
 * A trace event as the kernel logs it for `-j TRACE`: `trace_packet` of net/ipv4/netfilter/ip_tables.c
 * and `dump_ipv4_packet` of net/netfilter/nf_log_syslog.c, 6.1. Link layer addresses are left out.
 */
import type { TraceEvent } from "../contract/gateway.ts";
import {
	ICMP_DEST_UNREACH,
	ICMP_ECHO,
	ICMP_ECHOREPLY,
	ICMP_FRAG_NEEDED,
	ICMP_PARAMETERPROB,
	ICMP_REDIRECT,
} from "../kernel.ts";
import type { Behaviour } from "../linux/behaviour.ts";
import { formatAddress } from "../packet/address.ts";
import { encodePacket } from "../packet/bytes/bytes.ts";
import { hex32 } from "../packet/numbers.ts";
import {
	ACK,
	CWR,
	ECE,
	FIN,
	type Packet,
	PSH,
	RST,
	SYN,
	type TcpPacket,
	URG,
} from "../packet/packet.ts";
import {
	IP_HEADER_LENGTH,
	packetLength,
	TCP_HEADER_LENGTH,
	transportHeaderLength,
} from "../packet/packet-length.ts";
import { monitorLines } from "./monitor-lines.ts";

/**
 * What a Linux tells of a packet for `-j TRACE`, a line each: in the kernel's log, or by `xtables-monitor --trace`.
 * @param events of one packet, and of those that the gateway answers with
 */
export function traceLines(
	events: readonly TraceEvent[],
	behaviour: Pick<Behaviour, "trace" | "tracedReturns">,
): readonly string[] {
	return behaviour.trace === "log"
		? events.map(formatTraceLine)
		: monitorLines(events, behaviour);
}

/** `TRACE: mangle:MAILMARK:rule:2 IN=bond0.204 OUT= SRC=10.0.0.10 DST=10.0.0.1 …` */
function formatTraceLine(event: TraceEvent): string {
	const mark = event.markBefore === 0 ? "" : `MARK=${hex32(event.markBefore)} `;
	return (
		`TRACE: ${event.table}:${event.chain}:${event.kind}:${event.number} ` +
		`IN=${event.inInterface} OUT=${event.outInterface} ${describe(event.packet)}${mark}`
	);
}

// The order in which the kernel names them.
const FLAGS = [
	[CWR, "CWR"],
	[ECE, "ECE"],
	[URG, "URG"],
	[ACK, "ACK"],
	[PSH, "PSH"],
	[RST, "RST"],
	[SYN, "SYN"],
	[FIN, "FIN"],
] as const;

const IPTOS_TOS_MASK = 0x1e;
const IPTOS_PREC_MASK = 0xe0;

function describe(packet: Packet): string {
	const octet = (value: number) =>
		`0x${value.toString(16).toUpperCase().padStart(2, "0")}`;
	return (
		`SRC=${formatAddress(packet.source)} DST=${formatAddress(packet.destination)} ` +
		`LEN=${packetLength(packet)} TOS=${octet(packet.tos & IPTOS_TOS_MASK)} ` +
		`PREC=${octet(packet.tos & IPTOS_PREC_MASK)} TTL=${packet.ttl} ID=${packet.id} ` +
		`${packet.dontFragment ? "DF " : ""}${describeTransport(packet)}`
	);
}

function describeTransport(packet: Packet): string {
	switch (packet.kind) {
		case "tcp":
			return describeTcp(packet);
		case "udp":
			return `PROTO=UDP SPT=${packet.sourcePort} DPT=${packet.destinationPort} LEN=${packetLength(packet) - IP_HEADER_LENGTH} `;
		case "icmp":
			return describeIcmp(packet);
		case "other":
			return `PROTO=${packet.protocol} `;
	}
}

function describeTcp(packet: TcpPacket): string {
	const flags = FLAGS.filter(([bit]) => (packet.flags & bit) !== 0).map(
		([, name]) => `${name} `,
	);
	const end = IP_HEADER_LENGTH + transportHeaderLength(packet);
	const options = encodePacket(packet).subarray(
		IP_HEADER_LENGTH + TCP_HEADER_LENGTH,
		end,
	);
	return (
		`PROTO=TCP SPT=${packet.sourcePort} DPT=${packet.destinationPort} ` +
		`SEQ=${packet.seq >>> 0} ACK=${packet.ack >>> 0} WINDOW=${packet.window} RES=0x00 ${flags.join("")}URGP=0 ` +
		(options.length === 0
			? ""
			: `OPT (${[...options].map((one) => one.toString(16).toUpperCase().padStart(2, "0")).join("")}) `)
	);
}

/** Echo requests and replies: the second header word is an identifier and a sequence number. */
const ECHOES = new Set([ICMP_ECHOREPLY, ICMP_ECHO]);

function describeIcmp(packet: Packet & { kind: "icmp" }): string {
	const head = `PROTO=ICMP TYPE=${packet.type} CODE=${packet.code} `;
	if (ECHOES.has(packet.type))
		return `${head}ID=${packet.rest >>> 16} SEQ=${packet.rest & 0xffff} `;
	if (packet.about === null) return head;
	const parameter =
		packet.type === ICMP_PARAMETERPROB
			? `PARAMETER=${packet.rest >>> 24} `
			: "";
	const gateway =
		packet.type === ICMP_REDIRECT
			? `GATEWAY=${formatAddress(packet.rest)} `
			: "";
	const mtu =
		packet.type === ICMP_DEST_UNREACH && packet.code === ICMP_FRAG_NEEDED
			? `MTU=${packet.rest & 0xffff} `
			: "";
	return `${head}${parameter}${gateway}[${describe(packet.about)}] ${mtu}`;
}
