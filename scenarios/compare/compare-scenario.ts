/**
 * One play, two gateways: every ask goes to both, their answers are held against each other, and the
 * model's is the one that the world goes on with. So both are asked the same to the end, or to the
 * first packet at which they part.
 */
import type { TraceEvent, Unknown } from "../../sim/gateway/gateway.ts";
import { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import type { Answer, Ask } from "../../sim/world/ask.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import {
	modelDriver,
	type SlowDriver,
	type SlowGatewayUnderTest,
} from "../run/driver.ts";
import type { RunResult } from "../run/result.ts";
import {
	asScenarioError,
	gatewayChoice,
	replayCommand,
	resultOf,
	wholePlay,
} from "../run/run-scenario.ts";
import { compareAnswers, printAsk } from "./answers.ts";
import type { Divergence } from "./divergence.ts";
import { type GuidedChoice, guidedChoice } from "./guided-choice.ts";

/** A kernel that can tell which rules a packet meets. */
export interface TracingGateway extends SlowGatewayUnderTest {
	/** So much farther its clock is than the script's: time goes by in there by itself, too. */
	readonly aheadMs: number;
	setTrace(on: boolean): Promise<void>;
	/** The kernel's lines since the last time: `TRACE: mangle:PREROUTING:rule:1 IN=…`. */
	takeTrace(): Promise<readonly string[]>;
}

export interface TracingDriver extends SlowDriver {
	open(...given: Parameters<SlowDriver["open"]>): Promise<TracingGateway>;
}

export interface Comparison {
	readonly scenario: PlayableScenario;
	readonly seed: number;
	readonly model: { readonly name: string; readonly version: string };
	readonly kernel: { readonly name: string; readonly version: string };
	/** Asks that both answered, and packets that came out of both. */
	readonly asks: number;
	readonly packets: number;
	/** Where real clients connected, and not packets but connections were compared: so many. */
	readonly connections?: number;
	/** Empty: they agree. */
	readonly divergences: readonly Divergence[];
	/** The model did not know how to go on: nothing after that was compared. */
	readonly unknown: Unknown | null;
	/** What happened, as far as it was played; `null` when the gateways parted. */
	readonly result: RunResult | null;
	/** The command line that compares just this once more. */
	readonly replay: string;
}

export interface CompareOptions {
	readonly driver: TracingDriver;
	readonly seed?: number;
	readonly file?: string;
}

/** @throws ScenarioError when the scenario cannot be set up, and whatever the driver throws */
export async function compareScenario(
	scenario: PlayableScenario,
	options: CompareOptions,
): Promise<Comparison> {
	const { driver } = options;
	const seed = options.seed ?? scenario.setup.seed;
	const file = options.file ?? "";
	const about = (run: Played): Comparison => ({
		scenario,
		seed,
		model: { name: modelDriver.name, version: modelDriver.version },
		kernel: { name: driver.name, version: driver.version },
		asks: run.asks,
		packets: run.packets,
		divergences: run.divergences,
		unknown: run.unknown,
		result: run.result,
		replay: replayCommand("compare", { name: scenario.name, seed, file }),
	});
	try {
		const run = await lockstep(scenario, seed, driver, file);
		if (!run.partedAt) return about(run);
		const kernel = await kernelRules(scenario, seed, driver, run.partedAt);
		const divergences = run.divergences.map((one) => ({
			...one,
			rules: { ...one.rules, kernel },
		}));
		return about({ ...run, divergences });
	} catch (error) {
		throw asScenarioError(error, scenario, file);
	}
}

interface Played {
	readonly asks: number;
	readonly packets: number;
	readonly divergences: readonly Divergence[];
	readonly unknown: Unknown | null;
	readonly result: RunResult | null;
	/** Number of the ask at which packets differed; 0 when they never did. */
	readonly partedAt: number;
}

/**
 * So much later than the model's a kernel's timers may have fired: each is up to an eighth late (the
 * wheel of kernel/time/timer.c, 6.1), and three of a second each make a neighbour unreachable.
 */
const LATE_MS = 1_000;

async function lockstep(
	scenario: PlayableScenario,
	seed: number,
	driver: TracingDriver,
	file: string,
): Promise<Played> {
	const matched: string[] = [];
	const choice = guidedChoice(gatewayChoice(seed));
	const model = new ModelGateway(scenario.setup.gateway, {
		choice,
		trace: (event) => void matched.push(traceName(event)),
	});
	const kernel = await driver.open(scenario.setup.gateway, { choice });
	const divergences: Divergence[] = [];
	let asks = 0;
	let packets = 0;
	try {
		const play = wholePlay(scenario, seed, { file });
		let step = play.next();
		while (!step.done) {
			const ask = step.value;
			asks++;
			matched.length = 0;
			const [ours, theirs] = await askBoth(ask, { model, kernel, choice });
			if (ours.unknown !== null)
				return {
					asks,
					packets,
					divergences,
					unknown: ours.unknown,
					result: null,
					partedAt: 0,
				};
			packets += ours.emissions.length;
			const found = compareAnswers(ours, theirs, kernel.aheadMs).map(
				(difference) => ({
					...difference,
					atMs: ask.atMs,
					asked: printAsk(ask),
					rules: {
						model: ask.kind === "packet" ? [...matched] : [],
						kernel: [],
					},
				}),
			);
			divergences.push(...found);
			if (found.some(({ kind }) => kind === "packets"))
				return {
					asks,
					packets,
					divergences,
					unknown: null,
					result: null,
					partedAt: ask.kind === "packet" ? asks : 0,
				};
			step = play.next(ours);
		}
		const result = resultOf(scenario, step.value, {
			seed,
			driver: modelDriver,
			file,
		});
		return { asks, packets, divergences, unknown: null, result, partedAt: 0 };
	} finally {
		await kernel.close();
	}
}

/** The kernel is asked first, so that the model can draw what the kernel drew; but it says when. */
async function askBoth(
	ask: Ask,
	{
		model,
		kernel,
		choice,
	}: {
		readonly model: ModelGateway;
		readonly kernel: TracingGateway;
		readonly choice: GuidedChoice;
	},
): Promise<readonly [Answer, Answer]> {
	if (ask.kind !== "wait") {
		const theirs = await kernel.answer(ask);
		choice.follow(theirs.emissions);
		return [model.answer(ask), theirs];
	}
	const ours = model.answer(ask);
	let theirs = await kernel.answer({ ...ask, toMs: ours.nowMs });
	if (ours.emissions.length > theirs.emissions.length) {
		const late = await kernel.answer({
			...ask,
			atMs: ours.nowMs,
			toMs: ours.nowMs + LATE_MS,
		});
		theirs = { ...late, emissions: [...theirs.emissions, ...late.emissions] };
	}
	return [ours, theirs];
}

/** Plays up to an ask once more, and has the kernel tell which rules it meets there. */
async function kernelRules(
	scenario: PlayableScenario,
	seed: number,
	driver: TracingDriver,
	askNumber: number,
): Promise<readonly string[]> {
	const choice = guidedChoice(gatewayChoice(seed));
	const model = new ModelGateway(scenario.setup.gateway, { choice });
	const kernel = await driver.open(scenario.setup.gateway, { choice });
	try {
		const play = wholePlay(scenario, seed, {});
		let step = play.next();
		for (let number = 1; !step.done; number++) {
			if (number === askNumber) {
				await kernel.takeTrace();
				await kernel.setTrace(true);
				await kernel.answer(step.value);
				const lines = await kernel.takeTrace();
				return lines.map((line) => /TRACE: (\S+)/.exec(line)?.[1] ?? line);
			}
			const [ours] = await askBoth(step.value, { model, kernel, choice });
			step = play.next(ours);
		}
		return [];
	} finally {
		await kernel.close();
	}
}

function traceName({ table, chain, kind, number }: TraceEvent): string {
	return `${table}:${chain}:${kind}:${number}`;
}
