/**
 * Connections whose first packet is routed without the mark that their later ones have: a rule gives it to the
 * connection, and another one restores it for known connections alone. No first packet is marked, so nothing is balanced.
 */
import { marksRoute } from "../../../services/rules-that-matter.ts";
import type { Decision, End } from "../../../walk/decision.ts";
import { askedIn, endsOf } from "../../../walk/ends-of.ts";
import { laterPackets } from "../../../walk/later-packets.ts";
import { doesTake, turnsOf } from "../../../walk/turns.ts";
import type { Facts } from "../../facts.ts";
import type { Found } from "../../finding.ts";
import { isRestore, stepsOf } from "../marks/mark-rules.ts";

export function markedLater(facts: Facts): readonly Found[] {
	const { ruleset, world, others } = facts;
	if (!marksRoute(ruleset, world.markRoutes)) return [];
	const found = new Map<string, Found>();
	for (const other of others) {
		if (!isChosen(other.decision)) continue;
		const ends = endsOf(other.decision).filter(isPlain);
		const turns = turnsOf([other.decision]);
		const [first] = [
			...ends.filter((end) => doesTake(other.decision, end, turns)),
			...ends,
		];
		const one = first && foundOf(other, first, facts);
		if (one && !found.has(one.at.rule)) found.set(one.at.rule, one);
	}
	return [...found.values()];
}

/** By turns or draws, which give several marks. */
function isChosen(decision: Decision): boolean {
	const marks = new Set(endsOf(decision).map(({ connmark }) => connmark));
	return (
		marks.size > 1 &&
		askedIn(decision).some(({ kind }) => kind === "turn" || kind === "draw")
	);
}

/** The packet leaves without a mark, and its connection has one. */
function isPlain({ fate, routingMark, connmark }: End): boolean {
	return fate.kind === "forwarded" && routingMark === 0 && connmark !== 0;
}

function foundOf(
	{ name, arrival }: Facts["others"][number],
	first: End,
	facts: Facts,
): Found | null {
	const { next, again } = laterPackets(facts.walker, arrival, first);
	for (const decision of [next, again]) {
		if (
			decision === null ||
			endsOf(decision).some(({ routingMark }) => routingMark === 0)
		)
			continue;
		const [end] = endsOf(decision).filter(
			({ fate }) => fate.kind === "forwarded",
		);
		const restore =
			end && stepsOf(end, facts).findLast(({ uses }) => uses.some(isRestore));
		if (end === undefined || restore === undefined) continue;
		if (tableOf(end, facts) === tableOf(first, facts)) continue;
		const gives = stepsOf(first, facts).findLast(({ uses }) =>
			uses.some(({ mark, does }) => mark === "connection" && does === "writes"),
		);
		const mark = `0x${end.routingMark.toString(16)}`;
		return {
			at: restore.placed.at,
			message: `the first packet of a connection gets no mark, and its later ones get mark ${mark}`,
			happens: `${name}: its first packet is routed without the mark, and the connection has the source address that belongs there; its other packets leave by another way.`,
			remedy:
				"Restore the connection's mark for its first packet as well, behind the rules that give it to the connection.",
			related: gives
				? [{ at: gives.placed.at, role: "gives it to the connection" }]
				: [],
			path: end.rules,
			repair: [],
			...(facts.world.markRoutes.length === 0
				? { assumes: "routing reads the marks (`ip rule`)" }
				: {}),
		};
	}
	return null;
}

/** By which routing sends a packet of this mark; without routing rules, the mark itself. */
function tableOf({ routingMark }: End, { world }: Facts): string {
	if (world.markRoutes.length === 0) return `${routingMark}`;
	const route = world.markRoutes.find(
		({ mark, mask }) => (routingMark & mask) >>> 0 === mark,
	);
	return `${route?.table}`;
}
