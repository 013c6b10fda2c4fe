/** What becomes of a service when backends are dead: the splits for the values of its conditions. */

import type {
	MatchUse,
	Rule,
	Ruleset,
} from "../../../../sim/contract/ruleset.ts";
import { matches } from "../../../../sim/matches/index.ts";
import { plus, type Rational, ZERO } from "../../../../sim/rational.ts";
import { NO_BACKEND } from "../../services/service.ts";
import type { Split } from "../../split/split.ts";
import { splitOf } from "../../split/split-of.ts";
import type { Decision, End, RuleRef } from "../../walk/decision.ts";
import { endsOf } from "../../walk/ends-of.ts";
import { eachRule, type PlacedRule } from "../each-rule.ts";
import type { Balancer } from "./balancers.ts";
import { onlyWayOf } from "./cascade.ts";
import { choosingRule, translatesAny, writesMark } from "./choosing-rule.ts";
import { ruleOf } from "./rule-edits.ts";
import { listText } from "./words.ts";

/** Values of all conditions of a service. */
export interface Situation {
	readonly conditions: ReadonlyMap<string, 0 | 1>;
	/** Backends whose conditions say that they are dead. */
	readonly dead: readonly string[];
	readonly live: readonly string[];
	readonly split: Split;
}

/** With more conditions, only the vectors that a service lists are looked at. */
const MOST_CONDITIONS = 6;

const known = new WeakMap<Balancer, readonly Situation[]>();

/** All alive first. Those in which the same backends are dead differ in conditions that belong to none. */
export function situationsOf(balancer: Balancer): readonly Situation[] {
	const found = known.get(balancer) ?? makeSituations(balancer);
	known.set(balancer, found);
	return found;
}

function makeSituations(balancer: Balancer): readonly Situation[] {
	const { service, client } = balancer;
	const [alive] = client.vectors;
	if (alive === undefined) return [];
	const listed = client.vectors.map(
		({ conditions }) => new Map(Object.entries(conditions)),
	);
	const names = service.conditions
		.filter((role) => role.alive !== null)
		.map(({ name }) => name);
	if (names.length > MOST_CONDITIONS)
		return listed.map((conditions) => situation(balancer, conditions));
	const first = new Map(Object.entries(alive.conditions));
	return Array.from({ length: 2 ** names.length }, (_, bits) => {
		const conditions = new Map(first);
		for (const [index, name] of names.entries())
			if ((bits >> index) & 1)
				conditions.set(name, first.get(name) === 1 ? 0 : 1);
		return situation(balancer, conditions);
	});
}

export function situation(
	{ service, client, keyOf }: Balancer,
	conditions: ReadonlyMap<string, 0 | 1>,
): Situation {
	const dead = new Set(
		service.conditions.flatMap(({ name, alive, backends }) =>
			alive !== null && conditions.get(name) !== alive ? backends : [],
		),
	);
	const all = service.backends.map(({ key }) => key);
	return {
		conditions,
		dead: all.filter((key) => dead.has(key)),
		live: all.filter((key) => !dead.has(key)),
		split: splitOf(client.decision, { keyOf, conditions }),
	};
}

/** The exact part that gets no backend; `null`: it is not known, or has bounds only. */
export function lossOf({ parts }: Split): Rational | null {
	let sum = ZERO;
	for (const { key, share } of parts) {
		if (!key.startsWith(NO_BACKEND)) continue;
		if (share.kind !== "exact") return null;
		sum = plus(sum, share.value);
	}
	return sum;
}

/** `with 10.20.0.11:80 dead` */
export function deadText(dead: readonly string[]): string {
	return `with ${listText(dead)} dead`;
}

/** An end of this key that comes about with these values. */
export function endUnder(
	{ client, keyOf }: Balancer,
	conditions: ReadonlyMap<string, 0 | 1>,
	key: string,
): End | null {
	const ends = endsOf(client.decision, ({ asked, ways }) => {
		const only = onlyWayOf(asked, conditions);
		return only === null ? ways : [ways[only] as Decision];
	});
	return ends.find((end) => keyOf(end) === key) ?? null;
}

/** A rule that asks for a condition. */
export interface Asker {
	readonly placed: PlacedRule;
	readonly use: MatchUse;
	/** The value at which the rule matches. */
	readonly value: 0 | 1;
}

/** Rules that ask for it, in their order. */
export function askersOf(ruleset: Ruleset, name: string): readonly Asker[] {
	return eachRule(ruleset).flatMap((placed) =>
		placed.rule.matches.flatMap((use): Asker[] => {
			const question = matches.get(use.name)?.question?.(use.options) ?? null;
			return question?.kind === "condition" && question.name === name
				? [{ placed, use, value: question.inverted ? 0 : 1 }]
				: [];
		}),
	);
}

export function asksFor({ matches: uses }: Rule, name: string): boolean {
	return uses.some((use) => {
		const question = matches.get(use.name)?.question?.(use.options) ?? null;
		return question?.kind === "condition" && question.name === name;
	});
}

/**
 * The rule that sends a connection to its backend: in a chain in which others ask for the condition of that
 * backend, if there is one on its way.
 */
export function senderOf(
	ruleset: Ruleset,
	{ service }: Balancer,
	{ end, askers }: { readonly end: End; readonly askers: readonly Asker[] },
): RuleRef | null {
	const beside = end.rules.findLast(({ rule }) => {
		const placed = ruleOf(ruleset, rule);
		return (
			placed !== null &&
			isChoice(placed.rule) &&
			askers.some(
				(asker) =>
					asker.placed.chain === placed.chain &&
					asker.placed.table === placed.table,
			)
		);
	});
	return beside ?? choosingRule(ruleset, end, service.balances);
}

/** Its target decides where a packet goes: it does not copy a mark, or report. */
function isChoice(rule: Rule): boolean {
	const { target } = rule;
	if (target === null) return false;
	if (target.kind !== "extension") return true;
	return translatesAny(rule) || writesMark(rule);
}
