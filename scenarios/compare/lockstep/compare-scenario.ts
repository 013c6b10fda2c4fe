/**
 * One play, two gateways: every ask goes to both, their answers are held against each other, and the
 * model's is the one that the world goes on with. So both are asked the same to the end, or to the
 * first packet at which they part.
 */
import type { Unknown } from "../../../sim/contract/gateway.ts";
import type { PlayableScenario } from "../../language/scenario.ts";
import { type DriverInfo, infoOf } from "../../result/driver-info.ts";
import { type Invocation, replayOf } from "../../result/invocation.ts";
import type { RunResult } from "../../result/result.ts";
import { mustGiveSets, mustNotAssume } from "../../run/assume.ts";
import type { Limits } from "../../run/budget.ts";
import { driverFor, modelDriver } from "../../run/driver.ts";
import { resultOf, wholePlay } from "../../run/run-scenario.ts";
import { asScenarioError, gatewayChoice } from "../../run/set-up.ts";
import { compareAnswers, printAsk } from "./answers.ts";
import { CHANCE_ENDS, type ChanceEnd } from "./chance-ends.ts";
import type { Divergence } from "./divergence.ts";
import type { DrawCounts } from "./draw-counts.ts";
import { FollowingModel } from "./following-model.ts";
import { type Pair, SideBySide, type TracingDriver } from "./side-by-side.ts";

export interface Comparison {
	readonly scenario: PlayableScenario;
	readonly seed: number;
	readonly model: DriverInfo;
	readonly kernel: DriverInfo;
	/** Asks that both answered, and packets that came out of both. */
	readonly asks: number;
	readonly packets: number;
	/** Where real clients connected, and not packets but connections were compared: so many. */
	readonly connections?: number;
	/** Draws of the kernel's that the model made as well: of rules, of ports, of connections that made room. */
	readonly draws?: number;
	/** What the kernel drew, by kind; left out: nothing. */
	readonly drawn?: readonly DrawCounts[];
	/** Empty: they agree. */
	readonly divergences: readonly Divergence[];
	/**
	 * The model did not know how to go on, or the kernel sent what is no packet: nothing after that
	 * was compared.
	 */
	readonly unknown: Unknown | null;
	/** What kind of chance it was that made that end. */
	readonly chance?: ChanceEnd;
	/** What happened, as far as it was played; `null` when the gateways parted. */
	readonly result: RunResult | null;
	/** The command that compares just this once more. */
	readonly replay: Invocation;
}

export interface CompareOptions {
	readonly driver: TracingDriver;
	readonly seed?: number;
	readonly file?: string;
	/** The command that compares it once more; default `marktwin compare` with name, file and seed. */
	readonly replay?: Invocation;
	/** What the play may take; defaults for what is left out. */
	readonly limits?: Limits;
}

/** @throws ScenarioError when the scenario cannot be set up, and whatever the driver throws */
export async function compareScenario(
	scenario: PlayableScenario,
	options: CompareOptions,
): Promise<Comparison> {
	const { driver } = options;
	const seed = options.seed ?? scenario.setup.seed;
	const file = options.file ?? "";
	mustNotAssume(scenario, file);
	mustGiveSets(scenario, file);
	const { replay = replayOf("compare", { name: scenario.name, seed, file }) } =
		options;
	const about = (run: Played): Comparison => ({
		scenario,
		seed,
		model: driverFor(modelDriver, scenario.setup.gateway),
		kernel: infoOf(driver),
		asks: run.asks,
		packets: run.packets,
		draws: run.draws,
		...(run.drawn.length === 0 ? {} : { drawn: run.drawn }),
		divergences: run.divergences,
		unknown: run.unknown,
		...(run.chance === null ? {} : { chance: run.chance }),
		result: run.result,
		replay,
	});
	const { limits = {} } = options;
	const how = { file, limits, replay };
	try {
		let run = await lockstep(scenario, seed, driver, { ...how, ahead: true });
		// What seems to differ may only have come in another order: now one ask after another.
		if (run.isDoubtful)
			run = await lockstep(scenario, seed, driver, { ...how, ahead: false });
		return about(run);
	} catch (error) {
		throw asScenarioError(error, scenario, file);
	}
}

interface Played {
	readonly asks: number;
	readonly packets: number;
	readonly draws: number;
	readonly drawn: readonly DrawCounts[];
	readonly divergences: readonly Divergence[];
	readonly unknown: Unknown | null;
	readonly chance: ChanceEnd | null;
	readonly result: RunResult | null;
	/** The model was asked ahead, and something seemed to differ: nothing is known of the divergence. */
	readonly isDoubtful: boolean;
}

async function lockstep(
	scenario: PlayableScenario,
	seed: number,
	driver: TracingDriver,
	{
		file,
		limits,
		replay,
		ahead,
	}: {
		readonly file: string;
		readonly limits: Limits;
		readonly replay: Invocation;
		readonly ahead: boolean;
	},
): Promise<Played> {
	const choice = gatewayChoice(seed);
	const model = new FollowingModel(scenario.setup.gateway, choice);
	const kernel = await driver.open(scenario.setup.gateway, { choice });
	const both = new SideBySide(model, kernel, { ahead });
	const divergences: Divergence[] = [];
	let asks = 0;
	let packets = 0;
	const played = (how: Partial<Played> = {}): Played => {
		model.settle();
		return {
			asks,
			packets,
			draws: model.followed,
			drawn: model.tally.counts,
			divergences,
			unknown: null,
			chance: null,
			result: null,
			isDoubtful: false,
			...how,
		};
	};
	const endedBy = (chance: ChanceEnd): Played => {
		const reason = CHANCE_ENDS[chance];
		return played({ chance, unknown: { rule: "", text: "", line: 0, reason } });
	};
	/** @returns how the play ends with them; `null` when it goes on */
	const compare = (pairs: readonly Pair[]): Played | null => {
		for (const { ask, ours, theirs, rules, order } of pairs) {
			asks++;
			if (ours.unknown !== null) return played({ unknown: ours.unknown });
			if (theirs.unknown !== null)
				return played({ unknown: theirs.unknown, isDoubtful: ahead });
			packets += ours.emissions.length;
			const { aheadMs } = kernel;
			const found = compareAnswers(ours, theirs, { aheadMs, order });
			if (found.length > 0 && ahead) return played({ isDoubtful: true });
			if (found.length > 0 && model.chance !== null)
				return endedBy(model.chance);
			const about = { atMs: ask.atMs, asked: printAsk(ask), rules };
			for (const difference of found)
				divergences.push({ ...difference, ...about });
			if (found.some(({ kind }) => kind === "packets")) return played();
		}
		return null;
	};
	try {
		const play = wholePlay(scenario, seed, { file, limits });
		let step = play.next();
		while (!step.done) {
			const { ours, pairs } = await both.ask(step.value);
			const end = compare(pairs);
			if (end !== null) return end;
			step = play.next(ours);
		}
		const end = compare(await both.catchUp());
		if (end !== null) return end;
		model.settle();
		divergences.push(...model.tally.divergences(step.value.endedMs));
		const result = resultOf(scenario, step.value, {
			seed,
			driver: modelDriver,
			replay,
		});
		// A budget may have ended it: what comes behind that was not compared.
		return played({ result, unknown: step.value.unknown });
	} finally {
		await kernel.close();
	}
}
