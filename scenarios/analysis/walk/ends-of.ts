/** What a decision leads to: its nodes, its ends, what it asks, the rules that packets meet. */
import type { HashOf } from "../../../sim/chance/choice.ts";
import type { Fate } from "../../../sim/contract/gateway.ts";
import type { Packet } from "../../../sim/packet/packet.ts";
import type { Asked, Decision, End, RuleRef } from "./decision.ts";
import { OWN_INTERFACE } from "./walker.ts";

type Fork = Extract<Decision, { readonly kind: "fork" }>;

/** Which ways of a fork are followed, and in which order. */
type Following = (fork: Fork) => readonly Decision[];

/** What a rule does with a packet that it matches comes before what later rules do with the others. */
const matchFirst: Following = ({ asked, ways }) =>
	asked.kind === "spread" || asked.kind === "condition"
		? ways
		: ways.toReversed();

/**
 * All nodes, each once, a fork before what it leads to: ways share nodes.
 * @param following all ways as they stand, when left out
 */
export function nodesOf(
	decision: Decision,
	following: Following = ({ ways }) => ways,
): readonly Decision[] {
	const nodes = new Set<Decision>();
	const visit = (one: Decision): void => {
		if (nodes.has(one)) return;
		nodes.add(one);
		if (one.kind === "fork") for (const way of following(one)) visit(way);
	};
	visit(decision);
	return [...nodes];
}

/** All ends, each once. @param following all ways, those of packets that match first, when left out */
export function endsOf(
	decision: Decision,
	following: Following = matchFirst,
): readonly End[] {
	return nodesOf(decision, following).flatMap((one) =>
		one.kind === "leaf" ? [one.end] : [],
	);
}

/** What is asked, fork by fork. */
export function askedIn(decision: Decision): readonly Asked[] {
	return nodesOf(decision).flatMap((one) =>
		one.kind === "fork" ? [one.asked] : [],
	);
}

/** Rules that have a part in it: those that ask, and those that a packet matches. */
export function rulesIn(decision: Decision): readonly RuleRef[] {
	return nodesOf(decision).flatMap((one) =>
		one.kind === "fork" ? [one.asked.at] : one.end.rules,
	);
}

/** Of what a hash picks where connections go. `mixed`: draws, turns or another hash have a part in it too. */
export type PickedBy = HashOf | "mixed";

/** `null`: no hash does. */
export function hashIn(decision: Decision): PickedBy | null {
	const asked = askedIn(decision);
	const hashes = new Set(
		asked.flatMap((one) =>
			one.kind === "spread" && one.by === "hash" ? [one.of ?? "client"] : [],
		),
	);
	const [first = null, ...more] = hashes;
	const isDrawn = asked.some(
		(one) =>
			one.kind === "turn" ||
			one.kind === "draw" ||
			(one.kind === "spread" && one.by === "draw"),
	);
	return first !== null && (isDrawn || more.length > 0) ? "mixed" : first;
}

/**
 * Equal for decisions that move the same counters to the same ends.
 * @param nameOf names what is asked: by its own key, when left out
 */
export function decisionText(
	decision: Decision,
	textOf: (end: End) => string,
	nameOf: (asked: Asked) => string = ({ key }) => key,
): string {
	const numbers = new Map<Decision, number>();
	const lines: string[] = [];
	const visit = (one: Decision): number => {
		const known = numbers.get(one);
		if (known !== undefined) return known;
		const line =
			one.kind === "leaf"
				? textOf(one.end)
				: `${nameOf(one.asked)}:${one.ways.map(visit).join(",")}`;
		const number = lines.push(line) - 1;
		numbers.set(one, number);
		return number;
	};
	visit(decision);
	return lines.join("\n");
}

/** The destination port; `null` where the protocol has none. */
export function portOf(packet: Packet): number | null {
	return packet.kind === "tcp" || packet.kind === "udp"
		? packet.destinationPort
		: null;
}

/** By which interface it comes to whom it is for: a program of the gateway's own finds it on `lo`; `null`: to nobody. */
export function comesOutBy(fate: Fate): string | null {
	if (fate.kind === "forwarded") return fate.interface;
	return fate.kind === "delivered" ? OWN_INTERFACE : null;
}
