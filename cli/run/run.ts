/** Loads, plays and shows scenarios. */
import { number } from "../../reports/wording.ts";
import type { LoadedScenario } from "../../scenarios/run/load-scenarios.ts";
import type { RunResult } from "../../scenarios/run/result.ts";

import { eachScenario } from "../each-scenario.ts";
import { EXIT } from "../exit-code.ts";
import { wholeCommand } from "../invocation.ts";
import { openOutputs } from "../outputs/outputs.ts";
import {
	exitCodeOf,
	type Failure,
	type Results,
} from "../outputs/results-file.ts";
import type { RunOptions } from "../run.ts";
import { sayWhatWasWrong } from "../say-what-was-wrong.ts";
import { progress } from "../screen.ts";
import { screenText } from "../screen-text.ts";
import { createPlayer } from "./player.ts";
import { printHeading, printResult, printTotals, type View } from "./print.ts";
import { select } from "./select.ts";

/** @returns the exit code */
export async function run(
	names: readonly string[],
	options: RunOptions,
): Promise<number> {
	progress.show("loading scenarios …");
	const loaded = await select(names, options).finally(progress.clear);
	const outputs = await openOutputs(options);
	const { screen } = outputs;
	const view: View = {
		paint: screen.paint,
		columns: screen.columns,
		detail: options.verbose ? "all" : options.quiet ? "faults" : "normal",
	};
	if (options.list) {
		screen.show(listOf(loaded));
		return EXIT.holds;
	}
	const began = performance.now();
	const { results, failures } = await playAll(loaded, options, {
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
	};
	const createdAt = new Date().toISOString();
	const about = { tookMs, createdAt, notices: [] };
	try {
		screen.command(await outputs.write(all, about));
	} finally {
		progress.clear();
		screen.show(printTotals(results, { tookMs, view }));
		if (failures.length > 0)
			screen.show([`${number(failures.length)} could not be played`]);
	}
	sayWhatWasWrong(failures);
	return exitCodeOf(all);
}

async function playAll(
	loaded: readonly LoadedScenario[],
	options: RunOptions,
	on: {
		readonly show: (suite: string, lines: readonly string[]) => void;
		readonly view: View;
	},
): Promise<Pick<Results, "results" | "failures">> {
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
		failures.push({ scenario, driver, seed, message, replay, ...cause });
		// One ruleset that does not load keeps many scenarios from being played.
		const reason = message.replaceAll(name, "");
		const before = told.get(reason);
		told.set(reason, before ?? name);
		show(
			suite,
			printFailure(name, before ? `for the same reason as ${before}` : message),
		);
	};
	try {
		progress.show("getting ready …");
		await player.start();
		await eachScenario(loaded, {
			doing: "playing",
			async play(one) {
				const result = await player.play(one);
				results.push(result);
				show(one.scenario.suite, printResult(result, view));
			},
			onFailure: (one, message) => fail(one, message, {}),
			onBadInput: (one, message) => fail(one, message, { cause: "input" }),
		});
	} finally {
		progress.clear();
		await player.close();
	}
	return { results, failures };
}

function printFailure(name: string, message: string): readonly string[] {
	const lines = screenText(message).split("\n");
	return [`  ! ${name}`, ...lines.map((line) => `    ${line}`)];
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
	return loaded.map(
		({ scenario }) =>
			`${screenText(scenario.suite)}/${scenario.name.padEnd(width)}  ${screenText(scenario.title)}`,
	);
}
