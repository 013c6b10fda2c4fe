/** What an analysis rests on besides rules and machine. */
import type { Analysis } from "../../scenarios/analysis/services/analysis.ts";
import { assumedWords } from "../../scenarios/result/assumed.ts";
import { err } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";

/** Matches that were taken for matching or not; the notes of the world have those that were never asked. */
export function sayAssumed(
	file: string,
	{ world, walker: { assumptions } }: Analysis,
): void {
	const used = Object.entries(world.assume)
		.map(([key, value]) => ({ key, value, times: assumptions.times(key) }))
		.filter(({ times }) => times > 0);
	err.show(
		assumedWords(used).map((line) => `${nameText(file)}: assumed ${line}`),
	);
}
