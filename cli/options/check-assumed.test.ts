import { expect, test } from "vitest";
import {
	connect,
	recipeSetup,
	scenario,
} from "../../scenarios/language/build/build.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { mustBeInScenarios } from "./check-assumed.ts";

const withSet = (name: string) =>
	scenario({
		name,
		title: "",
		setup: recipeSetup({
			ruleset: {
				name: "my.rules",
				text: `*filter\n-A FORWARD -m set --match-set ${name} src -j DROP\nCOMMIT\n`,
			},
		}),
		steps: [connect(1)],
		expect: [],
	}) as PlayableScenario;

test("what is assumed for several scenarios is in the rules of one of them at least", () => {
	const scenarios = [withSet("blocked"), withSet("good")];
	const given = (key: string) => () =>
		mustBeInScenarios(new Map([[key, "no"]]), scenarios);
	expect(given("set:blocked")).not.toThrow();
	expect(given("set:good")).not.toThrow();
	expect(given("set:goood")).toThrow(
		"--assume set:goood=no: no rule has a match of that kind and name",
	);
	expect(() =>
		mustBeInScenarios(new Map([["set:goood", "no"]]), []),
	).not.toThrow();
});
