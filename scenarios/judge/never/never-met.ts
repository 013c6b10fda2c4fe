/** Rules that no packet comes to, whatever is sent: that they counted none shows nothing. */
import type { Ruleset } from "../../../sim/contract/ruleset.ts";
import { DEFAULT_LINUX } from "../../../sim/linux/linux.ts";
import { checkRuleset } from "../../../sim/ruleset/parse.ts";
import { rulesByName } from "../../analysis/lint/each-rule.ts";
import { calledIn } from "../../analysis/lint/rules/reachability/chain-never-called.ts";
import { contradiction } from "../../analysis/lint/rules/reachability/contradictory-rule.ts";
import { coveredRules } from "../../analysis/lint/rules/reachability/covered-rules.ts";
import { type Play, whyNeverFits } from "./never-seen.ts";

const POLICY = /^([^:]+):(.+):policy$/;

/**
 * Why a counter stays at 0 whatever packets come.
 * @param place of a rule, or of a policy
 * @param saved the rules as iptables-save prints them
 * @returns `null`: it may count
 */
export function whyNeverMet(
	place: string,
	saved: string,
	play: Play,
): string | null {
	const { linux = DEFAULT_LINUX } = play.setup.gateway;
	const policy = POLICY.exec(place);
	const text = policy === null ? saved : withLastRule(saved, policy);
	const { ruleset } = checkRuleset(text, { linux });
	if (ruleset === null) return null;
	const name = policy === null ? place : lastOf(ruleset, policy);
	const covered = coveredRules(ruleset).find(
		({ placed }) => placed.at.rule === name,
	);
	if (covered !== undefined)
		return `${covered.by.at.rule} takes all packets before they come to it`;
	const placed = rulesByName(ruleset).get(name);
	if (placed === undefined) return null;
	const { table, chain, rule } = placed;
	if (!calledIn(table).has(chain.name))
		return `no rule leads to the chain ${chain.name}`;
	const why = contradiction(rule);
	return why === null
		? whyNeverFits(rule, play)
		: `no packet matches the rule: ${why}`;
}

/** A policy is for what comes to the end of its chain, as a rule without words there would be. */
function withLastRule(saved: string, [, table, chain]: RegExpExecArray) {
	const start = saved.indexOf(`*${table}\n`);
	const end = saved.indexOf("\nCOMMIT", start);
	return start < 0 || end < 0
		? saved
		: `${saved.slice(0, end)}\n-A ${chain}${saved.slice(end)}`;
}

function lastOf({ tables }: Ruleset, [, table, chain]: RegExpExecArray) {
	const rules =
		tables
			.find(({ name }) => name === table)
			?.chains.find(({ name }) => name === chain)?.rules ?? [];
	return `${table}:${chain}:rule:${rules.length}`;
}
