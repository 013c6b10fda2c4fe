/** Arbitrary decisions, for property tests. */
import fc from "fast-check";
import { rational } from "../../../sim/rational.ts";
import type { Decision } from "../walk/decision.ts";
import { draw, leaf, open, turn, turnNot } from "./test-decisions.ts";

/** A rule that sets a mark, as rules do that balance. */
interface Rule {
	readonly kind: "turn" | "draw" | "open";
	readonly counter: number;
	/** Marks that it looks at: in a cascade, none but 0. */
	readonly marked: readonly number[];
	readonly sets: number;
}

interface Period {
	readonly every: number;
	readonly packet: number;
	readonly inverted: boolean;
}

const MARKS = [0, 1, 2];

const periods = fc.array(
	fc.record<Period>({
		every: fc.integer({ min: 1, max: 4 }),
		packet: fc.nat(3),
		inverted: fc.boolean(),
	}),
	{ minLength: 5, maxLength: 5 },
);

/**
 * Chains of rules, whose ends are told by the mark, and which may move the same counters.
 * @param once each rule of a chain has a counter of its own: no packet meets a counter twice
 */
export function decisionLists(
	count: number,
	once: boolean,
	kinds: readonly Rule["kind"][] = ["turn"],
): fc.Arbitrary<readonly Decision[]> {
	const rule = fc.record<Rule>({
		kind: fc.constantFrom(...kinds),
		counter: fc.nat(2),
		marked: fc.subarray(MARKS, { minLength: 1 }),
		sets: fc.constantFrom(...MARKS),
	});
	const rules = fc.array(rule, { minLength: 1, maxLength: 5, size: "max" });
	const chains = fc.array(rules, { minLength: count, maxLength: count });
	return fc
		.tuple(periods, chains)
		.map(([periods, chains]) =>
			chains.map((rules) => chainOf(rules, periods, once)),
		);
}

export function decisions(
	once: boolean,
	kinds?: readonly Rule["kind"][],
): fc.Arbitrary<Decision> {
	return decisionLists(1, once, kinds).map(([one]) => one as Decision);
}

function chainOf(
	rules: readonly Rule[],
	periods: readonly Period[],
	once: boolean,
): Decision {
	let after = MARKS.map((mark) => leaf(`b${mark}`));
	rules.toReversed().forEach(({ kind, counter, marked, sets }, index) => {
		const yes = after[sets] as Decision;
		const key = once ? index : counter;
		after = after.map((no, mark) => {
			if (!marked.includes(mark)) return no;
			if (kind === "draw") return draw(rational(counter + 1, 4), yes, no);
			if (kind === "open") return open("the rate of packets", yes, no);
			const { every, packet, inverted } = periods[key] as Period;
			const nth = { key: `${key}`, every, packet: packet % every };
			return (inverted ? turnNot : turn)(nth, yes, no);
		});
	});
	return after[0] as Decision;
}
