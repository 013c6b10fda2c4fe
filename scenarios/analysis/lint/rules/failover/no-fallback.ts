import type { Ruleset } from "../../../../../sim/contract/ruleset.ts";
import { compareRationals, minus } from "../../../../../sim/rational.ts";
import { printRule } from "../../../../../sim/ruleset/print.ts";
import type { RuleRef } from "../../../walk/decision.ts";
import { type Balancer, balancersOf } from "../../cascades/balancers.ts";
import { aliveConditions, cascadesOf } from "../../cascades/cascade.ts";
import { oncePerRule } from "../../cascades/findings.ts";
import { ruleOf, withQuestion } from "../../cascades/rule-edits.ts";
import {
	askersOf,
	deadText,
	endUnder,
	lossOf,
	type Situation,
	senderOf,
	situationsOf,
} from "../../cascades/situations.ts";
import {
	connectionsText,
	exactShare,
	listText,
	shareText,
} from "../../cascades/words.ts";
import type { PlacedRule } from "../../each-rule.ts";
import type { Edit, Found, LintRule } from "../../finding.ts";

/** Connections that get no backend while one is dead, though another is alive. */
export const noFallback: LintRule = {
	code: "MT202",
	name: "no-fallback",
	category: "failover",
	since: "0.2.0",
	severity: "error",
	confidence: "certain",
	fix: "safe",
	message:
		"When a backend is dead, its connections get no backend, though another one is alive.",
	help: "Add a rule without a counter behind the cascade for each backend that only a rule with a counter sends to, with its condition.",
	why: `A rule with a condition takes nothing while its backend is dead, and what it leaves goes on to the rules behind
it. The last rule has none behind it. So each backend needs two rules: one that takes its part, and one behind all of
them that takes what dead backends leave.`,
	examples: {
		bad: `*nat
-A PREROUTING -d 203.0.113.27/32 -p tcp -m tcp --dport 5432 -m condition ! --condition "db1dead"  -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.10.21
-A PREROUTING -d 203.0.113.27/32 -p tcp -m tcp --dport 5432 -m condition ! --condition "db2dead"  -j DNAT --to-destination 10.20.10.22
COMMIT
`,
		good: `*nat
-A PREROUTING -d 203.0.113.27/32 -p tcp -m tcp --dport 5432 -m condition ! --condition "db1dead"  -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.10.21
-A PREROUTING -d 203.0.113.27/32 -p tcp -m tcp --dport 5432 -m condition ! --condition "db2dead"  -j DNAT --to-destination 10.20.10.22
-A PREROUTING -d 203.0.113.27/32 -p tcp -m tcp --dport 5432 -m condition ! --condition "db1dead"  -j DNAT --to-destination 10.20.10.21
COMMIT
`,
	},
	check: ({ ruleset, ...facts }) =>
		oncePerRule(
			balancersOf(facts).flatMap((balancer) => {
				const found = foundIn(ruleset, balancer);
				return found === null ? [] : [{ service: balancer.service.key, found }];
			}),
		),
};

function foundIn(ruleset: Ruleset, balancer: Balancer): Found | null {
	const [alive, ...others] = situationsOf(balancer);
	if (alive === undefined) return null;
	const lost = others.filter((one) => isLost(one, alive));
	// With fewer backends dead, less is lost by it.
	const [first] = lost.toSorted((a, b) => a.dead.length - b.dead.length);
	if (first === undefined) return null;
	const { dead } = first;
	const used = first.live.filter((key) => gets(alive, key));
	const names = balancer.service.conditions
		.filter(({ backends }) => backends.some((key) => dead.includes(key)))
		.map(({ name }) => name);
	const askers = names.flatMap((name) => askersOf(ruleset, name));
	const end = endUnder(balancer, aliveConditions(balancer), dead[0] ?? "");
	const at =
		(end && senderOf(ruleset, balancer, { end, askers })) ??
		(askers[0]?.placed.at as RuleRef);
	const share = lossOf(first.split);
	const repair = fallbacks(ruleset, balancer);
	const more =
		lost.length > 1
			? ` The same is true of ${lost.length - 1} more combinations of dead backends.`
			: "";
	return {
		at,
		message: `${deadText(dead)}, ${share === null ? "a part" : shareText(share)} of the ${connectionsText(balancer)} get no backend, though ${listText(used)} ${used.length === 1 ? "is" : "are"} alive`,
		happens: `No rule takes the connections that this one leaves while its backend is dead.${more}`,
		remedy:
			repair.length === 0
				? "Add a rule behind this one, without a counter, that sends them to a backend that is alive."
				: `Add behind it: ${listText(repair.map((edit) => `\`${edit.kind === "insert" ? edit.text : ""}\``))}.`,
		related: [],
		path: end?.rules ?? [],
		repair,
	};
}

/** A backend is alive and used, and more connections get none than when all are alive. */
function isLost({ dead, live, split }: Situation, alive: Situation): boolean {
	const [loss, usual] = [lossOf(split), lossOf(alive.split)];
	return (
		dead.length > 0 &&
		live.some((key) => gets(alive, key)) &&
		loss !== null &&
		usual !== null &&
		minus(loss, usual).numerator > 0n
	);
}

function gets({ split }: Situation, key: string): boolean {
	const share = exactShare(split, key);
	return share !== null && compareRationals(share, minus(share, share)) > 0;
}

/** The rules of the steps once more, without what counts or draws, behind the last rule of the cascade. */
function fallbacks(ruleset: Ruleset, balancer: Balancer): readonly Edit[] {
	const [cascade, ...more] = cascadesOf(balancer);
	if (cascade === undefined || more.length > 0) return [];
	const { form, steps, rest } = cascade;
	if (form !== "first-match" || !balancer.isBackend(rest.key)) return [];
	const placed = steps.map(({ asked }) => ruleOf(ruleset, asked.at.rule));
	const last = placed.at(-1) ?? null;
	if (last === null) return [];
	const behind = rest.end.rules
		.map(({ rule }) => ruleOf(ruleset, rule))
		.find((one) => one !== null && isBehind(one, last));
	if (behind === undefined || behind === null) return [];
	const { chain, table } = behind;
	const there = new Set(chain.rules.map((one) => printRule(one, chain.name)));
	return placed.flatMap((one): Edit[] => {
		const rule = one === null ? null : withQuestion(one.rule, null);
		const text = rule === null ? "" : printRule(rule, chain.name);
		if (text === "" || one?.chain !== chain || there.has(text)) return [];
		const where = { side: "behind", rule: behind.at.rule } as const;
		return [{ kind: "insert", where, table: table.name, text }];
	});
}

function isBehind(one: PlacedRule, other: PlacedRule): boolean {
	const { chain } = other;
	return (
		one.chain === chain &&
		chain.rules.indexOf(one.rule) > chain.rules.indexOf(other.rule)
	);
}
