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

/** The compiler is at work in the first ones: they are not counted. */
const WARM_UP = 4;
const ROUNDS = 4;
const COUNT = 10_000;

/** Whole plays of the recipe a second: clients, backends and gateway, with the verdict on it. */
export function measurePlays(): readonly Series[] {
	return [
		measure("plays: SMTP dialogues", 25_000, smtp()),
		measure("plays: connections that close", 67_000, connectOnly()),
	];
}

/** Plays as many connections, and judges them. */
export function playMany(count: number, dialogue: Dialogue): void {
	const played = scenario({
		name: "many",
		title: "Many connections",
		setup: recipeSetup({ ruleset: { name: "recipe.rules", text: RECIPE } }),
		steps: [connect(count, { perSecond: 1_000, dialogue })],
		expect: [outcomes("completed", count)],
	}) as PlayableScenario;
	const { account } = checkScenario(played);
	if (account.connections.length !== count)
		throw new Error("connections were not played");
}

function measure(name: string, aim: number, dialogue: Dialogue): Series {
	const values: number[] = [];
	for (let round = 0; round < WARM_UP + ROUNDS; round++) {
		const speed = perSecond(COUNT, () => playMany(COUNT, dialogue));
		if (round >= WARM_UP) values.push(speed);
	}
	return { name, unit: "connections/s", values, aim };
}
