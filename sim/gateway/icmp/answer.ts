/** Segments that targets answer with (`ip_route_me_harder`, `nf_ct_attach`, kernel 6.1). */
import type { TcpAnswer } from "../../extension/host.ts";
import { tcp } from "../../packet/build.ts";
import type { TcpPacket } from "../../packet/packet.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { skbOf } from "../../packet/skb/skb-packet.ts";
import { isForMany } from "../../routing/reachability.ts";
import { routeMeHarder } from "../../routing/route-output.ts";
import type { GatewayState } from "../state/gateway-state.ts";

/** What a target answers a whole and sound segment with; of others it makes nothing (`nf_ip_checksum`). */
export function answerSegment(
	gateway: GatewayState,
	skb: Skb,
	{ ttl, isCopy, ...fields }: TcpAnswer,
): void {
	if (skb.fragment !== null || skb.checksum === "wrong") return;
	const packet = tcp({
		...fields,
		source: skb.destination,
		destination: skb.source,
		sourcePort: skb.destinationPort,
		destinationPort: skb.sourcePort,
		ttl: ttl ?? gateway.settings.ttl,
		dontFragment: true,
	});
	makeAnswer(gateway, skb, packet, { mark: 0, checksum: "right", isCopy });
}

/** How an answer differs from a packet that a process sends. */
export interface AnswerFields {
	readonly mark: number;
	/** `partial`: its checksum is made when it leaves. */
	readonly checksum: "right" | "partial";
	/** It is written over a copy of the segment, which keeps what is known of its frame and of its fragments (`skb_copy_expand`). */
	readonly isCopy?: boolean;
}

/**
 * Makes the answer to a segment, of the same connection; none for what was sent to many, or where no
 * route leads back.
 * @returns whether it was made
 */
export function makeAnswer(
	{ routes, settings, conntrack, made }: GatewayState,
	skb: Skb,
	packet: TcpPacket,
	{ mark, checksum, isCopy = false }: AnswerFields,
): boolean {
	if (isForMany(skb)) return false;
	const answer = skbOf(packet);
	answer.checksum = checksum;
	answer.mark = mark;
	if (isCopy) {
		const { inInterface, source, receivedParts } = skb;
		answer.frame = { inInterface, source };
		answer.receivedParts = receivedParts && { ...receivedParts, lengths: [] };
	}
	answer.route = routeMeHarder(routes, settings, answer);
	if (answer.route === null) return false;
	conntrack.attach(answer, skb);
	made.push(answer);
	return true;
}
