/** Plays a scenario on a driver and judges what happened. */

import type { Choice } from "../../sim/chance/choice.ts";
import type { Answer, Ask } from "../../sim/contract/ask.ts";
import type { TraceSink } from "../../sim/contract/gateway.ts";
import type { Assumptions } from "../../sim/extension/assumed.ts";
import { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import { invariant } from "../../sim/invariant.ts";
import {
	type Account,
	nothingPlayed,
} from "../../sim/world/account/account.ts";
import type { LinkWatch } from "../../sim/world/watch.ts";
import { play } from "../../sim/world/world.ts";
import { remarksOn } from "../exact/remarks.ts";
import { explain, type Question } from "../explain/explain.ts";
import { judgeAll } from "../judge/judge.ts";
import { isImplied } from "../judge/judge-implied.ts";
import type { Expectation, PlayableScenario } from "../language/scenario.ts";
import { ScenarioError } from "../language/scenario-error.ts";
import type { DriverInfo } from "../result/driver-info.ts";
import { type Invocation, replayOf } from "../result/invocation.ts";
import { type Judgement, type RunResult, worst } from "../result/result.ts";
import {
	assumedBy,
	assuming,
	assumptionsOf,
	inAllWays,
	mustGiveSets,
	mustNotAssume,
	waysOf,
} from "./assume.ts";
import { createBudget, type Limits } from "./budget.ts";
import { unlessByLuck } from "./by-luck.ts";
import {
	type AsyncDriver,
	type Driver,
	drive,
	driveAsync,
	driverFor,
	type GatewayUnderTest,
	modelDriver,
} from "./driver.ts";
import { withKnownChance, withKnownEffects } from "./known-chance.ts";
import {
	asScenarioError,
	gatewayChoice,
	mustSetUp,
	setUpOperations,
	worldChoice,
} from "./set-up.ts";

/** Options of a play on the model or another driver. @public */
export interface RunOptions {
	/** Instead of the scenario's own. */
	readonly seed?: number;
	/** The scenario's file, for errors and `replay`; a built-in scenario has none. */
	readonly file?: string;
	/** The command that plays it once more, for the result; default `marktwin run` with name, file and seed. */
	readonly replay?: Invocation;
	/** Keep every packet in the account; kept anyway when an expectation asks for packets. */
	readonly keepPackets?: boolean;
	readonly trace?: TraceSink;
	/** What the play may take; defaults for what is left out. */
	readonly limits?: Limits;
	/** What happens on the links around the gateway. */
	readonly watch?: LinkWatch;
}

/**
 * Plays a scenario on the model (or another driver that answers at once). Never throws for a
 * violated expectation: that is a result.
 * @throws ScenarioError (`rules`) when the scenario's ruleset cannot be loaded
 * @public
 */
export function checkScenario(
	scenario: PlayableScenario,
	options: RunOptions & { readonly driver?: Driver } = {},
): RunResult {
	const { setup } = scenario;
	const ways = waysOf(setup);
	const plays = ways.map((way) => {
		const assumptions = assumptionsOf(setup, way);
		// Whatever is played once more for it goes the same way.
		const fixed = assumptions === null ? setup : { ...setup, assume: way };
		const result = playOnce(
			{ ...scenario, setup: fixed },
			options,
			assumptions,
		);
		return { way, result, assumptions };
	});
	const first = plays[0];
	invariant(first !== undefined, "a play on no assumption");
	if (setup.assume === undefined) return first.result;
	const assumed = assumedBy(
		setup,
		plays.flatMap(({ assumptions }) => assumptions ?? []),
	);
	return {
		...first.result,
		...(plays.length === 1 ? {} : inAllWays(setup, plays)),
		scenario,
		assumed,
	};
}

function playOnce(
	scenario: PlayableScenario,
	options: RunOptions & { readonly driver?: Driver },
	assumptions: Assumptions | null,
): RunResult {
	const { driver = modelDriver } = options;
	const seed = options.seed ?? scenario.setup.seed;
	const file = options.file ?? "";
	const { replay = replayOf("run", { name: scenario.name, seed, file }) } =
		options;
	try {
		const gateway = driver.open(scenario.setup.gateway, {
			...portsOf(seed, options),
			...(assumptions === null ? {} : { assume: assumptions }),
		});
		const played = wholePlay(scenario, seed, options, gateway);
		const account = drive(played, gateway);
		return resultOf(scenario, account, { seed, driver, replay });
	} catch (error) {
		throw asScenarioError(error, scenario, file);
	}
}

/**
 * The same on a driver that takes its time.
 * @throws ScenarioError (`rules`) when the ruleset of the scenario cannot be loaded; (`invalid`) when it assumes
 * something of matches: a kernel knows
 * @public
 */
export async function checkScenarioAsync(
	scenario: PlayableScenario,
	options: RunOptions & { readonly driver: AsyncDriver },
): Promise<RunResult> {
	const { driver } = options;
	const seed = options.seed ?? scenario.setup.seed;
	const file = options.file ?? "";
	const { replay = replayOf("run", { name: scenario.name, seed, file }) } =
		options;
	mustNotAssume(scenario, file);
	mustGiveSets(scenario, file);
	try {
		const gateway = await driver.open(
			scenario.setup.gateway,
			portsOf(seed, options),
		);
		try {
			const play = wholePlay(scenario, seed, options);
			const account = await driveAsync(play, gateway);
			return resultOf(scenario, account, { seed, driver, replay });
		} finally {
			await gateway.close();
		}
	} catch (error) {
		throw asScenarioError(error, scenario, file);
	}
}

function portsOf(seed: number, { trace }: RunOptions) {
	const choice = gatewayChoice(seed);
	return trace ? { choice, trace } : { choice };
}

/** Which expectations are about single packets: these are kept for them. */
const NEEDS_PACKETS: Readonly<Record<Expectation["kind"], boolean>> = {
	order: false,
	split: false,
	"split-by-source": false,
	sticky: false,
	"connected-within": false,
	avoided: false,
	"failover-gap": false,
	abandoned: true,
	affinity: false,
	moved: false,
	outcomes: false,
	"gateway-answered": false,
	"packets-out": true,
	"packets-past": true,
	"packets-counted": true,
	conntrack: false,
	counter: false,
	condition: false,
	"counts-agree": false,
	"mail-kept": false,
	operation: false,
};

/**
 * Loads the ruleset, writes the conditions, and then lets the world play.
 * @param gateway answers at once: what the world asks of it is no step of the generator
 */
export function* wholePlay(
	scenario: PlayableScenario,
	seed: number,
	options: RunOptions,
	gateway?: GatewayUnderTest,
): Generator<Ask, Account, Answer> {
	const { name, setup, steps, endMs } = scenario;
	const by = { scenario: name, file: options.file ?? "" };
	for (const step of setUpOperations(setup)) {
		const { operation } = step;
		const answer = yield { kind: "operation", atMs: 0, operation };
		if (answer.unknown !== null) return nothingPlayed(answer);
		mustSetUp(step, answer.outcome, by);
	}
	const keepPackets =
		options.keepPackets === true ||
		scenario.expect.some(({ kind }) => NEEDS_PACKETS[kind]);
	return yield* play(setup, steps, {
		choice: worldChoice(seed),
		endMs,
		keepPackets,
		budget: createBudget(scenario, options.limits, {
			keepsPackets: keepPackets,
		}),
		...(options.watch ? { watch: options.watch } : {}),
		...(gateway ? { gateway } : {}),
	});
}

export function resultOf(
	scenario: PlayableScenario,
	played: Account,
	by: {
		readonly seed: number;
		readonly driver: DriverInfo;
		readonly replay: Invocation;
	},
): RunResult {
	const { seed, driver, replay } = by;
	const account =
		driver.kind === "model" ? played : asModelKnows(played, by, scenario);
	const judgements = judgementsOf(scenario, account, seed);
	return {
		scenario,
		driver: driverFor(driver, scenario.setup.gateway),
		seed,
		// Of what expects nothing, nothing is shown.
		outcome:
			account.unknown || judgements.length === 0
				? "unknown"
				: worst(judgements.map(({ outcome }) => outcome)),
		unknown: account.unknown,
		judgements,
		account,
		replay,
	};
}

/** With what a kernel does not say of itself. */
function asModelKnows(
	played: Account,
	{ seed }: { readonly seed: number },
	scenario: PlayableScenario,
): Account {
	let model: Account | null | undefined;
	const playModel = () => {
		if (model === undefined) model = modelAccount(scenario, seed);
		return model;
	};
	const withChance = withKnownChance(played, scenario, playModel);
	return withKnownEffects(withChance, scenario, playModel);
}

/** A play on the model that nothing judges; `null` when the model cannot be set up so, though a gateway could. */
export function modelAccount(
	scenario: PlayableScenario,
	seed: number,
	choice: Choice = gatewayChoice(seed),
): Account | null {
	const { gateway } = scenario.setup;
	try {
		const model = modelDriver.open(gateway, {
			choice,
			...assuming(scenario.setup),
		});
		return drive(wholePlay(scenario, seed, {}, model), model);
	} catch (error) {
		if (asScenarioError(error, scenario, "") instanceof ScenarioError)
			return null;
		throw error;
	}
}

/** Judges, and plays once more on the model to say why what is violated is violated. */
function judgementsOf(
	scenario: PlayableScenario,
	account: Account,
	seed: number,
): readonly Judgement[] {
	const judged = unlessByLuck(
		judgeAll(scenario, account),
		{ scenario, account, seed },
		{
			choiceOf: gatewayChoice,
			playModel: (other, choice) => modelAccount(scenario, other, choice),
		},
	);
	const questions = judged.map(
		({ outcome, expectation, all }): Question | null =>
			outcome === "violated" && !isImplied(expectation)
				? { expectation, concerned: all }
				: null,
	);
	const why = explain({ scenario, account }, questions, ({ trace, watch }) => {
		const ports = {
			choice: gatewayChoice(seed),
			trace,
			...assuming(scenario.setup),
		};
		return {
			gateway: new ModelGateway(scenario.setup.gateway, ports),
			play: wholePlay(scenario, seed, { watch }),
		};
	});
	const remarks = remarksOn({ scenario, account });
	return judged.map(({ all: _, ...judgement }, index) => {
		const question = questions[index];
		const groups = why[index] ?? [];
		const about = question ? remarks(question.expectation) : [];
		const found = about.find(({ rule }) => rule !== null);
		const [first] = groups;
		const rule = judgement.rule ?? (first ?? found)?.rule?.place ?? null;
		return { ...judgement, rule, why: [...groups, ...about] };
	});
}
