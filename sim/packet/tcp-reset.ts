import { tcp } from "./build.ts";
import { ACK, FIN, RST, type TcpPacket } from "./packet.ts";

/** Sequence numbers that a segment takes up: one for each octet, SYN and FIN. */
export function sequenceLength(packet: TcpPacket): number {
	return (
		packet.payload.length + ((packet.flags >> 1) & 1) + (packet.flags & FIN)
	);
}

/**
 * The answer to a segment that belongs to nobody (`tcp_v4_send_reset`, net/ipv4/tcp_ipv4.c, 6.1): it
 * takes its sequence number from the ACK, or acknowledges what came without one.
 * @returns `null` for a RST, which is never answered
 */
export function resetFor(
	packet: TcpPacket,
	header: { readonly tos?: number; readonly ttl?: number } = {},
): TcpPacket | null {
	if ((packet.flags & RST) !== 0) return null;
	const answered = (packet.flags & ACK) !== 0;
	return tcp({
		...header,
		source: packet.destination,
		destination: packet.source,
		sourcePort: packet.destinationPort,
		destinationPort: packet.sourcePort,
		flags: answered ? RST : RST | ACK,
		seq: answered ? packet.ack : 0,
		ack: answered ? 0 : packet.seq + sequenceLength(packet),
		window: 0,
		dontFragment: true,
	});
}
