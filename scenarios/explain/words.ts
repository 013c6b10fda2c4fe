/** Packets, rules and backends in the words of an explanation. */
import type { TraceEvent } from "../../sim/contract/gateway.ts";
import { formatAddress } from "../../sim/packet/address.ts";
import { icmpName } from "../../sim/packet/icmp-names.ts";
import { ACK, FIN, type Packet, RST, SYN } from "../../sim/packet/packet.ts";
import type { RuleBook, RulePlace } from "../result/rule-place.ts";

/** `SYN`, `SYN/ACK`, `data`, `RST`, `datagram`, `icmp port-unreachable`. */
export function packetName(packet: Packet): string {
	switch (packet.kind) {
		case "tcp": {
			const { flags, payload } = packet;
			if (flags & RST) return "RST";
			if (flags & SYN) return flags & ACK ? "SYN/ACK" : "SYN";
			if (payload.length > 0) return "data";
			return flags & FIN ? "FIN" : "ACK";
		}
		case "udp":
			return "datagram";
		case "icmp":
			return `icmp ${icmpName(packet.type, packet.code) ?? `${packet.type}/${packet.code}`}`;
		default:
			return "packet";
	}
}

export function isSyn(packet: Packet): boolean {
	return packetName(packet) === "SYN";
}

/** Does it ask for a service: a SYN, or a datagram? */
export function asks(packet: Packet): boolean {
	return packet.kind === "udp" || isSyn(packet);
}

/** Are they one packet, before and after it was translated? */
export function isSame(one: Packet, other: Packet): boolean {
	if (one.kind === "udp")
		return other.kind === "udp" && one.payload === other.payload;
	return (
		one.kind === "tcp" &&
		other.kind === "tcp" &&
		one.seq === other.seq &&
		one.flags === other.flags
	);
}

/** As TRACE spells it. */
export function placeOf({ table, chain, kind, number }: TraceEvent): string {
	return `${table}:${chain}:${kind}:${number}`;
}

export function foundIn(book: RuleBook, event: TraceEvent): RulePlace {
	return book.find(placeOf(event), event.text);
}

/** `line 15`; its place where it stands in no file. */
export function cited({ line, place }: RulePlace): string {
	return line > 0 ? `line ${line}` : place;
}

/** `-P INPUT DROP, line 38`. */
export function named(rule: RulePlace): string {
	return rule.text === "" ? rule.place : `${rule.text}, ${cited(rule)}`;
}

/** `192.168.0.1:25`. */
export function addressee(packet: Packet): string {
	return withPort(packet, "destination");
}

export function sender(packet: Packet): string {
	return withPort(packet, "source");
}

function withPort(packet: Packet, side: "source" | "destination"): string {
	const address = formatAddress(packet[side]);
	if (packet.kind !== "tcp" && packet.kind !== "udp") return address;
	return `${address}:${side === "source" ? packet.sourcePort : packet.destinationPort}`;
}

/** `2.5 s`, `40 ms`. */
export function time(ms: number): string {
	return ms < 1_000
		? `${Math.round(ms)} ms`
		: `${Number((ms / 1_000).toFixed(3))} s`;
}
