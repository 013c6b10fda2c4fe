/**
 * What a report shows beyond the result: the paths of some packets, and the box after every step.
 * A result of the model is played once more for it, since a scenario with its seed is all that it
 * takes; so results stay small, and a file of results can be shown long after.
 */
import type { Observation } from "../../sim/contract/gateway.ts";
import type { ModelGatewayPorts } from "../../sim/gateway/model-gateway.ts";
import { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import type { Account } from "../../sim/world/account/account.ts";
import type { Step } from "../../sim/world/setup/setup.ts";
import type { Comparison } from "../compare/lockstep/compare-scenario.ts";
import { describeStep } from "../explain/describe-step.ts";
import { type FailoverGap, failoverGaps } from "../judge/failover-gaps.ts";
import { countedRules, setsCountersBack } from "../judge/unmet-rules.ts";
import { judgedPlace } from "../result/judged-place.ts";
import type { RunResult } from "../result/result.ts";
import { type RulePlace, rulePlace } from "../result/rule-place.ts";
import { readSaved, type SavedLine } from "../result/saved-ruleset.ts";
import { assuming } from "../run/assume.ts";
import { checkScenario, wholePlay } from "../run/run-scenario.ts";
import { asScenarioError, gatewayChoice } from "../run/set-up.ts";
import { chooseConnections } from "./choose-connections.ts";
import { type ExpectedShares, expectedShares } from "./expected-shares.ts";
import {
	PACKETS_OF_EACH,
	type PacketPath,
	PathRecorder,
} from "./packet-paths.ts";
import { matchedRules } from "./rule-coverage.ts";
import { type RunningShare, runningShare } from "./running-share.ts";

export interface RunDetails {
	readonly gaps: readonly FailoverGap[];
	/** The same gaps on the model, when it was something else that played. */
	readonly predicted: readonly FailoverGap[];
	readonly share: RunningShare | null;
	/** What was expected of shares, and what was seen. */
	readonly shares: readonly ExpectedShares[];
	/** What was done and when, connections and flows aside; in the order of their times. */
	readonly moments: readonly { readonly atMs: number; readonly text: string }[];
	/** At least the end, unless the play ended before; in the order of their times. */
	readonly snapshots: readonly Snapshot[];
	/** In the order in which they came in; none when it was a kernel that played. */
	readonly paths: readonly PacketPath[];
	/** Where the connections are whose packets are in `paths`. */
	readonly followed: readonly number[];
	/** So many packets of each are there, and more where they took a path that is new. */
	readonly packetsOfEach: number;
	/** Rules that matched a packet, as `matchedRules` knows them; `null` where that is not known: of kernels, and where counters may be set back too often. */
	readonly matched: ReadonlySet<string> | null;
	/** For each judgement: the rule to look at. */
	readonly places: readonly (RulePlace | null)[];
	/** The rule that the model does not know. */
	readonly unknownPlace: RulePlace | null;
}

export interface RunDetailsOptions {
	/** So many connections are followed, rule by rule, at most. */
	readonly connections: number;
}

/** Snapshots that nobody asked for are taken of so many steps at most. */
const MOST_SNAPSHOTS = 30;
/** Where counters may be set back more often, it is not known which rules matched. */
const MOST_SET_BACK = 200;

/**
 * Looks at a result once more.
 * @throws ScenarioError when the scenario of a result that was read cannot be set up
 */
export function collectRunDetails(
	result: RunResult,
	options: RunDetailsOptions,
): RunDetails {
	const { scenario, account, unknown, seed } = result;
	const { steps, setup } = scenario;
	const { backends } = setup;
	const isModels = result.driver.kind === "model";
	const again = isModels ? playAgain(result, options) : seenOf(account);
	return {
		...again,
		gaps: failoverGaps(backends, account),
		predicted: isModels
			? []
			: failoverGaps(backends, checkScenario(scenario, { seed }).account),
		packetsOfEach: PACKETS_OF_EACH,
		share: runningShare(result),
		shares: expectedShares(result),
		moments: steps
			.filter(({ kind }) => !SHOWN_ELSEWHERE.has(kind))
			.map((step) => ({ atMs: step.atMs, text: describeStep(step) }))
			.sort((one, other) => one.atMs - other.atMs),
		places: result.judgements.map((one) => judgedPlace(one, result)),
		unknownPlace: unknown?.rule ? rulePlace(unknown.rule, setup) : null,
	};
}

/**
 * Rules that matched a packet of a play, as `matchedRules` knows them. The counters at its end tell, unless they were set
 * back or it ended early: then it is played once more.
 * @returns `null` where that is not known
 */
export function matchedIn(result: RunResult): RunDetails["matched"] {
	if (result.driver.kind !== "model") return null;
	const counted = countedRules(result);
	return counted === null
		? playAgain(result, { connections: 0 }).matched
		: matchedRules([counted], 1);
}

/**
 * The same of a comparison, whose model followed what the kernel drew: once more it would draw by itself.
 * @returns `null` also where the two parted, and where no packets were compared
 */
export function matchedInComparison({
	result,
	draws = 0,
}: Pick<Comparison, "result" | "draws">): RunDetails["matched"] {
	if (result === null) return null;
	if (draws > 0 && countedRules(result) === null) return null;
	return matchedIn(result);
}

/** Connections and flows have pictures of their own, and observations are moments of rules and conntrack. */
const SHOWN_ELSEWHERE: ReadonlySet<Step["kind"]> = new Set([
	"connect",
	"send",
	"observe",
]);

type Again = Pick<RunDetails, "snapshots" | "paths" | "followed" | "matched">;

/** Of a kernel there is what it was asked for while it played. */
function seenOf({ observations }: Account): Again {
	return {
		snapshots: observations.map(({ label, atMs, observation }) =>
			snapshotOf({ label, atMs }, observation),
		),
		paths: [],
		followed: [],
		// A kernel may spell rules otherwise than the file does.
		matched: null,
	};
}

function playAgain(result: RunResult, options: RunDetailsOptions): Again {
	try {
		return followed(result, options);
	} catch (error) {
		throw asScenarioError(error, result.scenario, "");
	}
}

function followed(
	result: RunResult,
	{ connections }: RunDetailsOptions,
): Again {
	const { scenario, seed } = result;
	const chosen = chooseConnections(result, connections);
	const { steps, labels, isCounted } = withSnapshots(scenario.steps);
	const recorder = new PathRecorder(new Set(chosen));
	const ports: ModelGatewayPorts = {
		choice: gatewayChoice(seed),
		trace: (event) => recorder.note(event),
		...assuming(scenario.setup),
	};
	const gateway = new ModelGateway(scenario.setup.gateway, ports);
	const play = wholePlay({ ...scenario, steps, expect: [] }, seed, {
		watch: (event) => recorder.watch(event),
	});
	const snapshots: Snapshot[] = [];
	const counted: (readonly SavedLine[])[] = [];
	/** Moments before rules may first have been replaced. */
	let unchanged: number | null = null;
	let observed = 0;
	let step = play.next();
	while (!step.done) {
		const ask = step.value;
		gateway.isTraced = recorder.begin(ask);
		const answer = gateway.answer(ask);
		recorder.end(answer, gateway);
		if (answer.observation !== null) {
			// `null` is hidden; the last one, at the end, has no name.
			const label = labels[observed++];
			const about = { label: label ?? "", atMs: answer.nowMs };
			const snapshot = snapshotOf(about, answer.observation);
			counted.push(snapshot.rules);
			if (label === null) unchanged ??= counted.length;
			else snapshots.push(snapshot);
		}
		step = play.next(answer);
	}
	return {
		snapshots,
		paths: recorder.paths,
		followed: chosen,
		matched: isCounted
			? matchedRules(counted, unchanged ?? counted.length)
			: null,
	};
}

const CHANGING: ReadonlySet<Step["kind"]> = new Set([
	"operation",
	"packet",
	"race",
]);

/**
 * An observation behind each step that changes something, as long as there are not too many, and one before each that
 * may set counters back; and what to call them all, in their order: `null` for those that are not shown.
 */
function withSnapshots(steps: readonly Step[]): {
	readonly steps: readonly Step[];
	readonly labels: readonly (string | null)[];
	/** Each of those that may set counters back has one. */
	readonly isCounted: boolean;
} {
	let left = MOST_SNAPSHOTS;
	const hidden = new Set<Step>();
	const isCounted = steps.filter(setsCountersBack).length <= MOST_SET_BACK;
	const all = steps.flatMap((step): readonly Step[] => {
		const { kind, atMs } = step;
		const around: Step[] = [step];
		if (isCounted && setsCountersBack(step)) {
			const before: Step = { kind: "observe", label: "", atMs };
			hidden.add(before);
			around.unshift(before);
		}
		if (CHANGING.has(kind) && left-- > 0) {
			const label = `after ${describeStep(step)}`;
			around.push({ kind: "observe", label, atMs });
		}
		return around;
	});
	const labels = all
		.filter((step) => step.kind === "observe")
		.sort((one, other) => one.atMs - other.atMs)
		.map((step) => (hidden.has(step) ? null : step.label));
	return { steps: all, labels, isCounted };
}

/** The box at a moment, everything in the kernel's spelling. */
interface Snapshot {
	/** "" is the end. */
	readonly label: string;
	readonly atMs: number;
	readonly rules: readonly SavedLine[];
	/** The first entries, and how many there are. */
	readonly conntrack: readonly string[];
	readonly entries: number;
	readonly conditions: Readonly<Record<string, 0 | 1>>;
}

/** A table may hold hundreds of thousands; nobody reads them all. */
const MOST_ENTRIES = 100;

function snapshotOf(
	about: { readonly label: string; readonly atMs: number },
	{ ruleset, conntrack, conditions }: Observation,
): Snapshot {
	return {
		...about,
		rules: readSaved(ruleset),
		conntrack: conntrack.slice(0, MOST_ENTRIES).map(({ text }) => text),
		entries: conntrack.length,
		conditions,
	};
}
