/** The arithmetic of HMARK (kernel 6.1 xt_HMARK.c: `hmark_tg_v4`, `hmark_hash`). */

import type { Choice, HashOf } from "../../chance/choice.ts";
import type { Action } from "../../extension/extension.ts";
import { connectionOf, type ExtensionHost } from "../../extension/host.ts";
import { protocolOf } from "../../packet/bytes/bytes.ts";
import { hashThreeWords, scale } from "../../packet/jhash.ts";
import { ICMP, type Packet, TCP, UDP } from "../../packet/packet.ts";
import {
	HOOK_POSTROUTING,
	NO_ENTRY,
	type Skb,
	XT_CONTINUE,
} from "../../packet/skb/skb.ts";

/** What goes into the hash. All 32-bit values are signed. */
export interface HashMarkOptions {
	/** `null`: not given, which counts as a mask of zeros. */
	readonly sourceMask: number | null;
	readonly destinationMask: number | null;
	readonly sourcePortMask: number | null;
	readonly destinationPortMask: number | null;
	/** Both ports as one number: the source in the upper half. */
	readonly spiMask: number | null;
	readonly sourcePort: number | null;
	readonly destinationPort: number | null;
	readonly spi: number | null;
	readonly protocolMask: number | null;
	readonly seed: number;
	readonly modulus: number;
	readonly offset: number | null;
	/** Take the tuple of the connection, not that of the packet. */
	readonly connection: boolean;
}

/** What is hashed. */
interface Tuple {
	readonly source: number;
	readonly destination: number;
	readonly protocol: number;
	/** Both ports as they stand in the header, the source in the upper half; `null` where there are none. */
	readonly ports: number | null;
}

/**
 * Where the four octets that count as ports are behind the IPv4 header (`proto_ports_offset`,
 * include/net/ip.h, 6.1), for protocols that the model knows by number only.
 */
const PORTS_AT: Readonly<Record<number, number>> = {
	33: 0, // DCCP
	50: 0, // ESP: its SPI
	51: 4, // AH: its SPI
	132: 0, // SCTP
	136: 0, // UDP-Lite
};

/** HMARK's action; a packet that has no connection when one is asked for goes on as it is. */
export function compileHashMark(
	options: HashMarkOptions,
	ports: ExtensionHost,
): Action {
	const hash = compileHash(options, ports.choice);
	if (options.connection)
		return (skb) => {
			if (connectionOf(skb, ports) !== NO_ENTRY)
				skb.mark = hash(ofConnection(skb, ports), skb);
			return XT_CONTINUE;
		};
	return (skb) => {
		skb.mark = hash(ofPacket(skb), skb);
		return XT_CONTINUE;
	};
}

function compileHash(
	options: HashMarkOptions,
	choice: Choice,
): (tuple: Tuple, skb: Skb) => number {
	const sourceMask = options.sourceMask ?? 0;
	const destinationMask = options.destinationMask ?? 0;
	const portMask =
		options.spiMask ??
		both(options.sourcePortMask, options.destinationPortMask);
	const portSet =
		options.spi ?? both(options.sourcePort, options.destinationPort);
	const protocolMask = options.protocolMask ?? 0;
	const { seed, modulus } = options;
	const offset = options.offset ?? 0;
	const of: HashOf =
		portMask !== 0 ? "connection" : destinationMask !== 0 ? "pair" : "client";
	return (tuple, { hook }) => {
		const source = (tuple.source & sourceMask) >>> 0;
		const destination = (tuple.destination & destinationMask) >>> 0;
		// Both directions of a connection are to get one mark, so the order does not count.
		const lower = Math.min(source, destination);
		const upper = Math.max(source, destination);
		let ports = 0;
		if (tuple.ports !== null) {
			const set = (tuple.ports & portMask) | portSet;
			const first = set >>> 16;
			const second = set & 0xffff;
			ports = (Math.max(first, second) << 16) | Math.min(first, second);
		}
		const hash =
			hashThreeWords(lower, upper, ports, seed) ^
			(tuple.protocol & protocolMask);
		const label = hook === HOOK_POSTROUTING ? "hash mark routed" : "hash mark";
		const picked = choice.spread?.(modulus, label, hash, of) ?? null;
		return ((picked ?? scale(hash, modulus)) + offset) | 0;
	};
}

function both(source: number | null, destination: number | null): number {
	return ((source ?? 0) << 16) | (destination ?? 0);
}

function ofConnection({ entry }: Skb, { conntrack }: ExtensionHost): Tuple {
	const protocol = conntrack.protocol(entry);
	return {
		source: conntrack.source(entry, "original"),
		// Who answers, which is not whom the client asked for once it is translated.
		destination: conntrack.source(entry, "reply"),
		protocol,
		ports:
			protocol === ICMP
				? null
				: both(
						conntrack.sourcePort(entry, "original"),
						conntrack.sourcePort(entry, "reply"),
					),
	};
}

function ofPacket(skb: Skb): Tuple {
	// An error goes with the connection that it is about.
	if (skb.about !== null) return ofQuoted(skb.about);
	const { source, destination, protocol } = skb;
	// Not even of the first (hmark_pkt_set_htuple_ipv4).
	if (skb.fragment !== null)
		return { source, destination, protocol, ports: null };
	const ports =
		protocol === TCP || protocol === UDP
			? both(skb.sourcePort, skb.destinationPort)
			: portsOf(protocol, skb.payload);
	return { source, destination, protocol, ports };
}

function ofQuoted(packet: Packet): Tuple {
	const { source, destination } = packet;
	const protocol = protocolOf(packet);
	const ports =
		packet.kind === "tcp" || packet.kind === "udp"
			? both(packet.sourcePort, packet.destinationPort)
			: portsOf(protocol, packet.payload);
	return { source, destination, protocol, ports };
}

function portsOf(protocol: number, payload: string): number | null {
	const at = PORTS_AT[protocol];
	if (at === undefined || payload.length < at + 4) return null;
	let ports = 0;
	for (let index = at; index < at + 4; index++)
		ports = (ports << 8) | payload.charCodeAt(index);
	return ports;
}
