import { setImmediate } from "node:timers/promises";
import type { LoadedScenario } from "../../scenarios/load/load-scenarios.ts";
import { EXIT } from "../base/exit-code.ts";
import type { Failure } from "../outputs/results-file.ts";
import { reportError } from "../program/report-error.ts";
import { progress } from "../screen/screen.ts";

/** Whose fault it is; the lab's has no name. */
const CAUSES: ReadonlyMap<number, NonNullable<Failure["cause"]>> = new Map([
	[EXIT.badInput, "input"],
	[EXIT.bug, "bug"],
]);

/**
 * Plays one after the other, and says on the terminal which it is. None takes the others along: not a
 * machine that died, nor a scenario that cannot be set up, nor a bug that one of them meets.
 * @returns those that were left
 */
export async function eachScenario(
	loaded: readonly LoadedScenario[],
	how: {
		/** `playing`. */
		readonly doing: string;
		readonly play: (one: LoadedScenario) => Promise<void>;
		/** `--bail`: asked after each; the rest is left. */
		readonly isEnough?: () => boolean;
		/** It could not be played to its end, and why. */
		readonly onFailure: (
			one: LoadedScenario,
			message: string,
			cause: Pick<Failure, "cause">,
		) => void;
	},
): Promise<readonly LoadedScenario[]> {
	for (const [index, one] of loaded.entries()) {
		if (how.isEnough?.()) return loaded.slice(index);
		const { name } = one.scenario;
		progress.show(`${how.doing} ${index + 1}/${loaded.length} ${name} …`);
		// The model never waits: here is where it is heard that a reader has gone away.
		await setImmediate();
		try {
			if (one.fault !== undefined) throw one.fault;
			await how.play(one);
		} catch (error) {
			const { text, exitCode } = reportError(error, process.argv.slice(2));
			const cause = CAUSES.get(exitCode);
			how.onFailure(one, text, cause === undefined ? {} : { cause });
		}
	}
	return [];
}
