import { expect, it } from "vitest";
import type { ScenarioStep } from "../scenario.ts";
import { at, backend, connect, recipeSetup, scenario } from "./build.ts";

function endOf(
	...steps: readonly (ScenarioStep | readonly ScenarioStep[])[]
): number {
	const given = { name: "a", title: "", setup: recipeSetup(), expect: [] };
	return scenario({ ...given, steps }).endMs;
}

it("ends a minute after the last step", () => {
	expect(endOf()).toBe(60_000);
	expect(endOf(at(5_000, backend("b1", "refuse")), connect(3))).toBe(65_000);
});

it("ends a minute after the last connection of a long step", () => {
	const hour = connect(36_000, { everyMs: 100 });
	expect(endOf(hour, at(5_000, backend("b1", "refuse")))).toBe(3_660_000);
	// 10,000 at 100 a second: 100 s on average, and 5 s more at five standard deviations.
	expect(endOf(at(1_000, connect(10_000, { perSecond: 100 })))).toBe(166_000);
});

it("ends when it is told", () => {
	const given = { name: "a", title: "", setup: recipeSetup(), expect: [] };
	const steps = [connect(36_000, { everyMs: 100 })];
	expect(scenario({ ...given, steps, endMs: 7 }).endMs).toBe(7);
});
