/** Both ends of a conversation, as far as they know: addresses as they see them, and TCP's numbers. */

import { invariant } from "../../../sim/invariant.ts";
import { parseAddress } from "../../../sim/packet/address.ts";
import { icmp, tcp, udp } from "../../../sim/packet/build.ts";
import {
	ACK,
	type Address,
	FIN,
	type Packet,
	SYN,
	type TcpPacket,
} from "../../../sim/packet/packet.ts";
import { interfaceTo, OWN_ADDRESSES } from "../world/topology.ts";
import type { ChecksumPlan, FlowPlan, SegmentPlan, Side } from "./plan.ts";
import { QUIET } from "./ways.ts";

export interface End {
	interface: string;
	/** Of its own, and of whom it believes to be speaking with. */
	address: Address;
	port: number;
	peer: Address;
	peerPort: number;
	/** The next octet that it will send, the first of its last segment, and what it has heard from the other. */
	next: number;
	last: number;
	heard: number;
	/** The last packet that reached it. */
	received: Packet | null;
}

export interface Ends {
	readonly plan: FlowPlan;
	readonly client: End;
	/** `null` until a packet of the client's has come out somewhere. */
	server: End | null;
}

export function newEnds(plan: FlowPlan): Ends {
	return {
		plan,
		client: {
			interface: plan.client.interface,
			address: addressOf(plan.client.address),
			port: plan.clientPort,
			peer: addressOf(plan.target),
			peerPort: plan.targetPort,
			next: plan.clientSeq,
			last: plan.clientSeq,
			heard: 0,
			received: null,
		},
		server: null,
	};
}

/** Nothing has come out yet: whoever it may have been for guesses that he was meant. */
const GUESSED_SERVER = "192.168.0.1";

export function endOf(ends: Ends, side: Side): End {
	const { client, plan } = ends;
	if (side === "client") return client;
	if (ends.server !== null) return ends.server;
	const isOwn = (OWN_ADDRESSES as readonly string[]).includes(plan.target);
	const host = isOwn ? GUESSED_SERVER : plan.target;
	return serverEnd(ends, {
		interface: interfaceTo(host),
		address: addressOf(host),
		port: plan.targetPort,
		peer: client.address,
		peerPort: client.port,
	});
}

function serverEnd(
	{ plan, server }: Ends,
	at: Pick<End, "interface" | "address" | "port" | "peer" | "peerPort">,
): End {
	const before = server ?? {
		next: plan.serverSeq,
		last: plan.serverSeq,
		heard: 0,
	};
	const { next, last, heard } = before;
	return { ...at, next, last, heard, received: null };
}

/** A packet of one end's: what it says next. The end remembers that it has said it. */
export function segmentFrom(
	end: End,
	plan: SegmentPlan,
	payload = "\0".repeat(plan.octets),
): TcpPacket {
	const { flags } = plan;
	const length =
		payload.length +
		((flags & SYN) !== 0 ? 1 : 0) +
		((flags & FIN) !== 0 ? 1 : 0);
	const seq = {
		next: end.next,
		again: end.last,
		before: end.next - 1,
		old: end.next - 100_000,
		beyond: end.next + 1_000_000,
	}[plan.seq];
	const ack = {
		heard: end.heard,
		old: end.heard - 100_000,
		future: end.heard + 100_000,
	}[plan.ack];
	if (plan.seq === "next" && length > 0) {
		end.last = end.next;
		end.next = (end.next + length) | 0;
	}
	return tcp({
		...addressed(end),
		flags,
		window: plan.window,
		options: plan.options,
		seq,
		ack: (flags & ACK) !== 0 ? ack : 0,
		payload,
	});
}

export function datagramFrom(
	end: End,
	{
		protocol,
		octets,
		side,
	}: {
		readonly protocol: "udp" | "icmp";
		readonly octets: number;
		readonly side: Side;
	},
): Packet {
	const payload = "\0".repeat(octets);
	if (protocol === "udp") return udp({ ...addressed(end), payload });
	const { address: source, peer: destination } = end;
	const identifier = side === "client" ? end.port : end.peerPort;
	end.next = (end.next + 1) & 0xffff;
	const rest = (identifier << 16) | end.next;
	return icmp({
		source,
		destination,
		type: side === "client" ? 8 : 0,
		rest,
		payload,
	});
}

function addressed(end: End) {
	return {
		source: end.address,
		sourcePort: end.port,
		destination: end.peer,
		destinationPort: end.peerPort,
	};
}

/** What one end sent has come out for the other: it learns who speaks to it, and what was said. */
export function heardBy(
	ends: Ends,
	side: Side,
	packet: Packet,
	interfaceName: string,
): void {
	if (side === "client") {
		const { client } = ends;
		if (packet.destination !== client.address) return;
		hear(client, packet);
		return;
	}
	const [port, peerPort] = portsOf(packet);
	const { server } = ends;
	const isKnown =
		server !== null &&
		server.address === packet.destination &&
		server.peer === packet.source &&
		server.port === port &&
		server.peerPort === peerPort;
	if (!isKnown)
		ends.server = serverEnd(ends, {
			interface: interfaceName,
			address: packet.destination,
			port,
			peer: packet.source,
			peerPort,
		});
	if (ends.server !== null) hear(ends.server, packet);
}

/** What reaches an end, as far as it is told at all: nothing comes out for the box itself. */
export function hear(end: End, packet: Packet): void {
	end.received = packet;
	if (packet.kind !== "tcp") return;
	const { flags, seq, payload } = packet;
	const length =
		payload.length +
		((flags & SYN) !== 0 ? 1 : 0) +
		((flags & FIN) !== 0 ? 1 : 0);
	const heard = (seq + length) | 0;
	// A retransmission tells nothing new; a new beginning does.
	if ((flags & SYN) !== 0 || ((heard - end.heard) | 0) > 0) end.heard = heard;
}

function portsOf(
	packet: Packet,
): readonly [destination: number, source: number] {
	switch (packet.kind) {
		case "tcp":
		case "udp":
			return [packet.destinationPort, packet.sourcePort];
		case "icmp":
			return [packet.rest >>> 16, packet.rest >>> 16];
		default:
			return [0, 0];
	}
}

function addressOf(text: string): Address {
	const address = parseAddress(text);
	invariant(address !== null, `"${text}" is not an address`);
	return address;
}

/** What an end says by itself: data, a datagram, an echo request or reply. */
export function messageFrom(
	{ plan: { protocol } }: Ends,
	end: End,
	side: Side,
	octets: number,
): Packet {
	return protocol === "tcp"
		? segmentFrom(end, { ...QUIET, flags: ACK, octets })
		: datagramFrom(end, { protocol, side, octets });
}

/** Is it what was sent, translated or not? */
export function isSame(out: Packet, sent: Packet): boolean {
	if (out.kind !== sent.kind || out.payload.length !== sent.payload.length)
		return false;
	if (out.kind === "tcp" && sent.kind === "tcp")
		return out.flags === sent.flags && out.seq === sent.seq;
	if (out.kind === "icmp" && sent.kind === "icmp")
		return out.type === sent.type;
	return true;
}

/** The packet with a checksum that is as the plan wants it. */
export function summed(packet: Packet, plan: ChecksumPlan): Packet {
	if (plan === "right" || packet.kind === "other") return packet;
	if (packet.kind === "udp") return { ...packet, checksum: plan };
	return plan === "wrong" ? { ...packet, checksum: "wrong" } : packet;
}
