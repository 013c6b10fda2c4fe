import type { Ruleset } from "../../../../../sim/contract/ruleset.ts";
import { printMatch, printRule } from "../../../../../sim/ruleset/print.ts";
import type { RuleRef } from "../../../walk/decision.ts";
import { endsOf } from "../../../walk/ends-of.ts";
import { type Balancer, balancersOf } from "../../cascades/balancers.ts";
import { aliveConditions } from "../../cascades/cascade.ts";
import { ruleOf } from "../../cascades/rule-edits.ts";
import {
	type Asker,
	askersOf,
	asksFor,
	deadText,
	endUnder,
	senderOf,
	situation,
	situationsOf,
} from "../../cascades/situations.ts";
import {
	connectionsText,
	exactShare,
	shareText,
} from "../../cascades/words.ts";
import type { Facts } from "../../facts.ts";
import type { Edit, Found, LintRule } from "../../finding.ts";

/** A backend whose condition says that it is dead, and that still gets connections. */
export const deadBackendUsed: LintRule = {
	code: "MT201",
	name: "dead-backend-used",
	category: "failover",
	since: "0.2.0",
	severity: "error",
	confidence: "certain",
	fix: "safe",
	message:
		"A backend gets connections though its condition says that it is dead, and another one is alive.",
	help: "Ask for the condition of a backend in each rule that sends connections to it.",
	why: `A backend has several rules: one that takes its part, and one that takes the part of others while they are
dead. The condition has to stand in each of them. In the rule that lost it, connections go to the backend whether it is
alive or not, and clients wait until they give up.`,
	examples: {
		bad: `*nat
-A PREROUTING -d 203.0.113.27/32 -p tcp -m tcp --dport 5432 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.10.21
-A PREROUTING -d 203.0.113.27/32 -p tcp -m tcp --dport 5432 -m condition ! --condition "db2dead"  -j DNAT --to-destination 10.20.10.22
-A PREROUTING -d 203.0.113.27/32 -p tcp -m tcp --dport 5432 -m condition ! --condition "db1dead"  -j DNAT --to-destination 10.20.10.21
COMMIT
`,
		good: `*nat
-A PREROUTING -d 203.0.113.27/32 -p tcp -m tcp --dport 5432 -m statistic --mode nth --every 2 --packet 0 -m condition ! --condition "db1dead"  -j DNAT --to-destination 10.20.10.21
-A PREROUTING -d 203.0.113.27/32 -p tcp -m tcp --dport 5432 -m condition ! --condition "db2dead"  -j DNAT --to-destination 10.20.10.22
-A PREROUTING -d 203.0.113.27/32 -p tcp -m tcp --dport 5432 -m condition ! --condition "db1dead"  -j DNAT --to-destination 10.20.10.21
COMMIT
`,
	},
	check: (facts) => {
		const found = new Map<string, Found>();
		for (const balancer of balancersOf(facts))
			for (const use of usesOfDead(facts.ruleset, balancer)) {
				const one = foundAt(facts, balancer, use);
				const key = `${one.at.rule} ${use.backend}`;
				if (!found.has(key)) found.set(key, one);
			}
		return [...found.values()];
	},
};

interface Use {
	readonly backend: string;
	/** Conditions that say that it is dead. */
	readonly names: readonly string[];
	readonly dead: readonly string[];
	readonly conditions: ReadonlyMap<string, 0 | 1>;
}

function usesOfDead(ruleset: Ruleset, balancer: Balancer): readonly Use[] {
	const { conditions: roles } = balancer.service;
	const withRoles = situationsOf(balancer).flatMap(
		({ conditions, dead, live, split }): Use[] =>
			live.some((key) => getsAny(balancer, key))
				? dead
						.filter((key) => isUsed(split, key))
						.map((backend) => ({
							backend,
							dead,
							conditions,
							names: roles
								.filter(({ backends }) => backends.includes(backend))
								.map(({ name }) => name),
						}))
				: [],
	);
	return [...withRoles, ...usesInSpite(ruleset, balancer)];
}

/** It gets connections while all are alive. */
function getsAny({ client }: Balancer, key: string): boolean {
	const [alive] = client.vectors;
	return alive !== undefined && isUsed(alive.split, key);
}

function isUsed(split: Parameters<typeof exactShare>[0], key: string): boolean {
	const share = exactShare(split, key);
	return share !== null && share.numerator > 0n;
}

/** Conditions that take no backend away, and that only rules for one backend ask for. */
function usesInSpite(ruleset: Ruleset, balancer: Balancer): readonly Use[] {
	const { service } = balancer;
	return service.conditions
		.filter(({ alive, backends }) => alive === null && backends.length === 0)
		.flatMap(({ name }): Use[] => {
			const guarded = guardedBy(balancer, askersOf(ruleset, name));
			if (guarded === null) return [];
			const { backend, value } = guarded;
			const conditions = new Map(aliveConditions(balancer)).set(
				name,
				value === 1 ? 0 : 1,
			);
			const { split } = situation(balancer, conditions);
			return isUsed(split, backend) && service.backends.length > 1
				? [{ backend, names: [name], dead: [backend], conditions }]
				: [];
		});
}

/** The one backend that rules with a condition send to, and the value at which they do. */
export function guardedBy(
	{ client, keyOf, isBackend }: Balancer,
	askers: readonly Asker[],
): { readonly backend: string; readonly value: 0 | 1 } | null {
	const rules = new Set(askers.map(({ placed }) => placed.at.rule));
	const keys = new Set(
		endsOf(client.decision)
			.filter((end) => end.rules.some(({ rule }) => rules.has(rule)))
			.map(keyOf)
			.filter(isBackend),
	);
	const values = new Set(askers.map(({ value }) => value));
	const [backend] = keys;
	const [value] = values;
	return keys.size === 1 && values.size === 1 && backend && value !== undefined
		? { backend, value }
		: null;
}

function foundAt({ ruleset }: Facts, balancer: Balancer, use: Use): Found {
	const { backend, conditions, dead, names } = use;
	const askers = names.flatMap((name) => askersOf(ruleset, name));
	const end = endUnder(balancer, conditions, backend);
	const at =
		(end && senderOf(ruleset, balancer, { end, askers })) ??
		(askers[0]?.placed.at as RuleRef);
	const { split } = situation(balancer, conditions);
	const share = exactShare(split, backend);
	const values = [...conditions]
		.filter(([name]) => names.includes(name))
		.map(([name, value]) => `${name} is ${value}`)
		.join(", ");
	return {
		at,
		message: `${deadText(dead)} (${values}), ${backend} gets ${share === null ? "a part" : shareText(share)} of the ${connectionsText(balancer)}`,
		happens:
			"This rule sends connections there without asking for the condition, and their clients get no answer.",
		remedy: `Ask for ${names.map((name) => `\`${name}\``).join(" and ")} here, too${wordsOf(askers[0])}.`,
		related: askers
			.filter(({ placed }) => placed.at.rule !== at.rule)
			.map(({ placed }) => ({
				at: placed.at,
				role: "asks for the condition",
			})),
		path: end?.rules ?? [],
		repair: repairOf(ruleset, at, { names, askers }),
	};
}

function wordsOf(asker: Asker | undefined): string {
	if (asker === undefined) return "";
	const { placed, use } = asker;
	return `: \`${printMatch(use, placed.rule.header).trim()}\``;
}

function repairOf(
	ruleset: Ruleset,
	at: RuleRef,
	{
		names,
		askers,
	}: { readonly names: readonly string[]; readonly askers: readonly Asker[] },
): readonly Edit[] {
	const placed = ruleOf(ruleset, at.rule);
	const [asker] = askers;
	const isAsked = names.some((name) => placed && asksFor(placed.rule, name));
	if (placed === null || asker === undefined || isAsked) return [];
	const rule = {
		...placed.rule,
		matches: [...placed.rule.matches, asker.use],
	};
	const text = printRule(rule, placed.chain.name);
	return [{ kind: "replace", rule: at.rule, text }];
}
