/**
 * The first fragment of a packet that an ICMP error quotes: its header is among its octets, and is
 * translated there, checksum and all (`l4proto_manip_pkt`, net/netfilter/nf_nat_proto.c, 6.1).
 */
import { latin1, octetsOf, viewOf } from "../../packet/bytes/bytes-read.ts";
import { ICMP, type OtherPacket, TCP, UDP } from "../../packet/packet.ts";
import { TCP_HEADER_LENGTH } from "../../packet/packet-length.ts";
import { icmpHasIdentifier, type Tuple } from "../table/tuple.ts";
import type { Manip } from "./nat-unique-tuple.ts";

/** Octets of a header that have to be there. */
const LEAST = 8;
/** Where the checksum stands in the header, and what a datagram says that has none. */
const TCP_CHECKSUM = 16;
const UDP_CHECKSUM = 6;
const ICMP_CHECKSUM = 2;
const ICMP_IDENTIFIER = 4;
const NO_CHECKSUM = 0;
/** So that it does not look like none (CSUM_MANGLED_0). */
const MANGLED_0 = 0xffff;

/** @returns the octets with this half of the tuple in them; `null` when there are too few to be written */
export function rewriteFragment(
	packet: OtherPacket,
	target: Tuple,
	manip: Manip,
): string | null {
	if (packet.payload.length < LEAST) return null;
	const octets = octetsOf(packet.payload);
	const view = viewOf(octets);
	const isSource = manip === "source";
	const port = isSource ? target.ports >>> 16 : target.ports & 0xffff;
	const portAt = isSource ? 0 : 2;
	const before = view.getUint16(portAt);
	/** A checksum covers the addresses too. */
	const renewed = (sum: number) => {
		const addressed = isSource
			? replaced(sum, packet.source, target.source)
			: replaced(sum, packet.destination, target.destination);
		return replaced(addressed, before, port);
	};
	switch (packet.protocol) {
		case TCP:
			view.setUint16(portAt, port);
			if (octets.length >= TCP_HEADER_LENGTH)
				view.setUint16(TCP_CHECKSUM, renewed(view.getUint16(TCP_CHECKSUM)));
			break;
		case UDP: {
			view.setUint16(portAt, port);
			const sum = view.getUint16(UDP_CHECKSUM);
			if (sum !== NO_CHECKSUM)
				view.setUint16(UDP_CHECKSUM, renewed(sum) || MANGLED_0);
			break;
		}
		case ICMP: {
			if (!icmpHasIdentifier(view.getUint8(0))) break;
			const sum = view.getUint16(ICMP_CHECKSUM);
			const identifier = view.getUint16(ICMP_IDENTIFIER);
			const wanted = target.ports >>> 16;
			view.setUint16(ICMP_CHECKSUM, replaced(sum, identifier, wanted));
			view.setUint16(ICMP_IDENTIFIER, wanted);
		}
	}
	return latin1(octets);
}

/** `csum_replace4`: of the two zeros of one's complement, 0 is the one that comes out. */
function replaced(sum: number, from: number, to: number): number {
	const halves = (word: number) => (word >>> 16) + (word & 0xffff);
	const total = 0xffff - sum + halves(to) + 2 * 0xffff - halves(from);
	return 0xffff - (total % 0xffff || 0xffff);
}
