/** Weights that comments of rules state: `-m comment --comment "web1, weight 2"`. */
import type { Rule, Ruleset } from "../../../../sim/contract/ruleset.ts";
import { matches } from "../../../../sim/matches/index.ts";
import {
	compareRationals,
	minus,
	type Rational,
	rational,
	ZERO,
} from "../../../../sim/rational.ts";
import type { RuleRef } from "../../walk/decision.ts";
import { endsOf } from "../../walk/ends-of.ts";
import type { Balancer } from "./balancers.ts";
import { ruleOf } from "./rule-edits.ts";
import { exactShare } from "./words.ts";

export interface StatedWeight {
	readonly key: string;
	readonly weight: number;
	/** The rule that states it. */
	readonly at: RuleRef;
	/** What its weight comes to. */
	readonly wanted: Rational;
	/** What it gets, with all conditions alive; `null`: that is not known. */
	readonly share: Rational | null;
}

/** One for each backend that gets connections; [] where not all of them have one weight each. */
export function statedWeights(
	ruleset: Ruleset,
	{ client, service, keyOf }: Balancer,
): readonly StatedWeight[] {
	const [alive] = client.vectors;
	if (alive === undefined || service.backends.length < 2) return [];
	const found = new Map<string, { weight: number; at: RuleRef }>();
	const contradicted = new Set<string>();
	for (const end of endsOf(client.decision)) {
		const key = keyOf(end);
		for (const at of end.rules) {
			const weight = weightOf(ruleOf(ruleset, at.rule)?.rule ?? null);
			const known = found.get(key);
			if (weight === null) continue;
			if (known !== undefined && known.weight !== weight) contradicted.add(key);
			else if (known === undefined) found.set(key, { weight, at });
		}
	}
	const keys = service.backends.map(({ key }) => key);
	if (keys.some((key) => !found.has(key) || contradicted.has(key))) return [];
	const sum = keys.reduce((all, key) => all + (found.get(key)?.weight ?? 0), 0);
	if (sum === 0) return [];
	return keys.flatMap((key) => {
		const one = found.get(key);
		const share = exactShare(alive.split, key);
		return one === undefined
			? []
			: [{ key, ...one, wanted: rational(one.weight, sum), share }];
	});
}

/** Chance is drawn in steps of 2^-31, and people write probabilities with a few digits. */
const TOLERANCE = rational(1, 200);

/** Counters are exact; a probability may be rounded. */
export function isMet(
	{ wanted, share }: StatedWeight,
	byChance: boolean,
): boolean {
	if (share === null) return true;
	const off = minus(wanted, share);
	const size = off.numerator < 0n ? minus(ZERO, off) : off;
	return compareRationals(size, byChance ? TOLERANCE : ZERO) <= 0;
}

/** `null`: its comments state none, or several. */
function weightOf(rule: Rule | null): number | null {
	const words = (rule?.matches ?? []).flatMap(
		({ name, options }) => matches.get(name)?.comment?.(options) ?? [],
	);
	const weights = words.flatMap((text) =>
		[...text.matchAll(/\bweight\s*[:=]?\s*(\d{1,6})(?![\d.])/gi)].map(
			([, digits]) => Number(digits),
		),
	);
	return weights.length === 1 ? (weights[0] as number) : null;
}

/** Comments state weights, and not the same one for all: equal parts are not what is meant. */
export function statesUnequal(weights: readonly StatedWeight[]): boolean {
	return weights.some(({ weight }) => weight !== weights[0]?.weight);
}
