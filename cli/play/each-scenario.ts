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

/** What became of one: it was played, or could not be. */
type Ended<Made> =
	| { readonly kind: "made"; readonly made: Made }
	| {
			readonly kind: "failed";
			readonly message: string;
			readonly cause: Pick<Failure, "cause">;
	  };

/**
 * Plays them, as many at a time as there are places to play on, and says on the terminal which it is.
 * What came of them is told in their order. None takes the others along: not a machine that died, nor a
 * scenario that cannot be set up, nor a bug that one of them meets.
 * @returns those that were left
 */
export async function eachScenario<Place, Made>(
	loaded: readonly LoadedScenario[],
	how: {
		/** `playing`. */
		readonly doing: string;
		/** Each is played on one of them, which plays one at a time. */
		readonly places: readonly Place[];
		readonly play: (place: Place, one: LoadedScenario) => Promise<Made>;
		readonly onMade: (made: Made) => void;
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
	const { doing, places, play, onMade, onFailure } = how;
	const isEnough = how.isEnough ?? (() => false);
	const ended = new Map<LoadedScenario, Ended<Made>>();
	let begun = 0;
	let told = 0;
	const tell = () => {
		for (const one of loaded.slice(told, begun)) {
			const end = ended.get(one);
			if (end === undefined || isEnough()) return;
			ended.delete(one);
			told++;
			if (end.kind === "made") onMade(end.made);
			else onFailure(one, end.message, end.cause);
		}
	};
	await Promise.all(
		places.map(async (place) => {
			while (!isEnough()) {
				const one = loaded[begun];
				if (one === undefined) return;
				begun++;
				progress.show(
					`${doing} ${begun}/${loaded.length} ${one.scenario.name} …`,
				);
				// The model never waits: here is where it is heard that a reader has gone away.
				await setImmediate();
				ended.set(one, await endOf(one, () => play(place, one)));
				tell();
			}
		}),
	);
	return loaded.slice(told);
}

async function endOf<Made>(
	{ fault }: LoadedScenario,
	play: () => Promise<Made>,
): Promise<Ended<Made>> {
	try {
		if (fault !== undefined) throw fault;
		return { kind: "made", made: await play() };
	} catch (error) {
		const { text, exitCode } = reportError(error, process.argv.slice(2));
		const cause = CAUSES.get(exitCode);
		return {
			kind: "failed",
			message: text,
			cause: cause === undefined ? {} : { cause },
		};
	}
}
