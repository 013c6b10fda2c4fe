/** Loads scenarios, plays them on model and kernel, and shows where the two differ. */
import {
	type JudgedComparison,
	judgeComparison,
} from "../../scenarios/compare/verdict.ts";
import type { LoadedScenario } from "../../scenarios/load/load-scenarios.ts";
import { eachScenario } from "../each-scenario.ts";
import { replayCommand, wholeCommand } from "../invocation.ts";
import { mustFitDriver } from "../options/scenario-options.ts";
import { openOutputs } from "../outputs/outputs.ts";
import {
	exitCodeOf,
	type Failure,
	notPlayed,
	type Results,
} from "../outputs/results-file.ts";
import { failureOf } from "../run/broken-file.ts";
import { emptyShard, type Selection, select } from "../run/select.ts";
import { reportFailures } from "../screen/report-failures.ts";
import { sayNotesOf } from "../screen/say-notes.ts";
import { progress } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import type { CompareOptions } from "./command.ts";
import {
	type CompareView,
	printComparison,
	printFailure,
	printTotals,
} from "./print.ts";
import { openReference } from "./reference.ts";

/** @returns the exit code */
export async function compare(
	names: readonly string[],
	options: CompareOptions,
): Promise<number> {
	mustFitDriver(options, { option: "--with", is: options.with });
	progress.show("loading scenarios …");
	const selection = await select(names, options).finally(progress.clear);
	const outputs = await openOutputs(options, selection.inputs);
	const { screen } = outputs;
	const view: CompareView = {
		paint: screen.paint,
		columns: screen.columns,
		isWhole: options.verbose,
	};
	if (selection.said !== "")
		screen.show([screen.paint("dim", nameText(selection.said))]);
	const nothing = emptyShard(selection, options.shard);
	sayNotesOf(selection.loaded);
	const began = performance.now();
	const played = await compareAll(selection, options, {
		show: screen.show,
		view,
	});
	const { comparisons, failures, version, left } = played;
	const tookMs = performance.now() - began;
	const all: Results = {
		command: wholeCommand("compare", names, options),
		shard: options.shard ?? null,
		seed: options.seed ?? null,
		results: [],
		comparisons,
		failures,
		...notPlayed(left),
	};
	const createdAt = new Date().toISOString();
	const about = { tookMs, createdAt, notices: [] };
	try {
		screen.command(await outputs.write(all, about));
	} finally {
		progress.clear();
		screen.show(
			nothing === null
				? printTotals(comparisons, failures, { tookMs, version, view })
				: [nothing],
		);
		if (left.length > 0) screen.show([`${left.length} not compared (--bail)`]);
	}
	reportFailures(failures);
	return exitCodeOf(all);
}

async function compareAll(
	{ loaded, broken }: Selection,
	options: CompareOptions,
	on: {
		readonly show: (lines: readonly string[]) => void;
		readonly view: CompareView;
	},
): Promise<
	Pick<Results, "comparisons" | "failures"> & {
		readonly version: string;
		readonly left: readonly LoadedScenario[];
	}
> {
	const { show, view } = on;
	const other = await openReference(options);
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
			scenario,
			driver: other.driver,
			seed,
			message,
			replay: replayCommand("compare", one, options),
			...cause,
		};
		failures.push(failure);
		show(printFailure(failure, view));
	};
	let left: readonly LoadedScenario[] = [];
	try {
		progress.show("getting ready …");
		await other.start();
		for (const one of broken) {
			const failure = failureOf(one, "compare", other.driver);
			failures.push(failure);
			show(printFailure(failure, view));
		}
		left = await eachScenario(loaded, {
			doing: "comparing",
			isEnough: () =>
				options.bail &&
				(failures.length > 0 ||
					comparisons.some(({ verdict }) => verdict !== "agrees")),
			async play(one) {
				const comparison = await other.compare(one);
				const replay = replayCommand("compare", one, options);
				const judged = judgeComparison({ ...comparison, replay });
				comparisons.push(judged);
				show(printComparison(judged, view));
			},
			onFailure: fail,
		});
	} finally {
		progress.clear();
		await other.close();
	}
	return { comparisons, failures, version: other.driver.version, left };
}
