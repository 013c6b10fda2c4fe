import { describe, expect, it } from "vitest";
import { validateScenarioFile } from "../language/check/validate.ts";
import { checkScenario } from "../run/run-scenario.ts";
import { loadBuiltInScenarios } from "./index.ts";

const loaded = await loadBuiltInScenarios();

describe("the built-in scenarios", () => {
	it("are right, and have names of their own", () => {
		const scenarios = loaded.map(({ scenario }) => scenario);
		expect(validateScenarioFile(scenarios, "built in")).toHaveLength(
			loaded.length,
		);
	});

	it.each(loaded.map(({ scenario }) => [scenario.name, scenario] as const))(
		"%s holds on the model, and tells a story",
		(_, scenario) => {
			const result = checkScenario(scenario);
			// Only real mail servers can lose mail.
			const isLive = scenario.suite === "live";
			const others = result.judgements.filter(
				({ outcome, expectation }) =>
					outcome !== "holds" && !(isLive && expectation.kind === "mail-kept"),
			);
			expect(
				others.map(
					({ expectation, expected, seen }) =>
						`${expectation.kind}: expected ${expected}; seen: ${seen}`,
				),
			).toEqual([]);
			const keepsMail = scenario.expect.some(
				({ kind }) => kind === "mail-kept",
			);
			expect(result.outcome).toBe(keepsMail ? "unknown" : "holds");
			expect(scenario.story).not.toBe("");
		},
	);

	it("give the same bytes for the same seed", () => {
		for (const { scenario } of loaded) {
			const once = JSON.stringify(checkScenario(scenario, { seed: 7 }));
			expect(JSON.stringify(checkScenario(scenario, { seed: 7 }))).toBe(once);
		}
	});
});
