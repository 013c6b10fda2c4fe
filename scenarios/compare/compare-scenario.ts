/**
 * One play, two gateways: every ask goes to both, their answers are held against each other, and the
 * model's is the one that the world goes on with. So both are asked the same to the end, or to the
 * first packet at which they part.
 */
import type { TraceEvent, Unknown } from "../../sim/gateway/gateway.ts";
import type { Ask } from "../../sim/world/ask.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { modelDriver } from "../run/driver.ts";
import { commandLine, replayOf } from "../run/invocation.ts";
import type { RunResult } from "../run/result.ts";
import {
	asScenarioError,
	gatewayChoice,
	resultOf,
	wholePlay,
} from "../run/run-scenario.ts";
import { compareAnswers, printAsk } from "./answers.ts";
import type { Divergence } from "./divergence.ts";
import { FollowingModel } from "./following-model.ts";
import { type Pair, SideBySide, type TracingDriver } from "./side-by-side.ts";

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
	/**
	 * The model did not know how to go on, or the kernel sent what is no packet: nothing after that
	 * was compared.
	 */
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
	/** Play once more to learn which rules the kernel meets where the two part; true when left out. */
	readonly explain?: boolean;
}

/** @throws ScenarioError when the scenario cannot be set up, and whatever the driver throws */
export async function compareScenario(
	scenario: PlayableScenario,
	options: CompareOptions,
): Promise<Comparison> {
	const { driver, explain = true } = options;
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
		replay: commandLine(
			replayOf("compare", { name: scenario.name, seed, file }),
		),
	});
	try {
		let run = await lockstep(scenario, seed, driver, { file, ahead: true });
		// What seems to differ may only have come in another order: now one ask after another.
		if (run.isDoubtful)
			run = await lockstep(scenario, seed, driver, { file, ahead: false });
		if (!run.partedAt || !explain) return about(run);
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
	/** The model was asked ahead, and something seemed to differ: nothing is known of the divergence. */
	readonly isDoubtful: boolean;
}

const byChance = (reason: string): Unknown => ({
	...{ rule: "", text: "", line: 0, reason },
});

async function lockstep(
	scenario: PlayableScenario,
	seed: number,
	driver: TracingDriver,
	{ file, ahead }: { readonly file: string; readonly ahead: boolean },
): Promise<Played> {
	const choice = gatewayChoice(seed);
	const model = new FollowingModel(scenario.setup.gateway, choice);
	const kernel = await driver.open(scenario.setup.gateway, { choice });
	const both = new SideBySide(model, kernel, { ahead });
	const divergences: Divergence[] = [];
	let asks = 0;
	let packets = 0;
	const played = (how: Partial<Played> = {}): Played => ({
		...{ asks, packets, divergences },
		...{ unknown: null, result: null, partedAt: 0, isDoubtful: false },
		...how,
	});
	/** @returns how the play ends with them; `null` when it goes on */
	const compare = (pairs: readonly Pair[]): Played | null => {
		for (const { ask, ours, theirs } of pairs) {
			asks++;
			if (ours.unknown !== null) return played({ unknown: ours.unknown });
			if (theirs.unknown !== null)
				return played({ unknown: theirs.unknown, isDoubtful: ahead });
			packets += ours.emissions.length;
			const isWait = ask.kind === "wait";
			const { aheadMs } = kernel;
			const found = compareAnswers(ours, theirs, { aheadMs, isWait });
			if (found.length > 0 && ahead) return played({ isDoubtful: true });
			if (found.length > 0 && model.chance !== null)
				return played({ unknown: byChance(model.chance) });
			for (const difference of found)
				divergences.push({
					...difference,
					...{ atMs: ask.atMs, asked: printAsk(ask) },
					rules: { model: rulesMatched(model, ask), kernel: [] },
				});
			const isParted = found.some(({ kind }) => kind === "packets");
			if (isParted)
				return played({ partedAt: ask.kind === "packet" ? asks : 0 });
		}
		return null;
	};
	try {
		const play = wholePlay(scenario, seed, { file });
		let step = play.next();
		while (!step.done) {
			const { ours, pairs } = await both.ask(step.value);
			const end = compare(pairs);
			if (end !== null) return end;
			step = play.next(ours);
		}
		const end = compare(await both.catchUp());
		if (end !== null) return end;
		const result = resultOf(scenario, step.value, {
			seed,
			driver: modelDriver,
			file,
		});
		return played({ result });
	} finally {
		await kernel.close();
	}
}

/** Of a packet's way through the model, if it was one that was asked about. */
function rulesMatched(model: FollowingModel, ask: Ask): readonly string[] {
	const matched: string[] = [];
	if (ask.kind === "packet")
		model.lookAgain((event) => void matched.push(traceName(event)));
	return matched;
}

/** Plays up to an ask once more, and has the kernel tell which rules it meets there. */
async function kernelRules(
	scenario: PlayableScenario,
	seed: number,
	driver: TracingDriver,
	askNumber: number,
): Promise<readonly string[]> {
	const choice = gatewayChoice(seed);
	const model = new FollowingModel(scenario.setup.gateway, choice);
	const kernel = await driver.open(scenario.setup.gateway, { choice });
	const both = new SideBySide(model, kernel, { ahead: false });
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
			const { ours } = await both.ask(step.value);
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
