/** The ends of a decision, and what is asked of their packets. */
import type { Packet } from "../../../sim/packet/packet.ts";
import type { Decision, End } from "./decision.ts";

/** All ends of a decision, each once. */
export function endsOf(decision: Decision): readonly End[] {
	const seen = new Set<Decision>();
	const ends: End[] = [];
	const visit = (one: Decision): void => {
		if (seen.has(one)) return;
		seen.add(one);
		if (one.kind === "leaf") ends.push(one.end);
		else for (const way of matchFirst(one)) visit(way);
	};
	visit(decision);
	return ends;
}

/** What a rule does with a packet that it matches comes before what later rules do with the others. */
function matchFirst({ asked, ways }: Decision & { kind: "fork" }) {
	return asked.kind === "spread" || asked.kind === "condition"
		? ways
		: ways.toReversed();
}

/** The destination port; `null` where the protocol has none. */
export function portOf(packet: Packet): number | null {
	return packet.kind === "tcp" || packet.kind === "udp"
		? packet.destinationPort
		: null;
}
