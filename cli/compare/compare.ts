/** Loads scenarios, plays them on model and kernel, and shows where the two differ. */
import {
	type JudgedComparison,
	judgeComparison,
} from "../../scenarios/compare/verdict.ts";
import { mustFitDriver } from "../options/scenario-options.ts";
import { openPlay, type Play, playScenarios } from "../play/play.ts";
import { type KernelTier, openKernelTier } from "../play/tier.ts";
import type { Screen } from "../screen/screen.ts";
import type { CompareOptions } from "./options.ts";
import {
	type CompareView,
	printComparison,
	printFailure,
	printTotals,
} from "./print.ts";

/** @returns the exit code */
export async function compare(
	names: readonly string[],
	options: CompareOptions,
): Promise<number> {
	mustFitDriver(options, { option: "--with", is: options.with.kind });
	const opened = await openPlay(names, options);
	return playScenarios(opened, options, playOf(options, opened.outputs.screen));
}

function playOf(
	options: CompareOptions,
	{ paint, columns, show }: Screen,
): Play<JudgedComparison, KernelTier> {
	const view: CompareView = { paint, columns, isWhole: options.verbose };
	return {
		command: "compare",
		doing: "comparing",
		isQuiet: false,
		openTier: () => openKernelTier(options.with, options),
		play: async (on, one, replay) =>
			judgeComparison(await on.compare(one, replay)),
		isWell: ({ verdict }) => verdict === "agrees",
		show: (judged) => show(printComparison(judged, view)),
		showFailure: (failure) => show(printFailure(failure, view)),
		totals: ({ made, failures, left, driver }, tookMs) => [
			...printTotals(made, failures, {
				tookMs,
				version: driver.version,
				view,
			}),
			...(left.length > 0 ? [`${left.length} not compared (--bail)`] : []),
		],
		resultsOf: (comparisons) => ({ comparisons }),
	};
}
