/** The frame of run, compare and fuzz: what is played on comes and goes, results are written, and the exit code follows. */
import type { LoadedScenario } from "../../scenarios/load/load-scenarios.ts";
import type { DriverInfo } from "../../scenarios/result/driver-info.ts";
import type { Invocation } from "../../scenarios/result/invocation.ts";
import { driverFor } from "../../scenarios/run/driver.ts";
import type { Linux } from "../../sim/linux/linux.ts";
import {
	type ScenarioOptions,
	workersFor,
} from "../options/scenario-options.ts";
import { type Outputs, openOutputs } from "../outputs/outputs.ts";
import {
	exitCodeOf,
	type Failure,
	notPlayed,
	type Results,
} from "../outputs/results-file.ts";
import { sayNotesOf } from "../screen/say-notes.ts";
import { progress } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import { brokenFailure, type Chosen } from "./broken-file.ts";
import { eachScenario } from "./each-scenario.ts";
import {
	brokenInvocation,
	replayInvocation,
	type Way,
	wholeInvocation,
} from "./invocation.ts";
import { reportFailures } from "./report-failures.ts";
import { emptyShard, type Selection, select } from "./select.ts";
import type { Tier } from "./tier.ts";

/** What a play of scenarios amounts to. */
interface Played<Made> {
	readonly made: readonly Made[];
	/** Scenarios and files that could not be played. */
	readonly failures: readonly Failure[];
	/** What `--bail` left. */
	readonly left: readonly LoadedScenario[];
	/** As it is known in the end. */
	readonly driver: DriverInfo;
}

/** What run and compare do in their own ways. */
export interface Play<Made, On extends Tier> {
	readonly command: "run" | "compare";
	/** For the line that shows progress: `playing`. */
	readonly doing: string;
	/** Leave out what was chosen. */
	readonly isQuiet: boolean;
	/** @param isAlone whether nothing else is played at the same time */
	openTier(isAlone: boolean): Promise<On>;
	play(on: On, one: LoadedScenario, replay: Invocation): Promise<Made>;
	/** `--bail` stops behind the first that is not well. */
	isWell(made: Made): boolean;
	show(made: Made): void;
	showFailure(failure: Failure, of: Chosen): void;
	totals(played: Played<Made>, tookMs: number): readonly string[];
	/** As the file of results has it. */
	resultsOf(
		made: readonly Made[],
	): Pick<Results, "results"> | Pick<Results, "comparisons">;
}

type Options = ScenarioOptions & Way;

/** What is played, and where its results go. */
export interface Opened {
	readonly names: readonly string[];
	readonly selection: Selection;
	readonly outputs: Outputs;
}

/**
 * @param mustFit whether options fit what was selected, before anything is written
 * @throws InputError, ScenarioError when nothing can be played, or nothing written
 */
export async function openPlay(
	names: readonly string[],
	options: Options,
	mustFit: (selection: Selection) => void = () => {},
): Promise<Opened> {
	progress.show("loading scenarios …");
	const selection = await select(names, options).finally(progress.clear);
	mustFit(selection);
	const outputs = await openOutputs(options, selection.inputs);
	return { names, selection, outputs };
}

/** Plays scenarios, on all workers at a time. @returns the exit code */
export async function playScenarios<Made, On extends Tier>(
	{ names, selection, outputs }: Opened,
	options: Options,
	play: Play<Made, On>,
): Promise<number> {
	const { screen } = outputs;
	if (selection.said !== "" && !play.isQuiet)
		screen.show([screen.paint("dim", nameText(selection.said))]);
	const nothing = emptyShard(selection, options.shard);
	sayNotesOf(selection.loaded);
	const began = performance.now();
	const played = await playSelection(selection, options, play);
	const tookMs = performance.now() - began;
	return finish(
		outputs,
		{
			commands: [wholeInvocation(play.command, names, options)],
			shard: options.shard ?? null,
			seed: options.seed ?? null,
			results: [],
			comparisons: [],
			...play.resultsOf(played.made),
			failures: played.failures,
			...notPlayed(played.left),
		},
		{
			tookMs,
			totals: nothing === null ? play.totals(played, tookMs) : [nothing],
		},
	);
}

async function playSelection<Made, On extends Tier>(
	{ loaded, broken }: Selection,
	options: Options,
	play: Play<Made, On>,
): Promise<Played<Made>> {
	const { command, doing } = play;
	const { kind, linux } = options.on ?? options.with ?? MODEL;
	const made: Made[] = [];
	const failures: Failure[] = [];
	let isWell = true;
	const tiers = await openTiers(
		workersFor(options, { kind, scenarios: loaded.length }),
		play,
	);
	const [tier] = tiers;
	const fail = (failure: Failure, of: Chosen) => {
		failures.push(failure);
		isWell = false;
		play.showFailure(failure, of);
	};
	const left = await onTiers(tiers, async () => {
		for (const one of broken)
			fail(
				brokenFailure(one, {
					driver: tier.driver,
					replay: brokenInvocation(command, one.file, options),
				}),
				one,
			);
		return eachScenario(onLinux(loaded, linux), {
			doing,
			places: tiers,
			isEnough: () => options.bail && !isWell,
			play: (on, one) =>
				play.play(on, one, replayInvocation(command, one, options)),
			onMade(result) {
				made.push(result);
				isWell &&= play.isWell(result);
				play.show(result);
			},
			onFailure(one, message, cause) {
				const { scenario } = one;
				const failure = {
					...cause,
					scenario,
					driver: driverFor(tier.driver, scenario.setup.gateway),
					seed: options.seed ?? scenario.setup.seed,
					message,
					replay: replayInvocation(command, one, options),
				};
				fail(failure, one);
			},
		});
	});
	return { made, failures, left, driver: tier.driver };
}

/** Where the command takes nothing else. */
const MODEL = { kind: "model", linux: null } as const;

/** One for each worker; the first one speaks for all of them, which are the same. */
async function openTiers<On extends Tier>(
	workers: number,
	{ openTier }: { openTier(isAlone: boolean): Promise<On> },
): Promise<readonly [On, ...On[]]> {
	const first = await openTier(workers === 1);
	const others = Array.from({ length: workers - 1 }, () => openTier(false));
	return [first, ...(await Promise.all(others))];
}

/** With the Linux that the command line names, if it does; it overrules what scenarios say. */
function onLinux(
	loaded: readonly LoadedScenario[],
	linux: Linux | null,
): readonly LoadedScenario[] {
	if (linux === null) return loaded;
	return loaded.map((one) => {
		const { scenario } = one;
		const { setup } = scenario;
		const gateway = { ...setup.gateway, linux };
		return { ...one, scenario: { ...scenario, setup: { ...setup, gateway } } };
	});
}

/**
 * Starts what is played on, works, and ends it, whatever became of the work.
 * @throws LabError when one of them does not start
 */
export async function onTiers<Made>(
	tiers: readonly {
		start(): Promise<unknown>;
		close(): Promise<void>;
	}[],
	work: () => Promise<Made>,
): Promise<Made> {
	try {
		progress.show("getting ready …");
		await Promise.all(tiers.map((tier) => tier.start()));
		return await work();
	} finally {
		progress.clear();
		await Promise.all(tiers.map((tier) => tier.close()));
	}
}

/**
 * Writes what came out, and shows the totals also where that fails.
 * @returns the exit code
 */
export async function finish(
	{ screen, write }: Outputs,
	results: Results,
	{
		tookMs,
		totals,
	}: { readonly tookMs: number; readonly totals: readonly string[] },
): Promise<number> {
	const createdAt = new Date().toISOString();
	try {
		screen.command(await write(results, { tookMs, createdAt, notices: [] }));
	} finally {
		progress.clear();
		screen.show(totals);
	}
	reportFailures(results.failures);
	return exitCodeOf(results);
}
