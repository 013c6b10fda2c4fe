import { expect, it } from "vitest";
import type { Linux } from "../../sim/linux/linux.ts";
import type { Step } from "../../sim/world/setup/setup.ts";
import { RECIPE_GATEWAY } from "../language/build/build-recipe.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";
import { loadBuiltInScenarios } from "../suites/index.ts";
import { matchedRules, ruleCoverage } from "./rule-coverage.ts";
import { collectRunDetails, matchedIn } from "./run-details.ts";

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

it("knows the same of a result that is not played again, where its counters tell", () => {
	for (const { scenario } of all.filter(({ scenario }) =>
		["split", "failover", "reload"].includes(scenario.suite),
	)) {
		const result = checkScenario(scenario);
		const { matched } = collectRunDetails(result, { connections: 1 });
		const unmatchedBy = (one: typeof matched) =>
			ruleCoverage([{ scenario, matched: one }]).map((of) => of.unmatched);
		expect(unmatchedBy(matchedIn(result)), scenario.name).toEqual(
			unmatchedBy(matched),
		);
	}
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

function played(scenario: PlayableScenario) {
	const { matched } = collectRunDetails(checkScenario(scenario), {
		connections: 1,
	});
	return ruleCoverage([{ scenario, matched }])[0];
}

const ONE_PACKET: Step = {
	kind: "packet",
	atMs: 1,
	label: "",
	interface: RECIPE_GATEWAY.interfaces[0]?.name ?? "",
	packet: "tcp 10.0.0.10:40000 > 10.0.0.1:25 S",
};

function scenarioOf(
	text: string,
	{
		linux,
		steps = [ONE_PACKET],
	}: { readonly linux?: Linux; readonly steps?: readonly Step[] } = {},
): PlayableScenario {
	const [first] = all;
	if (first === undefined) throw new Error("there are scenarios");
	const { scenario } = first;
	const gateway = {
		...RECIPE_GATEWAY,
		...(linux === undefined ? {} : { linux }),
	};
	const ruleset = { name: "my.rules", text };
	const setup = { ...scenario.setup, gateway, ruleset, conditions: {} };
	return { ...scenario, setup, steps, expect: [] };
}

it("tells two equal rules apart, of which the second is never reached", () => {
	const rule = "-A INPUT -p tcp -m tcp --dport 25 -j DROP";
	const found = played(scenarioOf(`*filter\n${rule}\n${rule}\nCOMMIT\n`));
	expect(found?.unmatched.map(({ place }) => place)).toEqual([
		"filter:INPUT:rule:2",
	]);
});

it("reads and prints the rules as the gateway's Linux does", () => {
	const linux = {
		kernel: "6.12",
		iptables: "1.8.11",
		backend: "legacy",
	} as const;
	const text = "*filter\n-A INPUT -d10.0.0.1 -p tcp -j DROP\nCOMMIT\n";
	expect(played(scenarioOf(text, { linux }))?.unmatched).toEqual([]);
});

it("counts what matched before a late reload", () => {
	const text = "*filter\n-A INPUT -p tcp -m tcp --dport 25 -j DROP\nCOMMIT\n";
	const reload: Step = {
		kind: "operation",
		atMs: 100,
		label: "",
		operation: {
			kind: "restore",
			text,
			file: "my.rules",
			noflush: false,
			counters: false,
		},
	};
	const packets = Array.from({ length: 40 }, (_, index): Step => {
		return { ...ONE_PACKET, atMs: index } as Step;
	});
	expect(
		played(scenarioOf(text, { steps: [...packets, reload] })),
	).toMatchObject({ rules: 1, unmatched: [] });
});
