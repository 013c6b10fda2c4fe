import { setImmediate } from "node:timers/promises";
import type { LoadedScenario } from "../scenarios/run/load-scenarios.ts";
import { progress } from "./screen.ts";

/**
 * Plays one after the other, and says on the terminal which it is. One machine that died does not
 * take the other scenarios along, nor does one that cannot be set up where somebody takes note of
 * it; everything else that is thrown ends it.
 * @returns how many were left
 */
export async function eachScenario(
	loaded: readonly LoadedScenario[],
	how: {
		/** `playing`. */
		readonly doing: string;
		readonly play: (one: LoadedScenario) => Promise<void>;
		/** `--bail`: asked after each; the rest is left. */
		readonly isEnough?: () => boolean;
		/** The lab failed, and why. */
		readonly onFailure: (one: LoadedScenario, message: string) => void;
		/** What it was given cannot be set up, a ruleset say; left out: that ends everything. */
		readonly onBadInput?: (one: LoadedScenario, message: string) => void;
	},
): Promise<number> {
	for (const [index, one] of loaded.entries()) {
		if (how.isEnough?.()) return loaded.length - index;
		const { name } = one.scenario;
		progress.show(`${how.doing} ${index + 1}/${loaded.length} ${name} …`);
		// The model never waits: here is where it is heard that a reader has gone away.
		await setImmediate();
		try {
			await how.play(one);
		} catch (error) {
			if (!(error instanceof Error)) throw error;
			const take = {
				LabError: how.onFailure,
				ScenarioError: how.onBadInput,
			}[error.name];
			if (take === undefined) throw error;
			take(one, error.message);
		}
	}
	return 0;
}
