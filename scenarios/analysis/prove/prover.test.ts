/** The prover against plays that know nothing of it: all short ones, random ones, and rulesets with a planted fault. */
import { describe, expect, it } from "vitest";
import { seededChoice } from "../../../sim/chance/seeded.ts";
import { prove } from "./prove.ts";
import type { EventName, PropertyName } from "./state/events.ts";
import { USUAL_BUDGET, USUAL_LIMIT_MS } from "./state/events.ts";
import type { Result } from "./state/proof.ts";
import type { Segment } from "./state/segments.ts";
import type { Values } from "./state/subject.ts";
import {
	analysed,
	cascadeFor,
	Dialogue,
	enumerated,
	NEXT,
	recipeFor,
	shows,
	subjectIn,
} from "./test-dialogue.ts";

function provedOf(
	text: string,
	events: readonly EventName[] = [],
): ReadonlyMap<PropertyName, Result["kind"]> {
	const { services } = prove(analysed(text), {
		name: "my.rules",
		events,
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

const violated = (
	text: string,
	events: readonly EventName[] = [],
): readonly PropertyName[] =>
	[...provedOf(text, events)].flatMap(([property, kind]) =>
		kind === "violated" ? [property] : [],
	);

/** To programs of the gateway in place of hosts. */
const toPorts = (text: string): string =>
	text.replaceAll(
		/DNAT --to-destination 10\.20\.0\.(\d)/g,
		"REDIRECT --to-ports 770$1",
	);

const SMALL: Readonly<Record<string, string>> = {
	"the recipe": recipeFor(2),
	"for three": recipeFor(3),
	"a mark that leads nowhere": recipeFor(2, {
		reads: (one) => `${one === 1 ? 9 : one}`,
	}),
	"a mask that is too short": recipeFor(3, {
		reads: (one) => `${one & 1}/0x1`,
	}),
	"no mark restored": recipeFor(2, { restores: false }),
	"no rest": recipeFor(3, { rest: [] }),
	"a rest for one": recipeFor(2, { rest: [2] }),
	"a right cascade": cascadeFor(3, (_, right) => right),
	"equal counters": cascadeFor(3, () => 3),
	"ports of the gateway": toPorts(cascadeFor(3, (_, right) => right)),
	"ports and equal counters": toPorts(cascadeFor(3, () => 3)),
	"ports and a first packet alone": `${toPorts(cascadeFor(2, (_, right) => right))}*filter
-A INPUT -m conntrack --ctstate ESTABLISHED -j DROP
COMMIT
`,
};

describe("an enumeration of all short plays", () => {
	it.each(Object.entries(SMALL))("agrees about %s", (_, text) => {
		const proved = provedOf(text, ["retransmission"]);
		const kinds = (["affinity", "liveness", "no-dead-backend"] as const).filter(
			(one) => proved.get(one) === "violated",
		);
		expect(kinds).toEqual(enumerated(text));
		expect([...proved.values()]).not.toContain("unknown");
	});
});

describe("a planted fault", () => {
	const RIGHT: readonly PropertyName[] = [];

	it.each([2, 3, 4])("is not found in what is right for %i", (backends) => {
		expect(violated(recipeFor(backends))).toEqual(RIGHT);
		expect(violated(cascadeFor(backends, (_, right) => right))).toEqual(RIGHT);
	});

	it.each([2, 3, 4])("is found in rules for %i backends", (backends) => {
		// A mark that no rule reads.
		const mark = recipeFor(backends, {
			sets: (one) => `${one === 1 ? 9 : one}`,
		});
		expect(violated(mark)).toContain("liveness");
		// A mask without the bits of the mark.
		const mask = recipeFor(backends, {
			reads: (one) => (one === 2 ? "2/0x1" : `${one}`),
		});
		expect(violated(mask)).toContain("liveness");
		// Packets of standing connections move the counters.
		expect(violated(recipeFor(backends, { restores: false }))).toContain(
			"balance",
		);
		expect(violated(recipeFor(backends, { savesFirst: true }))).toContain(
			"balance",
		);
		// Connections are left over.
		expect(violated(cascadeFor(backends, (_, right) => right + 1))).toContain(
			"liveness",
		);
		expect(violated(recipeFor(backends, { rest: [] }))).toContain("liveness");
	});
});

it("never calls holding what a random play violates", () => {
	const events = ["retransmission", "reload"] as const;
	for (const [name, text] of Object.entries(SMALL)) {
		const analysis = analysed(text);
		const proved = provedOf(text, events);
		for (let seed = 1; seed <= 6; seed++) {
			const choice = seededChoice(seed);
			const { vectors } = subjectIn(analysis);
			const values = vectors[choice.pick(vectors.length, "values")] as Values;
			const dialogue = new Dialogue(analysis, text, values);
			for (let others = choice.pick(5, "others"); others > 0; others--)
				dialogue.other(others);
			let last: Segment | null = null;
			for (let step = 0; step < 12; step++) {
				if (choice.pick(4, "reload") === 0)
					dialogue.operate({
						kind: "restore",
						text,
						file: "my.rules",
						noflush: false,
						counters: false,
					});
				const next: readonly Segment[] =
					last === null ? ["first"] : (NEXT[last] ?? []);
				const segment = next[choice.pick(Math.max(1, next.length), "next")];
				if (segment === undefined) break;
				const shown = shows(dialogue, segment, values);
				for (const one of shown)
					expect(proved.get(one), `${name}, seed ${seed}`).not.toBe("holds");
				if (shown.length > 0 || dialogue.sent === null) break;
				last = segment;
			}
		}
	}
});
