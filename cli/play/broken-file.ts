/** A scenario file that cannot be used, among others that can. */
import { basename } from "node:path";
import {
	RECIPE_GATEWAY,
	recipeSetup,
} from "../../scenarios/language/build/build.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import type { LoadedScenario } from "../../scenarios/load/load-scenarios.ts";
import type { Failure } from "../outputs/results-file.ts";
import { nameText } from "../screen/screen-text.ts";

export interface BrokenFile {
	readonly file: string;
	/** A ScenarioError: what is wrong, where, and what to do. */
	readonly error: Error;
}

/** What a name on the command line gives. */
export type Chosen = LoadedScenario | BrokenFile;

export function isBroken(one: Chosen): one is BrokenFile {
	return "error" in one;
}

export function playableAmong(
	chosen: readonly Chosen[],
): readonly LoadedScenario[] {
	return chosen.filter((one): one is LoadedScenario => !isBroken(one));
}

/** As it stands among what was to be played: results tell of scenarios, so it has an empty one. */
export function brokenFailure(
	{ file, error }: BrokenFile,
	by: Pick<Failure, "driver" | "replay">,
): Failure {
	const scenario = emptyScenario({
		name: nameOf(file),
		suite: "own",
		title: nameText(file),
	});
	return {
		cause: "input",
		scenario,
		seed: scenario.setup.seed,
		message: error.message,
		...by,
	};
}

/** Stands for what is no scenario, or was never one. */
export function emptyScenario(
	named: Pick<PlayableScenario, "name" | "suite" | "title">,
): PlayableScenario {
	const ruleset = { name: "", text: "" };
	return {
		...named,
		story: "",
		trap: null,
		steps: [],
		expect: [],
		endMs: 0,
		setup: { ...recipeSetup({ ruleset }), ruleset, gateway: RECIPE_GATEWAY },
	};
}

/** `my.scenario.ts` → `my`; a scenario's name is in lower case, with hyphens. */
function nameOf(file: string): string {
	const words = basename(file)
		.replace(/(\.scenario)?\.\w+$/, "")
		.toLowerCase()
		.split(/[^a-z0-9]+/)
		.filter((word) => word !== "");
	return words.join("-") || "file";
}
