/**
 * Later packets of a connection that go elsewhere than its first one. What the machine would tell (whether a program
 * has a socket, say) is walked both ways: a connection whose first packet had one answer is not known to move because
 * a later packet had the other.
 */
import type { Asked, Decision, End } from "../walk/decision.ts";
import { endsOf, nodesOf } from "../walk/ends-of.ts";
import { type Turns, turnsOf } from "../walk/turns.ts";
import type { Connection } from "./connections.ts";

export interface Moves {
	readonly which: "next" | "again";
	/** All ways of the packet. */
	readonly whole: Decision;
	/** Those of them that its connection leaves: to what is not known, it has the answer of the first packet. */
	readonly decision: Decision;
	/** Where it goes elsewhere, whatever is not known; `null`: there is no such end. */
	readonly end: End | null;
	/** All ends at which it goes elsewhere by ways that its connection leaves. */
	readonly ends: readonly End[];
	/** What is not known and makes it move or stay; [] where `end` is one. */
	readonly restsOn: readonly Open[];
}

type Open = Extract<Asked, { readonly kind: "open" }>;
type Fork = Extract<Decision, { readonly kind: "fork" }>;

export function movesOf(connection: Connection): readonly Moves[] {
	const answers = answersOf(connection.decision, connection.end);
	return (["next", "again"] as const).flatMap((which) => {
		const whole = connection.later[which];
		if (whole === null) return [];
		const isOne = (end: End) => isMoved(end, connection);
		const decision = withAnswers(whole, answers);
		const end = certainly(decision, isOne);
		const ends = endsOf(decision).filter(isOne);
		const restsOn = end === null ? deciding(whole, isOne) : [];
		return [{ which, whole, decision, end, ends, restsOn }];
	});
}

/** Counters as packets of the connection leave them; `null`: too many. */
export function turnsIn({ decision, later }: Connection): Turns | null {
	const { again, answer, next, data } = later;
	return turnsOf(
		[decision, again, answer, next, data].filter((one) => one !== null),
	);
}

/** It goes on, to another place than the first packet. What drops it is for other rules. */
function isMoved(end: End, { keyOf, backend }: Connection): boolean {
	const { kind } = end.fate;
	if (kind !== "forwarded" && kind !== "delivered") return false;
	return keyOf(end) !== backend;
}

function isUnknown(asked: Asked): asked is Open {
	return asked.kind === "open" && asked.isUnknown === true;
}

/** What a packet was answered that the machine would tell, by what was asked. */
function answersOf(
	decision: Decision,
	{ ways }: End,
): ReadonlyMap<string, number> {
	const answers = new Map<string, number>();
	let at = decision;
	for (const way of ways) {
		if (at.kind === "leaf") break;
		if (isUnknown(at.asked)) answers.set(at.asked.key, way);
		at = at.ways[way] as Decision;
	}
	return answers;
}

function withAnswers(
	decision: Decision,
	answers: ReadonlyMap<string, number>,
): Decision {
	const known = new Map<Decision, Decision>();
	const visit = (one: Decision): Decision => {
		if (one.kind === "leaf") return one;
		const before = known.get(one);
		if (before !== undefined) return before;
		const { asked, ways } = one;
		const answer = isUnknown(asked) ? answers.get(asked.key) : undefined;
		const left: Decision =
			answer === undefined
				? { ...one, ways: ways.map(visit) }
				: visit(ways[answer] as Decision);
		known.set(one, left);
		return left;
	};
	return answers.size === 0 ? decision : visit(decision);
}

/** An end of that kind to which packets come by turns or draws, whatever is not known; `null`: there is none. */
function certainly(
	decision: Decision,
	isOne: (end: End) => boolean,
): End | null {
	const known = new Map<Decision, End | null>();
	const visit = (one: Decision): End | null => {
		if (one.kind === "leaf") return isOne(one.end) ? one.end : null;
		const before = known.get(one);
		if (before !== undefined) return before;
		const ends = inOrder(one).map(visit);
		const end = ends.find((each) => each !== null) ?? null;
		const isCertain = !isUnknown(one.asked) || !ends.includes(null);
		known.set(one, isCertain ? end : null);
		return isCertain ? end : null;
	};
	return visit(decision);
}

/** As `endsOf` has them: what a rule does with a packet that it matches comes first. */
function inOrder({ asked, ways }: Fork): readonly Decision[] {
	const isMatch = asked.kind !== "spread" && asked.kind !== "condition";
	return isMatch ? ways.toReversed() : ways;
}

/** What is not known where packets come to such an end by one way and not by the other. */
function deciding(
	decision: Decision,
	isOne: (end: End) => boolean,
): readonly Open[] {
	const found = nodesOf(decision).flatMap((one) => {
		if (one.kind === "leaf" || !isUnknown(one.asked)) return [];
		const ends = one.ways.map((way) => endsOf(way).some(isOne));
		return ends.includes(true) && ends.includes(false) ? [one.asked] : [];
	});
	return [...new Set(found)];
}
