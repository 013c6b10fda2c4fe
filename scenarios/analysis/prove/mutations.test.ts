/**
 * Rulesets with a planted fault of each kind: each is found, and the same rules without it are right.
 * `MARKTWIN_MUTATIONS=200` plants so many (by default 18), `MARKTWIN_SEED=5` begins with another one.
 */
import { describe, expect, it } from "vitest";
import type { Choice } from "../../../sim/chance/choice.ts";
import { seededChoice } from "../../../sim/chance/seeded.ts";
import { prove } from "./prove.ts";
import {
	type PropertyName,
	USUAL_BUDGET,
	USUAL_LIMIT_MS,
} from "./state/events.ts";
import type { Result } from "./state/proof.ts";
import type { Segment } from "./state/segments.ts";
import {
	analysed,
	Dialogue,
	enumerated,
	NEXT,
	shows,
	subjectIn,
} from "./test-dialogue.ts";
import { kindOf, plantedBy } from "./test-plants.ts";

const COUNT = Number(process.env.MARKTWIN_MUTATIONS ?? 18);
const FIRST = Number(process.env.MARKTWIN_SEED ?? 1);
/** An enumeration takes a while. */
const ENUMERATED_EVERY = 7;
const MOST_ENUMERATED = 3;

function provedOf(text: string): ReadonlyMap<PropertyName, Result["kind"]> {
	const { services } = prove(analysed(text), {
		name: "my.rules",
		events: ["retransmission"],
		single: false,
		budget: USUAL_BUDGET,
		limitMs: USUAL_LIMIT_MS,
	});
	return new Map(
		services.flatMap(({ assumed }) =>
			assumed.proved.map(
				({ property, result }) => [property, result.kind] as const,
			),
		),
	);
}

/** What a random play violates. */
function playedBy(choice: Choice, text: string): readonly PropertyName[] {
	const analysis = analysed(text);
	const { vectors } = subjectIn(analysis);
	const values = vectors[choice.pick(vectors.length, "values")] ?? {};
	const dialogue = new Dialogue(analysis, text, values);
	const shown = new Set<PropertyName>();
	for (let others = choice.pick(5, "others"); others > 0; others--)
		dialogue.other(others);
	let next: readonly Segment[] = ["first"];
	for (let step = 0; step < 12 && shown.size === 0; step++) {
		const segment = next[choice.pick(Math.max(1, next.length), "next")];
		if (segment === undefined) break;
		for (const property of shows(dialogue, segment, values))
			shown.add(property);
		if (dialogue.sent === null) break;
		next = NEXT[segment] ?? [];
	}
	return [...shown];
}

const planted = Array.from({ length: COUNT }, (_, index) => {
	const seed = FIRST + index;
	return { seed, kind: kindOf(seed) };
});

describe("a planted fault is found, and contradicts no play", () => {
	it.each(planted)(
		"seed $seed: $kind",
		({ seed }) => {
			const choice = seededChoice(seed);
			const { right, wrong, violates, backends } = plantedBy(seed, choice);
			const before = provedOf(right);
			expect([...before.values()]).not.toContain("violated");
			const proved = provedOf(wrong);
			expect(proved.get(violates)).toBe("violated");
			for (const text of [right, wrong]) {
				const found = text === right ? before : proved;
				for (const property of playedBy(choice, text))
					expect(found.get(property)).not.toBe("holds");
			}
			if (seed % ENUMERATED_EVERY !== 0 || backends > MOST_ENUMERATED) return;
			for (const property of enumerated(wrong))
				expect(proved.get(property)).toBe("violated");
		},
		120_000,
	);
});
