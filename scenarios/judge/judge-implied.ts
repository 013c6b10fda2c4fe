/**
 * What every scenario expects without saying so: that steps succeed and have an effect, that connections are
 * served, and that its rules are all that the router has.
 */
import { lackedBy } from "../../sim/script/check-rules.ts";
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import { describeOperation } from "../../sim/world/account/describe-operation.ts";
import type {
	ConnectionFilter,
	CountedOutcome,
	Expectation,
	Scenario,
} from "../language/scenario.ts";
import { writesNothing } from "../language/schema/condition-write.ts";
import { matchesPattern } from "../language/schema/match-pattern.ts";
import {
	counted,
	type Finding,
	finding,
	nounOf,
	selected,
} from "../result/finding.ts";
import type { ImpliedExpectation, Judgement } from "../result/result.ts";
import { servingOf } from "../result/serving.ts";
import { type AtFirst, failoverGaps, serving } from "./failover-gaps.ts";
import { endedAs } from "./judge-connections.ts";
import { type Planned, whyNeverEnds } from "./never/never-ends.ts";

type Done = Account["operations"][number];

const STEPS: ImpliedExpectation = { kind: "steps-succeed", because: "" };
const SERVED: ImpliedExpectation = { kind: "connections-served", because: "" };
const WHOLE: ImpliedExpectation = { kind: "rules-whole", because: "" };
const IMPLIED: Readonly<Record<ImpliedExpectation["kind"], true>> = {
	"steps-succeed": true,
	"connections-served": true,
	"rules-whole": true,
};
const IDLE = "changes nothing: it is so already";
const IDLE_WRITE =
	"changes nothing: the kernel looks at the first character, 0 or 1";
/** Before the labels of what it did. It writes what it found whether that is news or not. */
const CHECKERS = "health check: ";
/** Different ones that a judgement names. */
const MOST_SHOWN = 6;

export function isImplied(
	expectation: Judgement["expectation"],
): expectation is ImpliedExpectation {
	return Object.hasOwn(IMPLIED, expectation.kind);
}

/**
 * Also of a play that ended as unknown: what failed before stays failed. What the health checker did
 * to the gateway counts as a step.
 * @returns `null` when none failed of which no expectation says how it goes
 */
export function judgeSteps(
	scenario: Pick<Scenario, "expect" | "steps">,
	account: Account,
): (Judgement & Pick<Finding, "all">) | null {
	const failed = failedSteps(scenario, account);
	if (failed.length === 0) return null;
	const count = failed.reduce((sum, { timesMs }) => sum + timesMs.length, 0);
	return {
		expectation: STEPS,
		...finding(false, {
			expected:
				"each step to succeed, and to change something, of which no expectation says how it goes",
			seen: `${counted(count, "step")} failed: ${shown(failed)}`,
		}),
		why: [],
	};
}

/**
 * A play in which connections are lost that no expectation speaks of shows less than its ✓ would say.
 * @returns `null` when there is none
 */
export function judgeServed(
	scenario: Pick<Scenario, "expect" | "steps"> &
		Partial<Pick<Scenario, "setup">>,
	account: Account,
): (Judgement & Pick<Finding, "all">) | null {
	const spokenOf = new Set(
		scenario.expect.flatMap((one) => endingsSaid(one, account, scenario)),
	);
	const lost = account.connections.filter(
		(one) => servingOf(one) === "lost" && !spokenOf.has(one),
	);
	if (lost.length === 0) return null;
	const counts = new Map<string, number>();
	for (const { outcome } of lost)
		counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
	const ends = [...counts].map(([outcome, count]) => `${count} ${outcome}`);
	return {
		expectation: SERVED,
		...finding(false, {
			expected: `each ${nounOf(lost)} to be served of which no expectation says how it ends (outcomes)`,
			seen: `${ends.join(", ")}; nothing that is expected says whether this is right`,
			concerned: lost,
		}),
		outcome: "unknown",
		why: [],
	};
}

/**
 * Rules that are not all of their router's show less as well.
 * @returns `null` where they do not say so themselves
 */
export function judgeWhole({
	setup,
}: Partial<Pick<Scenario, "setup">>):
	| (Judgement & Pick<Finding, "all">)
	| null {
	const rules = setup?.ruleset;
	const text = rules !== undefined && "text" in rules ? rules.text : "";
	const program = lackedBy(text);
	if (program === "") return null;
	return {
		expectation: WHOLE,
		...finding(false, {
			expected: "the rules to be all that the router has",
			seen: `they are a dump that warns of tables of ${program} besides, which packets pass as well; where ${program}-save prints no rule, remove the warning from the rules`,
		}),
		outcome: "unknown",
		why: [],
	};
}

/**
 * Of which connections does an expectation that holds say how they end, or that they may be lost? The others are about
 * where connections go, or about the gateway.
 */
function endingsSaid(
	expectation: Expectation,
	account: Account,
	{ steps, setup }: Pick<Scenario, "steps"> & Partial<Pick<Scenario, "setup">>,
): readonly ConnectionRecord[] {
	const { connections } = account;
	switch (expectation.kind) {
		case "outcomes":
			return endsOf(expectation, { steps, setup, connections });
		case "gateway-answered": {
			const { of, answer } = expectation;
			return selected(connections, of).filter((one) =>
				one.gatewayAnswers.some(
					(said) => refuses(said) && matchesPattern(said, answer),
				),
			);
		}
		// What stands in time may end in any way.
		case "connected-within": {
			const meant = new Set(selected(connections, expectation.of));
			return atAnyTime(connections, expectation.of).filter(
				(one) => one.connectedMs === null || !meant.has(one),
			);
		}
		case "failover-gap":
			return failedOver(
				expectation,
				account,
				setup?.backends.find(({ name }) => name === expectation.backend) ??
					serving(expectation.backend),
			);
		case "order":
		case "split":
		case "split-by-source":
		case "sticky":
		case "avoided":
		case "abandoned":
		case "affinity":
		case "moved":
		case "packets-out":
		case "packets-past":
		case "packets-counted":
		case "conntrack":
		case "counter":
		case "condition":
		case "counts-agree":
		case "mail-kept":
		case "operation":
			return [];
	}
}

/** Those that began while the backend had failed, and met it or none; and those that it had when it failed. */
function failedOver(
	{ service }: Expectation & { readonly kind: "failover-gap" },
	account: Account,
	backend: AtFirst,
): readonly ConnectionRecord[] {
	const of = service === undefined ? {} : { service };
	const connections = selected(account.connections, of);
	const had = connections.filter(({ met }) => met.includes(backend.name));
	return failoverGaps([backend], { ...account, connections }).flatMap(
		({ unserved, failedMs }) => [
			...unserved,
			...had.filter(
				({ startedMs, endedMs }) =>
					startedMs < failedMs && (endedMs === null || endedMs >= failedMs),
			),
		],
	);
}

/** However many of these are expected, it says how many may be lost. */
const SAYS_HOW_MANY: ReadonlySet<CountedOutcome> = new Set([
	"lost",
	"completed",
	"answered",
	"sent",
]);
/** Those that came to it are not lost; that few did does not say that others are. */
const KEPT_SO_FAR: ReadonlySet<CountedOutcome> = new Set(["open", "accepted"]);

/** Those that it counts; and all that may come to it, where it says how many are to be served. */
function endsOf(
	expectation: Expectation & { readonly kind: "outcomes" },
	planned: Planned,
): readonly ConnectionRecord[] {
	const { outcome, of, atLeast } = expectation;
	const { connections } = planned;
	const saysHowMany =
		SAYS_HOW_MANY.has(outcome) || (KEPT_SO_FAR.has(outcome) && atLeast > 0);
	if (saysHowMany)
		return atAnyTime(connections, of).filter(
			(one) => whyNeverEnds(one, outcome, planned) === null,
		);
	// How long a connection waits is not how it ends.
	return outcome === "late"
		? []
		: selected(connections, of).filter((one) => endedAs(one, outcome));
}

/**
 * Whoever says how many of those are served that begin at some time has left the others to failover, so times do
 * not count.
 */
function atAnyTime(
	connections: readonly ConnectionRecord[],
	{ fromMs: _from, toMs: _to, ...rest }: ConnectionFilter,
): readonly ConnectionRecord[] {
	return selected(connections, rest);
}

/** A handshake that the gateway answers itself goes on, and so does a packet that is sent again in smaller ones. */
function refuses(answer: string): boolean {
	const isError =
		answer.startsWith("icmp ") && answer !== "icmp fragmentation-needed";
	return answer === "rst" || isError;
}

/** A step that failed, or what the health checker did. */
export interface FailedStep {
	/** `iptables -t nat -F (flushed)`. */
	readonly step: string;
	/** All that was said, with the place of each fault. */
	readonly message: string;
	/** When it failed so. */
	readonly timesMs: readonly number[];
}

/** The same failure once, in the order of the first of each. */
export function failedSteps(
	{ expect, steps }: Pick<Scenario, "expect" | "steps">,
	{ operations, endedMs }: Pick<Account, "operations" | "endedMs">,
): readonly FailedStep[] {
	const spokenOf = new Set(
		expect.flatMap((one) => (one.kind === "operation" ? [one.step] : [])),
	);
	const writes = idleWrites(steps, endedMs);
	const others = operations.filter(
		({ text, atMs }) =>
			!writes.some((one) => one.text === text && one.atMs === atMs),
	);
	const failed = [...others.map(orIdle), ...writes]
		.filter(
			({ label, outcome }) =>
				!outcome.ok && (label === "" || !spokenOf.has(label)),
		)
		.sort((one, other) => one.atMs - other.atMs);
	const found = new Map<string, FailedStep>();
	for (const { label, text, atMs, outcome } of failed) {
		const step = `${text}${label === "" ? "" : ` (${label})`}`;
		const message = outcome.ok ? "" : outcome.message;
		const key = JSON.stringify([step, message]);
		const { timesMs = [] } = found.get(key) ?? {};
		found.set(key, { step, message, timesMs: [...timesMs, atMs] });
	}
	return [...found.values()];
}

/** One that succeeded and changed nothing has failed. */
function orIdle(done: Done): Done {
	return done.isIdle === undefined || done.label.startsWith(CHECKERS)
		? done
		: { ...done, outcome: { ok: false, message: IDLE } };
}

/** The kernel takes them without an error: whoever wants that has to say so. */
function idleWrites(
	steps: Scenario["steps"],
	endedMs: number,
): readonly Done[] {
	return steps.flatMap((step) => {
		if (step.kind !== "operation" || step.operation.kind !== "condition")
			return [];
		const { atMs, label, operation } = step;
		if (atMs > endedMs || !writesNothing(operation.write)) return [];
		const text = describeOperation(operation);
		return [{ label, atMs, text, outcome: { ok: false, message: IDLE_WRITE } }];
	});
}

/** The first ones, each with the words of its faults alone. */
function shown(failed: readonly FailedStep[]): string {
	const lines = failed.map(
		(one) => `${whenWords(one)}, ${one.step}: ${heads(one.message)}`,
	);
	const rest = lines.length - MOST_SHOWN;
	const more = rest > 0 ? ` | … ${rest} more` : "";
	return `${lines.slice(0, MOST_SHOWN).join(" | ")}${more}`;
}

/** `at 5 ms`, `12 times from 5 ms on`. */
export function whenWords({ timesMs }: Pick<FailedStep, "timesMs">): string {
	return timesMs.length === 1
		? `at ${timesMs[0]} ms`
		: `${timesMs.length} times from ${timesMs[0]} ms on`;
}

/** Of each fault the words, without the line and the caret that stand below them. */
function heads(message: string): string {
	return message
		.split("\n\n")
		.map((fault) => fault.trim().split("\n")[0])
		.join("; ");
}
