/** What ends say by themselves, and how it is known again behind the gateway. */
import { ACK, type Packet } from "../../../sim/packet/packet.ts";
import { datagramFrom, type End, type Ends, segmentFrom } from "./ends.ts";
import type { Side } from "./plan.ts";
import { QUIET } from "./ways.ts";

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
