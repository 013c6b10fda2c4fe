/** Loads, plays and shows scenarios. */
import { number } from "../../reports/wording.ts";
import type { LoadedScenario } from "../../scenarios/load/load-scenarios.ts";
import type { RunResult } from "../../scenarios/result/result.ts";

import { eachScenario } from "../each-scenario.ts";
import { EXIT } from "../exit-code.ts";
import { wholeCommand } from "../invocation.ts";
import { mustFitDriver } from "../options/scenario-options.ts";
import { openOutputs } from "../outputs/outputs.ts";
import {
	exitCodeOf,
	type Failure,
	notPlayed,
	type Results,
} from "../outputs/results-file.ts";
import { reportFailures } from "../screen/report-failures.ts";
import { sayNotesOf } from "../screen/say-notes.ts";
import { err, progress, type Screen } from "../screen/screen.ts";
import { nameText, screenText } from "../screen/screen-text.ts";
import { failureOf } from "./broken-file.ts";
import type { RunOptions } from "./command.ts";
import { createPlayer } from "./player.ts";
import { printHeading, printResult, printTotals, type View } from "./print.ts";
import { emptyShard, type Selection, select } from "./select.ts";

/** @returns the exit code */
export async function run(
	names: readonly string[],
	options: RunOptions,
): Promise<number> {
	mustFitDriver(options, { option: "--on", is: options.on });
	progress.show("loading scenarios …");
	const selection = await select(names, options).finally(progress.clear);
	const outputs = await openOutputs(options, selection.inputs);
	const { screen } = outputs;
	const view: View = {
		paint: screen.paint,
		columns: screen.columns,
		detail: options.verbose ? "all" : options.quiet ? "faults" : "normal",
	};
	if (options.list) return list(selection, screen, options);
	if (selection.said !== "" && view.detail !== "faults")
		screen.show([screen.paint("dim", nameText(selection.said))]);
	const nothing = emptyShard(selection, options.shard);
	sayNotesOf(selection.loaded);
	const began = performance.now();
	const { results, failures, left } = await playAll(selection, options, {
		show: showUnderHeadings(screen.show, view),
		view,
	});
	const tookMs = performance.now() - began;
	const all: Results = {
		command: wholeCommand("run", names, options),
		shard: options.shard ?? null,
		seed: options.seed ?? null,
		results,
		comparisons: [],
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
			nothing === null ? printTotals(results, { tookMs, view }) : [nothing],
		);
		if (failures.length > 0)
			screen.show([`${number(failures.length)} could not be played`]);
		if (left.length > 0)
			screen.show([`${number(left.length)} not played (--bail)`]);
	}
	reportFailures(failures);
	return exitCodeOf(all);
}

async function playAll(
	{ loaded, broken }: Selection,
	options: RunOptions,
	on: {
		readonly show: (suite: string, lines: readonly string[]) => void;
		readonly view: View;
	},
): Promise<
	Pick<Results, "results" | "failures"> & {
		readonly left: readonly LoadedScenario[];
	}
> {
	const { show, view } = on;
	const results: RunResult[] = [];
	const failures: Failure[] = [];
	const player = await createPlayer(options);
	const told = new Map<string, string>();
	const fail = (
		one: LoadedScenario,
		message: string,
		cause: Pick<Failure, "cause">,
	) => {
		const { scenario } = one;
		const { name, suite, setup } = scenario;
		const seed = options.seed ?? setup.seed;
		const { driver } = player;
		const replay = player.replay(one);
		const failure = { scenario, driver, seed, message, replay, ...cause };
		failures.push(failure);
		// One ruleset that does not load keeps many scenarios from being played.
		const reason = message.replaceAll(name, "");
		const before = told.get(reason);
		told.set(reason, before ?? name);
		const said = before ? `for the same reason as ${before}` : message;
		show(suite, printFailure(name, { ...failure, message: said }));
	};
	const isEnough = () =>
		options.bail &&
		(failures.length > 0 || results.some(({ outcome }) => outcome !== "holds"));
	let left: readonly LoadedScenario[] = [];
	try {
		progress.show("getting ready …");
		await player.start();
		for (const one of broken) {
			const failure = failureOf(one, "run", player.driver);
			failures.push(failure);
			show(failure.scenario.suite, printFailure(nameText(one.file), failure));
		}
		left = await eachScenario(loaded, {
			doing: "playing",
			isEnough,
			async play(one) {
				const result = await player.play(one);
				results.push(result);
				show(one.scenario.suite, printResult(result, view));
			},
			onFailure: fail,
		});
	} finally {
		progress.clear();
		await player.close();
	}
	return { results, failures, left };
}

function printFailure(
	name: string,
	{ message, replay }: Pick<Failure, "message" | "replay">,
): readonly string[] {
	const lines = screenText(message).split("\n");
	return [
		`  ! ${name}`,
		...lines.map((line) => `    ${line}`),
		`    replay    ${replay}`,
	];
}

/** @returns the exit code */
function list(
	selection: Selection,
	screen: Screen,
	{ shard }: RunOptions,
): number {
	const { loaded, broken, said } = selection;
	screen.show(listOf(loaded));
	if (said !== "") err.show([nameText(said)]);
	const nothing = emptyShard(selection, shard);
	if (nothing !== null) err.show([nothing]);
	for (const { error } of broken) err.show([error.message]);
	return broken.length > 0 ? EXIT.badInput : EXIT.holds;
}

function showUnderHeadings(
	write: (lines: readonly string[]) => void,
	view: View,
): (suite: string, lines: readonly string[]) => void {
	let last: string | null = null;
	return (suite, lines) => {
		if (lines.length === 0) return;
		if (last !== suite) write(printHeading(suite, view));
		last = suite;
		write(lines);
	};
}

function listOf(loaded: readonly LoadedScenario[]): readonly string[] {
	const width = Math.max(...loaded.map(({ scenario }) => scenario.name.length));
	return loaded.map(({ scenario }) =>
		nameText(
			`${screenText(scenario.suite)}/${scenario.name.padEnd(width)}  ${screenText(scenario.title)}`,
		),
	);
}
