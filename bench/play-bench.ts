import {
	connect,
	connectOnly,
	outcomes,
	recipeSetup,
	scenario,
	smtp,
} from "../scenarios/language/build/build.ts";
import type { PlayableScenario } from "../scenarios/language/scenario.ts";
import { checkScenario } from "../scenarios/run/run-scenario.ts";
import type { Dialogue } from "../sim/endpoint/dialogue.ts";
import { RECIPE } from "./recipe-gateway.ts";
import { perSecond, type Series } from "./series.ts";

const ROUNDS = 4;
const COUNT = 10_000;

/** Whole plays of the recipe a second: clients, backends and gateway, with the verdict on it. */
export function measurePlays(): readonly Series[] {
	return [
		measure("plays: SMTP dialogues", 25_000, smtp()),
		measure("plays: connections that close", 67_000, connectOnly()),
	];
}

function measure(name: string, aim: number, dialogue: Dialogue): Series {
	const played = scenario({
		name: "many",
		title: "Many connections",
		setup: recipeSetup({ ruleset: { name: "recipe.rules", text: RECIPE } }),
		steps: [connect(COUNT, { perSecond: 1_000, dialogue })],
		expect: [outcomes("completed", COUNT)],
	}) as PlayableScenario;
	const values: number[] = [];
	for (let round = 0; round < ROUNDS; round++) {
		const speed = perSecond(COUNT, () => {
			const { account } = checkScenario(played);
			if (account.connections.length !== COUNT)
				throw new Error("connections were not played");
		});
		// The first round warms the compiler up.
		if (round > 0) values.push(speed);
	}
	return { name, unit: "connections/s", values, aim };
}
