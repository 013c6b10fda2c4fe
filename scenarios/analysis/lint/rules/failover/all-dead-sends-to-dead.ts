import type { Ruleset } from "../../../../../sim/contract/ruleset.ts";
import type { RuleRef } from "../../../walk/decision.ts";
import { type Balancer, balancersOf } from "../../cascades/balancers.ts";
import { oncePerRule } from "../../cascades/findings.ts";
import {
	askersOf,
	endUnder,
	senderOf,
	situationsOf,
} from "../../cascades/situations.ts";
import {
	connectionsText,
	exactShare,
	shareText,
} from "../../cascades/words.ts";
import type { Found, LintRule } from "../../finding.ts";

/** Backends that get connections while all of them are dead. */
export const allDeadSendsToDead: LintRule = {
	code: "MT206",
	name: "all-dead-sends-to-dead",
	category: "failover",
	since: "0.2.0",
	severity: "note",
	confidence: "certain",
	fix: "none",
	message: "While all backends are dead, connections still go to one of them.",
	help: "Leave it, if a checker that is wrong about all backends is the greater evil. Else ask for the condition in the last rule, too, and refuse what is left.",
	why: `Where the last rule asks for no condition, its backend gets all connections while all are dead. That may be
meant: a checker that is cut off itself takes all backends for dead, and one of them may answer all the same. If they
are dead, clients wait until their time is up, where a rule that rejects would tell them at once.`,
	examples: {
		bad: `*nat
-A PREROUTING -d 203.0.113.29/32 -p tcp -m tcp --dport 80 -m condition ! --condition "web1dead"  -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.10.41
-A PREROUTING -d 203.0.113.29/32 -p tcp -m tcp --dport 80 -m condition ! --condition "web2dead"  -j DNAT --to-destination 10.20.10.42
-A PREROUTING -d 203.0.113.29/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.10.41
COMMIT
`,
		good: `*nat
-A PREROUTING -d 203.0.113.29/32 -p tcp -m tcp --dport 80 -m condition ! --condition "web1dead"  -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.10.41
-A PREROUTING -d 203.0.113.29/32 -p tcp -m tcp --dport 80 -m condition ! --condition "web2dead"  -j DNAT --to-destination 10.20.10.42
-A PREROUTING -d 203.0.113.29/32 -p tcp -m tcp --dport 80 -m condition ! --condition "web1dead"  -j DNAT --to-destination 10.20.10.41
COMMIT
`,
	},
	check: ({ ruleset, ...facts }) =>
		oncePerRule(
			balancersOf(facts).flatMap((balancer) =>
				usedIn(balancer).map((key) => ({
					service: balancer.service.key,
					found: foundAt(ruleset, balancer, key),
				})),
			),
		),
};

function allDead(balancer: Balancer) {
	return situationsOf(balancer).find(
		({ dead, live }) => live.length === 0 && dead.length > 1,
	);
}

function usedIn(balancer: Balancer): readonly string[] {
	const all = allDead(balancer);
	if (all === undefined) return [];
	return all.dead.filter((key) => {
		const share = exactShare(all.split, key);
		return share !== null && share.numerator > 0n;
	});
}

function foundAt(ruleset: Ruleset, balancer: Balancer, key: string): Found {
	const all = allDead(balancer) as NonNullable<ReturnType<typeof allDead>>;
	const names = balancer.service.conditions
		.filter(({ backends }) => backends.includes(key))
		.map(({ name }) => name);
	const askers = names.flatMap((name) => askersOf(ruleset, name));
	const end = endUnder(balancer, all.conditions, key);
	const at =
		(end && senderOf(ruleset, balancer, { end, askers })) ??
		(askers[0]?.placed.at as RuleRef);
	const share = exactShare(all.split, key);
	return {
		at,
		message: `while all backends are dead, ${key} gets ${share === null ? "a part" : shareText(share)} of the ${connectionsText(balancer)}`,
		happens: `This rule does not ask for ${names.map((name) => `\`${name}\``).join(" and ")}, so it takes what is left, also for a dead backend.`,
		remedy: "Leave it, if that is meant; else ask for the condition here, too.",
		related: askers
			.filter(({ placed }) => placed.at.rule !== at.rule)
			.map(({ placed }) => ({ at: placed.at, role: "asks for the condition" })),
		path: end?.rules ?? [],
		repair: [],
	};
}
