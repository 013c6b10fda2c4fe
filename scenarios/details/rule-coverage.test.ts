import { expect, it } from "vitest";
import { checkScenario } from "../run/run-scenario.ts";
import { loadBuiltInScenarios } from "../suites/index.ts";
import { matchedRules, ruleCoverage } from "./rule-coverage.ts";
import { collectRunDetails } from "./run-details.ts";

const all = await loadBuiltInScenarios();

function coverageOf(...names: readonly string[]) {
	return ruleCoverage(
		names.map((name) => {
			const found = all.find(({ scenario }) => scenario.name === name);
			if (found === undefined) throw new Error(`no scenario ${name}`);
			const result = checkScenario(found.scenario);
			const { matched } = collectRunDetails(result, { connections: 1 });
			return { scenario: found.scenario, matched };
		}),
	);
}

it("finds the rule that no packet of a scenario matched, with its line", () => {
	const [recipe, ...others] = coverageOf("split-alternates");
	expect(others).toEqual([]);
	expect(recipe).toMatchObject({ scenarios: 1, rules: 8 });
	expect(recipe?.unmatched).toHaveLength(1);
	expect(recipe?.unmatched[0]).toMatchObject({
		place: "mangle:MAILMARK:rule:4",
		text: expect.stringContaining('! --condition "mail1up"'),
	});
	expect(recipe?.unmatched[0]?.line).toBeGreaterThan(0);
});

it("takes all scenarios of a ruleset together", () => {
	const [recipe] = coverageOf("split-alternates", "failover-b2-dead");
	expect(recipe).toMatchObject({ scenarios: 2, unmatched: [] });
});

it("counts what matched before a reload set the counters back", () => {
	const names = all
		.map(({ scenario }) => scenario)
		.filter(({ suite }) => suite === "reload")
		.map(({ name }) => name);
	for (const name of names) {
		const [first] = coverageOf(name);
		expect(first?.unmatched.length, name).toBeLessThan(first?.rules ?? 0);
	}
});

it("knows rules by their place where a Linux spells them otherwise", () => {
	const name = "my.rules";
	const text = "*filter\n-A INPUT -p tcp -m tcp --dport 25 -j DROP\nCOMMIT\n";
	const [first] = all;
	if (first === undefined) throw new Error("there are scenarios");
	const { setup } = first.scenario;
	const scenario = { setup: { ...setup, ruleset: { name, text } } };
	const line = {
		kind: "rule" as const,
		table: "filter",
		chain: "INPUT",
		number: 1,
		text: "-A INPUT -p tcp -m tcp --dport smtp -j DROP",
		packets: 1,
		bytes: 60,
	};
	const unmatched = (unchanged: number) =>
		ruleCoverage([{ scenario, matched: matchedRules([[line]], unchanged) }])[0]
			?.unmatched.length;
	expect(unmatched(1)).toBe(0);
	// Behind an operation another rule may stand there.
	expect(unmatched(0)).toBe(1);
});

it("says nothing of what a kernel played", () => {
	const [first] = all;
	if (first === undefined) throw new Error("there are scenarios");
	const { scenario } = first;
	expect(ruleCoverage([{ scenario, matched: null }])).toEqual([]);
});
