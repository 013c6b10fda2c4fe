/** Account × expectation → judgement. Judges drive nothing: they only read what was written down. */
import { match } from "ts-pattern";
import type { Account } from "../../sim/world/account.ts";
import type { Expectation, Scenario } from "../language/scenario.ts";
import type { Finding } from "./finding.ts";
import {
	judgeAffinity,
	judgeAvoided,
	judgeGatewayAnswered,
	judgeMoved,
	judgeOrder,
	judgeOutcomes,
	judgeSplit,
} from "./judge-connections.ts";
import { judgeFailoverGap } from "./judge-failover-gap.ts";
import {
	judgeCondition,
	judgeConntrack,
	judgeCounter,
	judgeOperation,
	judgePacketsOut,
} from "./judge-observations.ts";
import type { Judgement } from "./result.ts";

/** Judges every expectation of a scenario, in their order. */
export function judge(
	scenario: Pick<Scenario, "expect">,
	account: Account,
): readonly Judgement[] {
	return scenario.expect.map((expectation) => ({
		expectation,
		...(account.unknown
			? unknownFinding(account.unknown.rule, account.unknown.reason)
			: find(expectation, account)),
	}));
}

/** What happened after the unknown, nobody saw; what happened before could still have been undone. */
function unknownFinding(rule: string, reason: string): Finding {
	return {
		outcome: "unknown",
		expected: "a play to the end",
		seen: `the play ended: ${reason}`,
		connections: [],
		rule: rule || null,
	};
}

function find(expectation: Expectation, account: Account): Finding {
	return match(expectation)
		.with({ kind: "order" }, (it) => judgeOrder(it, account))
		.with({ kind: "split" }, (it) => judgeSplit(it, account))
		.with({ kind: "avoided" }, (it) => judgeAvoided(it, account))
		.with({ kind: "failover-gap" }, (it) => judgeFailoverGap(it, account))
		.with({ kind: "affinity" }, (it) => judgeAffinity(it, account))
		.with({ kind: "moved" }, (it) => judgeMoved(it, account))
		.with({ kind: "outcomes" }, (it) => judgeOutcomes(it, account))
		.with({ kind: "gateway-answered" }, (it) =>
			judgeGatewayAnswered(it, account),
		)
		.with({ kind: "packets-out" }, (it) => judgePacketsOut(it, account))
		.with({ kind: "conntrack" }, (it) => judgeConntrack(it, account))
		.with({ kind: "counter" }, (it) => judgeCounter(it, account))
		.with({ kind: "condition" }, (it) => judgeCondition(it, account))
		.with({ kind: "operation" }, (it) => judgeOperation(it, account))
		.exhaustive();
}
