/** Loads scenarios, plays them on model and kernel, and shows where the two differ. */
import { KNOWN_DIVERGENCES } from "../../scenarios/compare/known-divergences.ts";
import {
	type JudgedComparison,
	judgeComparison,
} from "../../scenarios/compare/verdict.ts";
import type { LoadedScenario } from "../../scenarios/run/load-scenarios.ts";
import { replayCommand } from "../../scenarios/run/run-scenario.ts";
import { commandLine } from "../command-line.ts";
import type { CompareOptions } from "../compare.ts";
import { eachScenario } from "../each-scenario.ts";
import { openOutputs } from "../outputs/outputs.ts";
import {
	exitCodeOf,
	type Failure,
	type Results,
} from "../outputs/results-file.ts";
import { routerOptions } from "../router-options.ts";
import { select } from "../run/select.ts";
import { sayWhatWasWrong } from "../say-what-was-wrong.ts";
import { rulesAgain } from "../scenario-options.ts";
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
		command: commandLine("compare", names, options),
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
	const sameRouter = routerOptions(options) + rulesAgain(options.rules);
	const withWhom = options.with === "vm" ? "" : ` --with ${options.with}`;
	const fail = (
		{ scenario, file }: LoadedScenario,
		message: string,
		cause: Pick<Failure, "cause">,
	) => {
		const seed = options.seed ?? scenario.setup.seed;
		const again = replayCommand("compare", { name: scenario.name, seed, file });
		const failure: Failure = {
			...{ scenario, driver: other.driver, seed, message },
			replay: again + withWhom + sameRouter,
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
				const replay = comparison.replay + sameRouter;
				const judged = judgeComparison(
					{ ...comparison, replay },
					KNOWN_DIVERGENCES,
				);
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
