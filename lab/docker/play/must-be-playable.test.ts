import { expect, it } from "vitest";
import {
	connect,
	outcomes,
	packetsOut,
	packetsPast,
	recipeSetup,
	scenario,
} from "../../../scenarios/language/build/build.ts";
import type {
	Expectation,
	PlayableScenario,
} from "../../../scenarios/language/scenario.ts";
import { mustBePlayable } from "./docker-lab.ts";

const expecting = (one: Expectation) => () =>
	mustBePlayable(
		scenario({
			name: "one",
			title: "One",
			steps: [connect(1)],
			expect: [one],
			setup: recipeSetup(),
		}) as PlayableScenario,
	);

it("refuses to play with real clients what they cannot tell", () => {
	expect(expecting(outcomes("open", 1))).not.toThrow();
	expect(expecting(outcomes("half-open", 0))).toThrow(
		"it expects what no client can tell: `half-open`",
	);
	for (const one of [packetsOut("eth0", ["*"]), packetsPast("eth0", ["*"])])
		expect(expecting(one)).toThrow("what only a look at every packet can tell");
});
