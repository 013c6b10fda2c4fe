/**
 * Packets of the one connection that is followed. Sequence numbers do not move on with repeated data, so that
 * there are few states.
 */
import { tcp, udp } from "../../../../sim/packet/build.ts";
import type { Packet } from "../../../../sim/packet/packet.ts";
import type { Arrival } from "../../walk/walker.ts";

/** Where the first packet left, and as what. */
export interface Sent {
	/** The backend's key. */
	readonly key: string;
	readonly interface: string;
	readonly packet: Packet;
}

/** What a host says, as a packet is told. */
export type Segment =
	| "first"
	| "reply"
	| "data"
	| "answer"
	| "fin"
	| "fin-back"
	| "last-ack"
	| "reset"
	| "reset-back";

const ECHO = 8;
const ECHO_REPLY = 0;
const FIN = 1;
const SYN = 2;
const RST = 4;
const PSH = 8;
const ACK = 16;
const DATA = "0123456789";
const CLIENT_SEQ = 1000;
const BACKEND_SEQ = 5000;
const CLIENT_NEXT = CLIENT_SEQ + 1;
const BACKEND_NEXT = BACKEND_SEQ + 1;
const AFTER_DATA = CLIENT_NEXT + DATA.length;
const AFTER_ANSWER = BACKEND_NEXT + DATA.length;

interface Numbers {
	readonly flags: number;
	readonly seq: number;
	readonly ack: number;
	readonly payload?: string;
}

const NUMBERS: Readonly<Record<Segment, Numbers>> = {
	first: { flags: SYN, seq: CLIENT_SEQ, ack: 0 },
	reply: { flags: SYN | ACK, seq: BACKEND_SEQ, ack: CLIENT_NEXT },
	data: {
		flags: PSH | ACK,
		seq: CLIENT_NEXT,
		ack: BACKEND_NEXT,
		payload: DATA,
	},
	answer: {
		flags: PSH | ACK,
		seq: BACKEND_NEXT,
		ack: AFTER_DATA,
		payload: DATA,
	},
	fin: { flags: FIN | ACK, seq: AFTER_DATA, ack: BACKEND_NEXT },
	"fin-back": { flags: FIN | ACK, seq: AFTER_ANSWER, ack: AFTER_DATA + 1 },
	"last-ack": { flags: ACK, seq: AFTER_DATA + 1, ack: AFTER_ANSWER + 1 },
	reset: { flags: RST | ACK, seq: AFTER_DATA, ack: BACKEND_NEXT },
	"reset-back": { flags: RST | ACK, seq: BACKEND_NEXT, ack: AFTER_DATA },
};

/** Of the backend: the others are the client's. */
const OF_BACKEND: ReadonlySet<Segment> = new Set([
	"reply",
	"answer",
	"fin-back",
	"reset-back",
]);

export function isOfBackend(segment: Segment): boolean {
	return OF_BACKEND.has(segment);
}

/** @param sent where the first packet went; `null` for segments of the client alone */
export function arrivalOf(
	segment: Segment,
	first: Arrival,
	sent: Sent | null,
): Arrival {
	if (isOfBackend(segment) && sent !== null)
		return {
			interface: sent.interface,
			isAnswer: true,
			packet: said(turned(sent.packet), segment),
		};
	return { interface: first.interface, packet: said(first.packet, segment) };
}

/** With source and destination changed over. */
function turned(packet: Packet): Packet {
	const { source: destination, destination: source } = packet;
	if (packet.kind !== "tcp" && packet.kind !== "udp")
		return { ...packet, source, destination };
	return {
		...packet,
		source,
		destination,
		sourcePort: packet.destinationPort,
		destinationPort: packet.sourcePort,
	};
}

function said(packet: Packet, segment: Segment): Packet {
	const { source, destination } = packet;
	if (packet.kind === "udp") {
		const { sourcePort, destinationPort, tos } = packet;
		const payload = isOfBackend(segment) ? "answer" : "question";
		const ports = { sourcePort, destinationPort };
		return udp({ source, destination, ...ports, tos, payload });
	}
	if (packet.kind === "icmp" && isOfBackend(segment))
		return { ...packet, type: packet.type === ECHO ? ECHO_REPLY : packet.type };
	if (packet.kind !== "tcp") return packet;
	const { sourcePort, destinationPort, tos } = packet;
	return tcp({
		source,
		destination,
		sourcePort,
		destinationPort,
		tos,
		...NUMBERS[segment],
	});
}

/** The same from another port: another connection of the client. */
export function fromPort(
	{ interface: name, packet }: Arrival,
	port: number,
): Arrival {
	if (packet.kind !== "tcp" && packet.kind !== "udp")
		return { interface: name, packet };
	return { interface: name, packet: { ...packet, sourcePort: port } };
}

const TOLD: Readonly<Record<Segment, readonly [tcp: string, udp: string]>> = {
	first: ["the client's SYN", "the client's first datagram"],
	reply: ["the backend's SYN/ACK", "the backend's answer"],
	data: ["the client's data", "the client's next datagram"],
	answer: ["the backend's data", "the backend's datagram"],
	fin: ["the client's FIN", ""],
	"fin-back": ["the backend's FIN", ""],
	"last-ack": ["the client's last ACK", ""],
	reset: ["the client's RST", ""],
	"reset-back": ["the backend's RST", ""],
};

export function segmentWords(segment: Segment, packet: Packet): string {
	return TOLD[segment][packet.kind === "udp" ? 1 : 0];
}

/** Did a packet of the backend's come back to the client as the client knows its connection? */
export function isFromService(packet: Packet, first: Packet): boolean {
	const wanted = turned(first);
	if (packet.source !== wanted.source) return false;
	if (packet.destination !== wanted.destination) return false;
	if (packet.kind !== "tcp" && packet.kind !== "udp") return true;
	if (wanted.kind !== packet.kind) return false;
	return (
		packet.sourcePort === wanted.sourcePort &&
		packet.destinationPort === wanted.destinationPort
	);
}
