/**
 * A kernel does what the counterexamples of generated rulesets say, packet by packet.
 * `MARKTWIN_MUTATIONS=100` generates so many rulesets (by default 6), `MARKTWIN_SEED=5` begins with another one.
 */
import { expect, it } from "vitest";
import { prove } from "../../scenarios/analysis/prove/prove.ts";
import {
	EVENT_NAMES,
	USUAL_BUDGET,
	USUAL_LIMIT_MS,
} from "../../scenarios/analysis/prove/state/events.ts";
import { analysed } from "../../scenarios/analysis/prove/test-dialogue.ts";
import {
	kindOf,
	plantedBy,
} from "../../scenarios/analysis/prove/test-plants.ts";
import { compareScenario } from "../../scenarios/compare/lockstep/compare-scenario.ts";
import { judgeComparison } from "../../scenarios/compare/verdict.ts";
import { seededChoice } from "../../sim/chance/seeded.ts";
import { describeOnVm, vmDriver } from "./test-machine.ts";

const COUNT = Number(process.env.MARKTWIN_MUTATIONS ?? 6);
const FIRST = Number(process.env.MARKTWIN_SEED ?? 1);

const seeds = Array.from({ length: COUNT }, (_, index) => {
	const seed = FIRST + index;
	return { seed, kind: kindOf(seed) };
});

describeOnVm("a kernel confirms counterexamples", () => {
	const driver = vmDriver();

	it.each(seeds)(
		"seed $seed: $kind",
		async ({ seed }) => {
			const choice = seededChoice(seed);
			const { wrong } = plantedBy(seed, choice);
			const event = EVENT_NAMES[choice.pick(EVENT_NAMES.length, "event")];
			const { services } = prove(analysed(wrong), {
				name: "my.rules",
				events: event === undefined ? [] : [event],
				single: false,
				budget: USUAL_BUDGET,
				limitMs: USUAL_LIMIT_MS,
			});
			const scenarios = services.flatMap(({ assumed }) =>
				assumed.proved.flatMap(({ result }) =>
					result.kind === "violated" ? [result.counterexample.scenario] : [],
				),
			);
			expect(scenarios).not.toEqual([]);
			for (const scenario of scenarios) {
				const comparison = await compareScenario(scenario, {
					driver: driver(),
				});
				const { verdict } = judgeComparison(comparison);
				expect(verdict, `${scenario.name}, ${event}`).toBe("agrees");
			}
		},
		240_000,
	);
});
