/** Loads scenarios, plays them on model and kernel, and shows where the two differ. */
import {
	type JudgedComparison,
	judgeComparison,
} from "../../scenarios/compare/verdict.ts";
import type { LoadedScenario } from "../../scenarios/run/load-scenarios.ts";

import type { CompareOptions } from "../compare.ts";
import { eachScenario } from "../each-scenario.ts";
import { replayCommand, wholeCommand } from "../invocation.ts";
import { openOutputs } from "../outputs/outputs.ts";
import {
	exitCodeOf,
	type Failure,
	type Results,
} from "../outputs/results-file.ts";
import { select } from "../run/select.ts";
import { sayWhatWasWrong } from "../say-what-was-wrong.ts";
import { progress } from "../screen.ts";
import { createOther } from "./other.ts";
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
	progress.show("loading scenarios …");
	const loaded = await select(names, options).finally(progress.clear);
	const outputs = await openOutputs(options);
	const { screen } = outputs;
	const view: CompareView = {
		paint: screen.paint,
		columns: screen.columns,
		isWhole: options.verbose,
	};
	const began = performance.now();
	const { comparisons, failures, version } = await compareAll(loaded, options, {
		show: screen.show,
		view,
	});
	const tookMs = performance.now() - began;
	const all: Results = {
		command: wholeCommand("compare", names, options),
		shard: options.shard ?? null,
		seed: options.seed ?? null,
		results: [],
		comparisons,
		failures,
	};
	const createdAt = new Date().toISOString();
	const about = { tookMs, createdAt, notices: [] };
	try {
		screen.command(await outputs.write(all, about));
	} finally {
		progress.clear();
		screen.show(printTotals(comparisons, failures, { tookMs, version, view }));
	}
	sayWhatWasWrong(failures);
	return exitCodeOf(all);
}

async function compareAll(
	loaded: readonly LoadedScenario[],
	options: CompareOptions,
	on: {
		readonly show: (lines: readonly string[]) => void;
		readonly view: CompareView;
	},
): Promise<
	Pick<Results, "comparisons" | "failures"> & { readonly version: string }
> {
	const { show, view } = on;
	const other = await createOther(options);
	const comparisons: JudgedComparison[] = [];
	const failures: Failure[] = [];
	const fail = (
		one: LoadedScenario,
		message: string,
		cause: Pick<Failure, "cause">,
	) => {
		const { scenario } = one;
		const seed = options.seed ?? scenario.setup.seed;
		const failure: Failure = {
			...{ scenario, driver: other.driver, seed, message },
			replay: replayCommand("compare", one, options),
			...cause,
		};
		failures.push(failure);
		show(printFailure(failure, view));
	};
	try {
		progress.show("getting ready …");
		await other.start();
		await eachScenario(loaded, {
			doing: "comparing",
			async play(one) {
				const comparison = await other.compare(one);
				const replay = replayCommand("compare", one, options);
				const judged = judgeComparison({ ...comparison, replay });
				comparisons.push(judged);
				show(printComparison(judged, view));
			},
			onFailure: (one, message) => fail(one, message, {}),
			onBadInput: (one, message) => fail(one, message, { cause: "input" }),
		});
	} finally {
		progress.clear();
		await other.close();
	}
	return { comparisons, failures, version: other.driver.version };
}
