/** The rules of a ruleset by the kernel's names of them. */
import type { Chain, Rule, Ruleset } from "../../../sim/contract/ruleset.ts";
import { matches } from "../../../sim/matches/index.ts";
import { printRule } from "../../../sim/ruleset/print.ts";
import {
	type AskedFact,
	factOf,
	translatedBy,
} from "../../../sim/ruleset/rule-traits.ts";
import type { RuleRef } from "./decision.ts";

export interface RuleIndex {
	/** @param rule `mangle:PREROUTING:rule:2`; a policy or "" has no text */
	find(rule: string): RuleRef;
	/** The rule itself; `null`: there is none of that name. */
	ruleAt(rule: string): Rule | null;
	/** A rule of the ruleset. */
	refOf(rule: Rule): RuleRef;
	/** What the rule's own comment says; `null`: it has none. */
	commentOf(rule: string): string | null;
	/** Its target translates the destination of what it matches before it is routed. */
	givesDestination(rule: string): boolean;
	/** What the match at this place of a rule asks for; `null`: no other one asks for it. */
	sharedFact(rule: string, place: number): AskedFact | null;
	/** A packet may be asked about it more than once. */
	conditionIsShared(name: string): boolean;
}

/** @param repeats each rule may stand twice: what one asks about, two may ask about */
export function ruleIndex({ tables }: Ruleset, repeats = false): RuleIndex {
	const few = repeats ? 0 : 1;
	const rules = new Map<
		string,
		{ readonly chain: string; readonly rule: Rule }
	>();
	const askers = new Map<string, number>();
	for (const { name, chains } of tables) {
		const visits = visitsOf(chains);
		for (const chain of chains)
			for (const [index, rule] of chain.rules.entries()) {
				const key = `${name}:${chain.name}:rule:${index + 1}`;
				rules.set(key, { chain: chain.name, rule });
				for (const asked of [...conditionsOf(rule), ...factsOf(rule)])
					askers.set(
						asked,
						(askers.get(asked) ?? 0) + (visits.get(chain.name) ?? 0),
					);
			}
	}
	const refs = new Map<string, RuleRef>();
	const names = new Map([...rules].map(([key, { rule }]) => [rule, key]));
	return {
		ruleAt: (key) => rules.get(key)?.rule ?? null,
		refOf(rule) {
			return this.find(names.get(rule) ?? "");
		},
		find(key) {
			const known = refs.get(key);
			if (known !== undefined) return known;
			const found = rules.get(key);
			const ref =
				found === undefined
					? { rule: key, text: "", line: 0 }
					: {
							rule: key,
							text: printRule(found.rule, found.chain),
							line: found.rule.line,
						};
			refs.set(key, ref);
			return ref;
		},
		commentOf(key) {
			const found = rules.get(key);
			return found === undefined ? null : commentIn(found.rule);
		},
		sharedFact(key, place) {
			const rule = rules.get(key)?.rule;
			const fact = rule === undefined ? null : factOf(rule, place);
			return fact !== null && (askers.get(fact.key) ?? 0) > few ? fact : null;
		},
		givesDestination: (key) => translatesDestination(rules.get(key)?.rule),
		conditionIsShared: (name) => (askers.get(name) ?? 0) > few,
	};
}

function translatesDestination(rule: Rule | undefined): boolean {
	const translates = translatedBy(rule?.target) ?? "source";
	return translates !== "source";
}

function commentIn(rule: Rule): string | null {
	for (const { name, options } of rule.matches) {
		const comment = matches.get(name)?.comment?.(options) ?? null;
		if (comment !== null) return comment;
	}
	return null;
}

/** Names of conditions that a rule asks about. */
function conditionsOf(rule: Rule): readonly string[] {
	return rule.matches.flatMap(({ name, options }) => {
		const question = matches.get(name)?.question?.(options) ?? null;
		return question?.kind === "condition" ? [question.name] : [];
	});
}

/** Keys of what its matches ask for: they begin with ` -m`, as no name of a condition does. */
function factsOf(rule: Rule): readonly string[] {
	return rule.matches.flatMap((_, place) => factOf(rule, place)?.key ?? []);
}

/** By how many ways a packet may come to each chain: 0, 1, or 2 for more. */
function visitsOf(chains: readonly Chain[]): ReadonlyMap<string, number> {
	const callers = new Map<string, string[]>();
	for (const chain of chains)
		for (const { target } of chain.rules)
			if (target?.kind === "jump" || target?.kind === "goto") {
				const known = callers.get(target.chain);
				if (known === undefined) callers.set(target.chain, [chain.name]);
				else known.push(chain.name);
			}
	const byName = new Map(chains.map((chain) => [chain.name, chain]));
	const visits = new Map<string, number>();
	const count = ({ name, policy }: Pick<Chain, "name" | "policy">): number => {
		const known = visits.get(name);
		if (known !== undefined) return known;
		let sum = policy === null ? 0 : 1;
		for (const caller of callers.get(name) ?? []) {
			if (sum > 1) break;
			sum += count(byName.get(caller) as Chain);
		}
		visits.set(name, Math.min(sum, 2));
		return Math.min(sum, 2);
	};
	for (const chain of chains) count(chain);
	return visits;
}
