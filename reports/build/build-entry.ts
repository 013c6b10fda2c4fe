import type { JudgedComparison } from "../../scenarios/compare/verdict.ts";
import type { RunDetails } from "../../scenarios/details/run-details.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { assumedWords, restsOn } from "../../scenarios/result/assumed.ts";
import type { DriverInfo } from "../../scenarios/result/driver-info.ts";
import {
	commandLine,
	type Invocation,
} from "../../scenarios/result/invocation.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import type {
	ComparisonView,
	Entry,
	ExpectationView,
	Status,
} from "../contract/report.ts";
import { firstLines } from "../shorten.ts";
import { buildConnections } from "./build-connections.ts";
import { buildFailover } from "./build-failover.ts";
import { buildConntrack, buildRules, type Shared } from "./build-rules.ts";
import { buildSplit } from "./build-split.ts";

/** A scenario that was played, or that could not be. */
export type Played =
	| {
			readonly kind: "result";
			readonly result: RunResult;
			readonly details: RunDetails;
			/** When it was played on two drivers. */
			readonly comparison: JudgedComparison | null;
			/** The command that plays it once more, where it is not the one of its result. */
			readonly replay?: string;
	  }
	| {
			readonly kind: "failure";
			readonly scenario: Pick<
				PlayableScenario,
				"name" | "suite" | "title" | "story" | "trap"
			>;
			readonly driver: DriverInfo;
			readonly seed: number;
			readonly message: string;
			readonly replay: Invocation;
	  };

/** `model (linux 6.1.192)`. */
export function driverName({ name, version }: DriverInfo): string {
	return `${name} (${version})`;
}

export interface EntryLimits {
	/** So many are shown one by one. */
	readonly connections: number;
}

export function buildEntry(
	played: Extract<Played, { readonly kind: "result" }>,
	id: string,
	{ shared, ...limits }: EntryLimits & { readonly shared: Shared },
): Entry {
	const { result, details, comparison } = played;
	const { scenario, account } = result;
	const unknown = result.unknown ?? comparison?.comparison.unknown ?? null;
	return {
		id,
		...aboutScenario(scenario),
		status: comparison === null ? result.outcome : STATUS[comparison.verdict],
		assumed: assumedWords(result.assumed),
		restsOnAssumed: restsOn(result.assumed).length > 0,
		driver: driverName(result.driver),
		seed: result.seed,
		replay:
			played.replay ??
			commandLine(
				comparison === null ? result.replay : comparison.comparison.replay,
			),
		failure: "",
		unknown: unknown && { reason: unknown.reason, rule: details.unknownPlace },
		expectations: expectationsOf(played),
		comparison: comparison && comparisonView(comparison),
		backends: scenario.setup.backends.map(({ name }) => name),
		endedMs: account.endedMs,
		isLive: result.driver.kind === "docker",
		connections: buildConnections(result, details, limits.connections),
		split: buildSplit(result, details),
		failover: buildFailover(result, details),
		moments: details.moments.slice(0, MOST_MOMENTS),
		omittedMoments: Math.max(0, details.moments.length - MOST_MOMENTS),
		rules: buildRules(result, details, shared),
		conntrack: buildConntrack(details),
	};
}

/** Pictures with more lines than that show nothing. */
const MOST_MOMENTS = 100;

export function buildFailure(
	played: Extract<Played, { readonly kind: "failure" }>,
	id: string,
): Entry {
	const { scenario, driver, seed, message, replay } = played;
	return {
		id,
		...aboutScenario(scenario),
		status: "failed",
		assumed: [],
		restsOnAssumed: false,
		driver: driverName(driver),
		seed,
		replay: commandLine(replay),
		failure: message,
		unknown: null,
		expectations: [],
		comparison: null,
		backends: [],
		endedMs: 0,
		isLive: false,
		connections: {
			noun: "connection",
			total: 0,
			outcomes: [],
			lost: 0,
			late: 0,
			longestWaitMs: 0,
			moved: 0,
			shown: [],
			sampling: "",
		},
		split: null,
		failover: null,
		moments: [],
		omittedMoments: 0,
		rules: {
			snapshots: [],
			paths: [],
			sampling: "",
			noPaths: "",
			omitted: 0,
		},
		conntrack: [],
	};
}

function aboutScenario({
	name,
	suite,
	title,
	story,
	trap,
}: Extract<Played, { readonly kind: "failure" }>["scenario"]) {
	return { name, suite, title, story, trap };
}

const STATUS: Readonly<Record<JudgedComparison["verdict"], Status>> = {
	agrees: "holds",
	diverges: "violated",
	unknown: "unknown",
};

function expectationsOf({
	result,
	details,
}: Extract<Played, { readonly kind: "result" }>): readonly ExpectationView[] {
	return result.judgements.map((judgement, index) => ({
		status: judgement.outcome,
		expected: judgement.expected,
		seen: judgement.seen,
		because: judgement.expectation.because,
		connections: judgement.connections.map((id) => id + 1),
		concerned: judgement.concerned,
		why: judgement.why.map(({ connection, count, text }) => ({
			connection: connection === null ? null : connection + 1,
			count,
			text,
		})),
		rule: details.places[index] ?? null,
	}));
}

const MOST_LINES = 200;

function comparisonView({ comparison }: JudgedComparison): ComparisonView {
	const { model, kernel, asks, packets } = comparison;
	return {
		model: driverName(model),
		kernel: driverName(kernel),
		asks,
		packets,
		draws: comparison.draws ?? 0,
		connections: comparison.connections ?? null,
		divergences: comparison.divergences.map((one) => ({
			kind: one.kind,
			atMs: one.atMs,
			asked: one.asked,
			model: firstLines(one.model, MOST_LINES),
			kernel: firstLines(one.kernel, MOST_LINES),
			modelRules: firstLines(one.rules.model, MOST_LINES),
			kernelRules: firstLines(one.rules.kernel, MOST_LINES),
		})),
	};
}
