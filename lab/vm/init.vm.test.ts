/** Scenarios that `marktwin init` writes play on a kernel as on the model: those of right rules hold, and wrong rules violate them. */
import { expect, it } from "vitest";
import { draftPlayed } from "../../scenarios/analysis/draft/draft-played.ts";
import { analyse } from "../../scenarios/analysis/services/analysis.ts";
import { compareScenario } from "../../scenarios/compare/lockstep/compare-scenario.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { parseRuleset } from "../../sim/ruleset/parse.ts";
import { testRuleset } from "../../test/rulesets/test-rulesets.ts";
import { describeOnVm, vmDriver } from "./test-machine.ts";

function drafted(name: string): readonly PlayableScenario[] {
	const { text, file } = testRuleset(name);
	const { results } = draftPlayed(analyse(parseRuleset(text, { file })), text, {
		ruleset: { file },
		origin: "",
	});
	return results.map(({ scenario }) => scenario);
}

describeOnVm("scenarios that marktwin init writes", () => {
	const driver = vmDriver();

	it.each(["nth-descending", "conditions-up"])(
		"of %s hold on a kernel, packet by packet",
		{ timeout: 240_000 },
		async (name) => {
			for (const scenario of drafted(name)) {
				const compared = await compareScenario(scenario, { driver: driver() });
				expect(compared.divergences).toEqual([]);
				expect(compared.result?.outcome).toBe("holds");
			}
		},
	);

	it("of the repaired cascade are violated by the wrong one", {
		timeout: 240_000,
	}, async () => {
		const { text } = testRuleset("equal-nth-three");
		const [split] = drafted("nth-descending") as [PlayableScenario];
		const ruleset = { name: "wrong.rules", text };
		const wrong = { ...split, setup: { ...split.setup, ruleset } };
		const compared = await compareScenario(wrong, { driver: driver() });
		expect(compared.divergences).toEqual([]);
		expect(compared.result?.outcome).toBe("violated");
	});
});
