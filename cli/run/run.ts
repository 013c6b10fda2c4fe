/** Loads, plays and shows scenarios. */
import { number } from "../../reports/wording.ts";
import { matchedIn } from "../../scenarios/details/run-details.ts";
import type { LoadedScenario } from "../../scenarios/load/load-scenarios.ts";
import { commandLine } from "../../scenarios/result/invocation.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import { EXIT } from "../base/exit-code.ts";
import {
	mustBeAssumable,
	mustBeInScenarios,
} from "../options/check-assumed.ts";
import { onLinuxOf } from "../options/driver-option.ts";
import { mustFitDriver } from "../options/scenario-options.ts";
import type { Failure } from "../outputs/results-file.ts";
import { isBroken } from "../play/broken-file.ts";
import { openPlay, type Play, playScenarios } from "../play/play.ts";
import { printCoverage } from "../play/print-coverage.ts";
import { emptyShard, type Selection } from "../play/select.ts";
import { openTier, type Tier } from "../play/tier.ts";
import { err, type Screen } from "../screen/screen.ts";
import { nameText, screenText } from "../screen/screen-text.ts";
import type { RunOptions } from "./options.ts";
import { printHeading, printResult, printTotals, type View } from "./print.ts";

/** @returns the exit code */
export async function run(
	names: readonly string[],
	given: RunOptions,
): Promise<number> {
	const options = { ...given, on: onLinuxOf(given.on, given.linux) };
	mustFitDriver(options, { option: "--on", is: options.on.kind });
	mustBeAssumable(options.assume);
	const opened = await openPlay(names, options, ({ loaded, broken }) => {
		// What cannot be read may have any rule.
		if (broken.length === 0)
			mustBeInScenarios(
				options.assume,
				loaded.map(({ scenario }) => scenario),
			);
	});
	const { selection, outputs } = opened;
	const { screen } = outputs;
	if (options.list) return list(selection, screen, options);
	const view: View = {
		paint: screen.paint,
		columns: screen.columns,
		detail: options.verbose ? "all" : options.quiet ? "faults" : "normal",
	};
	return playScenarios(opened, options, playOf(options, screen, view));
}

function playOf(
	options: RunOptions,
	screen: Screen,
	view: View,
): Play<RunResult, Tier> {
	const show = showUnderHeadings(screen.show, view);
	const told = new Map<string, string>();
	return {
		command: "run",
		doing: "playing",
		isQuiet: view.detail === "faults",
		openTier: (isAlone) => openTier(options.on, { ...options, isAlone }),
		play: (tier, one, replay) =>
			tier.play(onAssumptions(one, options.assume), replay),
		isWell: ({ outcome }) => outcome === "holds",
		show: (result) => show(result.scenario.suite, printResult(result, view)),
		showFailure(failure, of) {
			const { scenario, message } = failure;
			const { name, suite } = scenario;
			if (isBroken(of)) {
				show(suite, printFailure(nameText(of.file), failure));
				return;
			}
			// One ruleset that does not load keeps many scenarios from being played.
			const reason = message.replaceAll(name, "");
			const before = told.get(reason);
			told.set(reason, before ?? name);
			const said = before ? `for the same reason as ${before}` : message;
			show(suite, printFailure(name, { ...failure, message: said }));
		},
		totals: ({ made, failures, left }, tookMs) => [
			...printTotals(made, { tookMs, view }),
			...(view.detail === "faults"
				? []
				: printCoverage(
						made.map((result) => {
							return { scenario: result.scenario, matched: matchedIn(result) };
						}),
					)),
			...(failures.length > 0
				? [`${number(failures.length)} could not be played`]
				: []),
			...(left.length > 0
				? [`${number(left.length)} not played (--bail)`]
				: []),
		],
		resultsOf: (results) => ({ results }),
	};
}

/** With what the command line assumes; it overrules what the scenario does. */
function onAssumptions(
	one: LoadedScenario,
	assumed: RunOptions["assume"],
): LoadedScenario {
	if (assumed.size === 0) return one;
	const { scenario } = one;
	const assume = { ...scenario.setup.assume, ...Object.fromEntries(assumed) };
	const playable = { ...scenario, setup: { ...scenario.setup, assume } };
	return { ...one, scenario: playable };
}

function printFailure(
	name: string,
	{ message, replay }: Pick<Failure, "message" | "replay">,
): readonly string[] {
	const lines = screenText(message).split("\n");
	return [
		`  ! ${name}`,
		...lines.map((line) => `    ${line}`),
		`    replay    ${commandLine(replay)}`,
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
