/**
 * One play, two gateways: every ask goes to both, their answers are held against each other, and the
 * model's is the one that the world goes on with. So both are asked the same to the end, or to the
 * first packet at which they part.
 */
import type {
	ConntrackLine,
	Emission,
	TraceEvent,
	Unknown,
} from "../../sim/gateway/gateway.ts";
import type { Packet } from "../../sim/packet/packet.ts";
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
import { FollowingModel } from "./following-model.ts";

/** A kernel that can tell which rules a packet meets. */
export interface TracingGateway extends SlowGatewayUnderTest {
	/** So much farther its clock is than the script's: time goes by in there by itself, too. */
	readonly aheadMs: number;
	/** Many packets, all of which happen now. */
	receiveAll(
		packets: readonly { readonly interface: string; readonly packet: Packet }[],
	): Promise<readonly Emission[]>;
	/** Its connections alone, without the rest of an observation. */
	conntrack(): Promise<readonly ConntrackLine[]>;
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
		replay: replayCommand("compare", { name: scenario.name, seed, file }),
	});
	try {
		const run = await lockstep(scenario, seed, driver, file);
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
}

/**
 * So much later than the model's a kernel's timers may have fired: each is up to an eighth late (the
 * wheel of kernel/time/timer.c, 6.1), and the one of fragments that wait is of 30 s.
 */
const LATE_MS = 4_000;
const LATE_STEP_MS = 500;

const UNSEEN_DRAW: Unknown = {
	...{ rule: "", text: "", line: 0 },
	reason:
		"the kernel drew a port for a connection that was gone before anybody could see it",
};

async function lockstep(
	scenario: PlayableScenario,
	seed: number,
	driver: TracingDriver,
	file: string,
): Promise<Played> {
	const choice = gatewayChoice(seed);
	const model = new FollowingModel(scenario.setup.gateway, choice);
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
			const [ours, theirs] = await askBoth(ask, { model, kernel });
			const unknown = ours.unknown ?? theirs.unknown;
			if (unknown !== null)
				return {
					...{ asks, packets, divergences, unknown },
					...{ result: null, partedAt: 0 },
				};
			packets += ours.emissions.length;
			const isWait = ask.kind === "wait";
			const { aheadMs } = kernel;
			const found = compareAnswers(ours, theirs, { aheadMs, isWait });
			if (found.length > 0 && model.isBlind)
				return {
					...{ asks, packets, divergences, unknown: UNSEEN_DRAW },
					...{ result: null, partedAt: 0 },
				};
			for (const difference of found)
				divergences.push({
					...difference,
					...{ atMs: ask.atMs, asked: printAsk(ask) },
					rules: { model: rulesMatched(model, ask), kernel: [] },
				});
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

/** Of a packet's way through the model, if it was one that was asked about. */
function rulesMatched(model: FollowingModel, ask: Ask): readonly string[] {
	const matched: string[] = [];
	if (ask.kind === "packet")
		model.lookAgain((event) => void matched.push(traceName(event)));
	return matched;
}

/** The kernel is asked first, so that the model can draw what the kernel drew; but it says when. */
async function askBoth(
	ask: Ask,
	{
		model,
		kernel,
	}: { readonly model: FollowingModel; readonly kernel: TracingGateway },
): Promise<readonly [Answer, Answer]> {
	if (ask.kind !== "wait") {
		const theirs = await kernel.answer(ask);
		const { emissions } = theirs;
		const conntrack = () => kernel.conntrack();
		return [await model.answer(ask, { emissions, conntrack }), theirs];
	}
	let ours = await model.answer(ask, null);
	let theirs = await kernel.answer({ ...ask, toMs: ours.nowMs });
	const latest = ours.nowMs + LATE_MS;
	for (
		let nowMs = ours.nowMs;
		theirs.emissions.length < ours.emissions.length && nowMs < latest;
		nowMs += LATE_STEP_MS
	) {
		const late = { ...ask, atMs: nowMs, toMs: nowMs + LATE_STEP_MS };
		theirs = together(theirs, await kernel.answer(late));
	}
	// By then others of the model's timers may have run out as well.
	while (
		ours.emissions.length < theirs.emissions.length &&
		ours.emissions.length > 0 &&
		ours.unknown === null &&
		ours.nowMs < Math.min(latest, ask.toMs)
	) {
		const toMs = Math.min(latest, ask.toMs);
		const more = { ...ask, atMs: ours.nowMs, toMs };
		ours = together(ours, await model.answer(more, null));
	}
	// An entry that has expired lends its mapping to others until the kernel comes to remove it, which
	// reading the table makes it do (find_appropriate_src, gc_worker, ct_seq_show).
	if (model.removeExpired()) await kernel.conntrack();
	return [ours, theirs];
}

function together(first: Answer, then: Answer): Answer {
	return { ...then, emissions: [...first.emissions, ...then.emissions] };
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
			const [ours] = await askBoth(step.value, { model, kernel });
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
