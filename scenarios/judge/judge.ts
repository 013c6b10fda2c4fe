/** Account × expectation → judgement. Judges drive nothing: they only read what was written down. */
import { match, P } from "ts-pattern";
import { nearest } from "../../sim/edit-distance.ts";
import type { Account } from "../../sim/world/account/account.ts";
import { leadToOne } from "../exact/exact-shares.ts";
import type { Expectation, Scenario } from "../language/scenario.ts";
import {
	type Finding,
	nounOf,
	selected,
	showsNothing,
} from "../result/finding.ts";
import type { Judgement } from "../result/result.ts";
import { unlessCutOff } from "./cut-off.ts";
import { judgeAbandoned } from "./judge-abandoned.ts";
import {
	judgeAffinity,
	judgeAvoided,
	judgeGatewayAnswered,
	judgeMoved,
	judgeOrder,
	judgeOutcomes,
} from "./judge-connections.ts";
import { judgeCountsAgree, judgeMailKept } from "./judge-counts.ts";
import { judgeFailoverGap } from "./judge-failover-gap.ts";
import { judgeServed, judgeSteps, judgeWhole } from "./judge-implied.ts";
import { judgeConnectedWithin } from "./judge-in-time.ts";
import {
	judgeCondition,
	judgeConntrack,
	judgeCounter,
	judgeOperation,
	judgePackets,
	judgePacketsCounted,
} from "./judge-observations.ts";
import { judgeSplit, judgeSplitBySource } from "./judge-split.ts";
import { judgeSticky } from "./judge-sticky.ts";
import { unlessQuiet } from "./quiet-play.ts";

/** As much of a scenario as judging needs. */
export type Judged = Pick<Scenario, "expect" | "steps"> &
	Partial<Pick<Scenario, "setup">>;

/**
 * Judges every expectation of a scenario, in their order, and what it expects without saying so where that is not
 * so, each with all connections that show it. Why one is violated is for `explain` to say.
 */
export function judgeAll(
	scenario: Judged,
	account: Account,
): readonly (Judgement & Pick<Finding, "all">)[] {
	const judgements = scenario.expect.map((expectation) => {
		if (account.unknown) {
			const { rule, reason } = account.unknown;
			return { expectation, ...unknownFinding(rule, reason), why: [] };
		}
		const found = unlessQuiet(
			expectation,
			withOneBackend(expectation, find(expectation, account, scenario), {
				...scenario,
				account,
			}),
			{ steps: scenario.steps, setup: scenario.setup, account },
		);
		const known = withKnownName(expectation, found, scenario, account);
		const inTime = unlessCutOff(expectation, known, {
			steps: scenario.steps,
			setup: scenario.setup,
			account,
			find: (other) => find(other, account, scenario),
		});
		return { expectation, ...inTime, why: [] };
	});
	const steps = judgeSteps(scenario, account);
	const all = steps === null ? judgements : [...judgements, steps];
	// What is violated, and what is not known for another reason, is said by itself.
	const isGreen =
		all.length > 0 && all.every(({ outcome }) => outcome === "holds");
	if (!isGreen) return all;
	const lacking = [judgeServed(scenario, account), judgeWhole(scenario)];
	return [...all, ...lacking.filter((one) => one !== null)];
}

/** Neither packets of a connection nor connections of a client can meet different backends where there is one, or the rules lead to one. */
function withOneBackend(
	expectation: Expectation,
	found: Finding,
	{ setup, steps, account }: Judged & { readonly account: Account },
): Finding {
	const { kind } = expectation;
	const isAboutTwo =
		kind === "affinity" || kind === "moved" || kind === "sticky";
	if (!isAboutTwo || found.outcome !== "holds") return found;
	if (setup === undefined) return found;
	if (setup.backends.length <= 1)
		return showsNothing(found, "there is one backend alone");
	const connections = selected(account.connections, expectation.of);
	const [only, ...others] = new Set(connections.flatMap(({ met }) => met));
	const isBound =
		only !== undefined &&
		others.length === 0 &&
		leadToOne({ setup, steps }, only, connections);
	return isBound
		? showsNothing(
				found,
				`the rules lead every ${nounOf(connections)} to ${only}`,
			)
		: found;
}

/** That there is no condition of a name that nothing knows says nothing. */
function withKnownName(
	expectation: Expectation,
	found: Finding,
	{ setup, steps }: Judged,
	account: Account,
): Finding {
	const { kind } = expectation;
	if (kind !== "condition" || found.outcome !== "holds") return found;
	if (expectation.value !== null || setup === undefined) return found;
	const { name } = expectation;
	const names = conditionNames({ setup, steps }, account);
	if (names.includes(name)) return found;
	const meant = nearest(name, names);
	const hint = meant === null ? "" : `; did you mean \`${meant}\`?`;
	return showsNothing(
		found,
		`no rule and no step names a condition \`${name}\`${hint}`,
	);
}

/** The account ends at the unknown, and what happened before may have been undone behind it. */
function unknownFinding(rule: string, reason: string): Finding {
	return {
		outcome: "unknown",
		expected: "a play to the end",
		seen: `the play ended: ${reason}`,
		connections: [],
		concerned: 0,
		all: [],
		rule: rule || null,
	};
}

/** Of a play that is judged without its setup. */
const NO_HOSTS = { clients: [], backends: [] };

function find(
	expectation: Expectation,
	account: Account,
	{ setup, steps }: Judged,
): Finding {
	const played = setup === undefined ? undefined : { setup, steps };
	return match(expectation)
		.with({ kind: "order" }, (it) => judgeOrder(it, account))
		.with({ kind: "split" }, (it) => judgeSplit(it, account, played))
		.with({ kind: "split-by-source" }, (it) =>
			judgeSplitBySource(it, account, played),
		)
		.with({ kind: "sticky" }, (it) => judgeSticky(it, account, setup))
		.with({ kind: "connected-within" }, (it) =>
			judgeConnectedWithin(it, account),
		)
		.with({ kind: "avoided" }, (it) => judgeAvoided(it, account))
		.with({ kind: "failover-gap" }, (it) =>
			judgeFailoverGap(it, account, setup?.backends),
		)
		.with({ kind: "abandoned" }, (it) =>
			judgeAbandoned(it, account, setup ?? NO_HOSTS),
		)
		.with({ kind: "affinity" }, (it) => judgeAffinity(it, account))
		.with({ kind: "moved" }, (it) => judgeMoved(it, account))
		.with({ kind: "outcomes" }, (it) =>
			judgeOutcomes(it, account, { steps, setup }),
		)
		.with({ kind: "gateway-answered" }, (it) =>
			judgeGatewayAnswered(it, account, { steps, setup }),
		)
		.with({ kind: P.union("packets-out", "packets-past") }, (it) =>
			judgePackets(it, account),
		)
		.with({ kind: "packets-counted" }, (it) => judgePacketsCounted(it, account))
		.with({ kind: "conntrack" }, (it) => judgeConntrack(it, account))
		.with({ kind: "counter" }, (it) => judgeCounter(it, account))
		.with({ kind: "condition" }, (it) => judgeCondition(it, account))
		.with({ kind: "counts-agree" }, (it) => judgeCountsAgree(it, account))
		.with({ kind: "mail-kept" }, () => judgeMailKept(account))
		.with({ kind: "operation" }, (it) => judgeOperation(it, account, steps))
		.exhaustive();
}

/** As a rule names it, in any of its notations. */
const IN_RULE = /--condition[\s=]+["']?([^\s"']+)/g;

/** Those that rules name, at any time as far as it was seen, and those that something writes to. */
function conditionNames(
	{ setup, steps }: Pick<Scenario, "setup" | "steps">,
	{ observations }: Account,
): readonly string[] {
	const { ruleset, conditions, healthCheck } = setup;
	const operations = steps.flatMap((step) =>
		step.kind === "operation" ? [step.operation] : [],
	);
	const texts = [
		...("text" in ruleset ? [ruleset.text] : []),
		...operations.flatMap((one) => {
			if (one.kind === "iptables") return [one.command];
			return one.kind === "restore" && "text" in one ? [one.text] : [];
		}),
		...observations.map(({ observation }) => observation.ruleset),
	];
	return [
		...new Set([
			...Object.keys(conditions),
			...(healthCheck?.targets ?? []).map(({ condition }) => condition),
			...operations.flatMap((one) =>
				one.kind === "condition" ? [one.name] : [],
			),
			...observations.flatMap(({ observation }) =>
				Object.keys(observation.conditions),
			),
			...texts.flatMap((text) =>
				[...text.matchAll(IN_RULE)].flatMap(([, name]) => name ?? []),
			),
		]),
	];
}
