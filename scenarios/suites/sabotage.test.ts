/** The stories must be able to fail: each breaks when the recipe does. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { fixRuleset } from "../../sim/ruleset/fix/fix.ts";
import { checkScenario } from "../run/run-scenario.ts";
import { loadBuiltInScenarios } from "./index.ts";

const rulesText = (name: string) =>
	readFile(new URL(`./recipe/${name}`, import.meta.url), "utf8");
const recipe = await rulesText("recipe.rules");

/** Those of the suites (all when none are named) in which something no longer holds when recipe.rules is this. */
async function brokenBy(
	text: string,
	suites: readonly string[] | null,
): Promise<readonly string[]> {
	const rules = new Map([["recipe.rules", { name: "recipe.rules", text }]]);
	const broken = new Set<string>();
	for (const { scenario } of await loadBuiltInScenarios({ rules })) {
		if (broken.has(scenario.suite)) continue;
		if (suites && !suites.includes(scenario.suite)) continue;
		const { judgements } = checkScenario(scenario);
		// Whether mail is kept is unknown where no server is real.
		const isBroken = judgements.some(
			({ outcome, expectation }) =>
				outcome !== "holds" && expectation.kind !== "mail-kept",
		);
		if (isBroken) broken.add(scenario.suite);
	}
	return [...broken];
}

function without(line: string | RegExp): string {
	const text = recipe.replace(line, "");
	expect(text).not.toBe(recipe);
	return text;
}

describe("a recipe that is broken", () => {
	it.each([
		[
			"by another counter",
			recipe.replace("--every 2", "--every 3"),
			["split", "failover", "affinity", "other-interface", "take-over"],
		],
		[
			"by no restore-mark",
			without(/^.*restore-mark\n/m),
			["split", "affinity", "stuck-client", "kernel-conntrack"],
		],
		[
			"by no save-mark",
			without(/^.*save-mark\n(?=-A PRE)/m),
			["affinity", "stuck-client", "kernel-conntrack"],
		],
		[
			"by no fallback to backend 1",
			without(
				/^-A MAILMARK -m mark --mark 0x0 -m condition ! --condition mail1up .*\n/m,
			),
			["failover"],
		],
		[
			"by conditions read the other way",
			recipe.replaceAll("! --condition", "--condition"),
			["split", "failover", "reload", "conditions", "flapping"],
		],
		[
			"by nat for every interface",
			recipe.replaceAll("-i bond0.204 ", ""),
			["other-interface"],
		],
	])("%s is found", async (_, text, suites) => {
		expect(await brokenBy(text, suites)).toEqual(suites);
	});
});

describe("the recipe as it was published", () => {
	it("plays every story like the recipe, once it is fixed", async () => {
		const { text, faults } = fixRuleset(await rulesText("as-published.rules"));
		expect(faults).toEqual([]);
		expect(await brokenBy(text, null)).toEqual([]);
	});
});
