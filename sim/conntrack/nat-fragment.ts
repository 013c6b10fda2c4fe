/**
 * The first fragment of a packet that an ICMP error quotes: its header is among its octets, and is
 * translated there, checksum and all (`l4proto_manip_pkt`, net/netfilter/nf_nat_proto.c, 6.1).
 */
import { wordAt } from "../packet/bytes-read.ts";
import { ICMP, type OtherPacket, TCP, UDP } from "../packet/packet.ts";
import type { Manip } from "./nat-unique-tuple.ts";
import { icmpHasIdentifier, type Tuple } from "./tuple.ts";

/** Octets of a header that have to be there. */
const LEAST = 8;
const TCP_HEADER_LENGTH = 20;
/** Where the checksum stands in the header, and what a datagram says that has none. */
const TCP_CHECKSUM = 16;
const UDP_CHECKSUM = 6;
const ICMP_CHECKSUM = 2;
const ICMP_IDENTIFIER = 4;
const NO_CHECKSUM = 0;
/** So that it does not look like none (CSUM_MANGLED_0). */
const MANGLED_0 = 0xffff;

/** @returns the fragment with this half of the tuple; `null` when there is too little of it to be written */
export function rewriteFragment(
	packet: OtherPacket,
	target: Tuple,
	manip: Manip,
): OtherPacket | null {
	if (packet.payload.length < LEAST) return null;
	const octets = new Octets(packet.payload);
	const isSource = manip === "source";
	const port = isSource ? target.ports >>> 16 : target.ports & 0xffff;
	const portAt = isSource ? 0 : 2;
	const before = octets.at(portAt);
	/** A checksum covers the addresses too. */
	const renew = (at: number) => {
		const addressed = isSource
			? replaced(octets.at(at), packet.source, target.source)
			: replaced(octets.at(at), packet.destination, target.destination);
		octets.set(at, replaced(addressed, before, port));
	};
	switch (packet.protocol) {
		case TCP:
			octets.set(portAt, port);
			if (octets.length >= TCP_HEADER_LENGTH) renew(TCP_CHECKSUM);
			break;
		case UDP:
			octets.set(portAt, port);
			if (octets.at(UDP_CHECKSUM) === NO_CHECKSUM) break;
			renew(UDP_CHECKSUM);
			if (octets.at(UDP_CHECKSUM) === NO_CHECKSUM)
				octets.set(UDP_CHECKSUM, MANGLED_0);
			break;
		case ICMP: {
			if (!icmpHasIdentifier(octets.at(0) >>> 8)) break;
			const identifier = octets.at(ICMP_IDENTIFIER);
			const sum = octets.at(ICMP_CHECKSUM);
			const wanted = target.ports >>> 16;
			octets.set(ICMP_CHECKSUM, replaced(sum, identifier, wanted));
			octets.set(ICMP_IDENTIFIER, wanted);
		}
	}
	const { source, destination } = target;
	return {
		...packet,
		...(isSource ? { source } : { destination }),
		payload: octets.text,
	};
}

/** `csum_replace4`: of the two zeros of one's complement, 0 is the one that comes out. */
function replaced(sum: number, from: number, to: number): number {
	const halves = (word: number) => (word >>> 16) + (word & 0xffff);
	const total = 0xffff - sum + halves(to) + 2 * 0xffff - halves(from);
	return 0xffff - (total % 0xffff || 0xffff);
}

/** Words of 16 bits in a text of octets. */
class Octets {
	text: string;

	constructor(text: string) {
		this.text = text;
	}

	get length(): number {
		return this.text.length;
	}

	at(at: number): number {
		return wordAt(this.text, at);
	}

	set(at: number, word: number): void {
		const written = String.fromCharCode(word >>> 8, word & 0xff);
		this.text = this.text.slice(0, at) + written + this.text.slice(at + 2);
	}
}
