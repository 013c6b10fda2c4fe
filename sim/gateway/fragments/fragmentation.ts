/**
 * Packets that go on a link in parts: those that came so, and those that are too long for it
 * (`ip_exceeds_mtu`, net/ipv4/ip_forward.c; `ip_fragment`, `ip_do_fragment`, net/ipv4/ip_output.c; 6.1).
 */
import { UnknownSignal } from "../../contract/unknown-signal.ts";
import { cutInto, lengthsFor } from "../../packet/bytes/fragment.ts";
import type { Packet } from "../../packet/packet.ts";
import {
	ICMP_HEADER_LENGTH,
	IP_HEADER_LENGTH,
	packetLength,
	TCP_HEADER_LENGTH,
} from "../../packet/packet-length.ts";
import type { Parts, Skb } from "../../packet/skb/skb.ts";
import { packetOf, skbOf, withOctets } from "../../packet/skb/skb-packet.ts";

/** Is it too long for a link, and not to be cut? */
export function isTooLong(skb: Skb, mtu: number): boolean {
	return skb.receivedParts === null
		? skb.length > mtu && skb.dontFragment
		: skb.dontFragment &&
				(skb.receivedParts.isDelivered === true ||
					skb.receivedParts.greatest > mtu);
}

/** What goes on the link: as it came, where that fits, else in parts as great as can be. */
export function inParts(skb: Skb, mtu: number): readonly Skb[] {
	const { entry, ctinfo, mark, priority, pktType, local } = skb;
	const { inInterface, outInterface } = skb;
	return cut(skb, mtu).map((part) =>
		Object.assign(skbOf(part), {
			entry,
			ctinfo,
			mark,
			priority,
			pktType,
			local,
			inInterface,
			outInterface,
		}),
	);
}

/** A list of fragments goes on as it is, if it can; that its headers said DF is lost with it. */
function cut(skb: Skb, mtu: number): readonly Packet[] {
	const { receivedParts } = skb;
	const packet = withOctets(skb);
	if (receivedParts === null) return cutInto(packet, lengthsFor(packet, mtu));
	const { lengths, greatest, dontFragment } = receivedParts;
	if (greatest <= mtu && !isJoined(skb, packet, receivedParts))
		return cutInto({ ...packet, dontFragment: false }, lengths);
	const most = Math.min(mtu, greatest);
	const whole = { ...packet, dontFragment };
	// An answer to what came in fragments has their bit, and may be short.
	return packetLength(packet) <= most
		? [whole]
		: cutInto(whole, lengthsFor(packet, most));
}

/** A datagram that passed the loopback interface in fragments has the DF bit of its fragments. */
export function afterLoopback(skb: Skb): void {
	const { receivedParts } = skb;
	if (receivedParts === null || isJoined(skb, packetOf(skb), receivedParts))
		return;
	skb.dontFragment = false;
	skb.original = null;
}

/**
 * Are its parts no list any more? A header that was read in one piece
 * (`tcp_v4_early_demux`, `nf_nat_manip_pkt`, `set_ect_tcp`) takes octets from the second fragment if the first is too
 * short; and what was to stay in the gateway has no room for the headers of a link.
 */
function isJoined(
	skb: Skb,
	packet: Packet,
	{ lengths, whole }: Parts,
): boolean {
	const [first = 0] = lengths;
	if (packet.kind === "icmp" && packet.about !== null && first < QUOTING_HEADER)
		throw new UnknownSignal(
			"ICMP errors whose header comes in two fragments are not modelled",
		);
	if (lengths.length === 0) return true;
	if (packet.kind !== "tcp" || first >= TCP_HEADER_LENGTH) return false;
	return !skb.local || !isSameHeader(packet, whole);
}

/** ICMP's, and the headers that it quotes. */
const QUOTING_HEADER =
	ICMP_HEADER_LENGTH + IP_HEADER_LENGTH + TCP_HEADER_LENGTH;

function isSameHeader(packet: Packet, whole: Packet): boolean {
	return (
		packet.kind === "tcp" &&
		whole.kind === "tcp" &&
		packet.source === whole.source &&
		packet.sourcePort === whole.sourcePort &&
		packet.destination === whole.destination &&
		packet.destinationPort === whole.destinationPort &&
		// By targets that write it (ECN, TCPMSS, TCPOPTSTRIP).
		packet.flags === whole.flags &&
		JSON.stringify(packet.options) === JSON.stringify(whole.options)
	);
}
