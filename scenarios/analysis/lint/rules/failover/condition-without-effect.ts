import type { Rule } from "../../../../../sim/contract/ruleset.ts";
import { printMatch } from "../../../../../sim/ruleset/print.ts";
import { targets } from "../../../../../sim/targets/index.ts";
import { type Balancer, balancersOf } from "../../cascades/balancers.ts";
import {
	type Asker,
	askersOf,
	situation,
	situationsOf,
} from "../../cascades/situations.ts";
import { sharesText } from "../../cascades/words.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";
import { guardedBy } from "./dead-backend-used.ts";

/** Conditions that rules about a service ask for, and that change nothing. */
export const conditionWithoutEffect: LintRule = {
	code: "MT205",
	name: "condition-without-effect",
	category: "failover",
	since: "0.2.0",
	severity: "warning",
	confidence: "certain",
	fix: "none",
	message: "A condition makes no difference to where connections go.",
	help: "Let the rules for the two values of the condition lead to different places, or take the condition away.",
	why: `A rule with a condition is there so that an administrator or a checker can switch something. Where the rules
behind it do the same as the rule itself, the switch does nothing: most often a chain or an address was copied and not
changed.`,
	examples: {
		bad: `*nat
:DAY - [0:0]
-A PREROUTING -d 203.0.113.28/32 -p tcp -m tcp --dport 80 -m condition --condition "night"  -j DAY
-A PREROUTING -d 203.0.113.28/32 -p tcp -m tcp --dport 80 -j DAY
-A DAY -p tcp -m statistic --mode random --probability 0.50000000000 -j DNAT --to-destination 10.20.10.31
-A DAY -p tcp -j DNAT --to-destination 10.20.10.32
COMMIT
`,
		good: `*nat
:DAY - [0:0]
:NIGHT - [0:0]
-A PREROUTING -d 203.0.113.28/32 -p tcp -m tcp --dport 80 -m condition --condition "night"  -j NIGHT
-A PREROUTING -d 203.0.113.28/32 -p tcp -m tcp --dport 80 -j DAY
-A DAY -p tcp -m statistic --mode random --probability 0.50000000000 -j DNAT --to-destination 10.20.10.31
-A DAY -p tcp -j DNAT --to-destination 10.20.10.32
-A NIGHT -p tcp -j DNAT --to-destination 10.20.10.33
COMMIT
`,
	},
	check: (facts) => {
		const balancers = balancersOf(facts);
		const names = new Set(
			facts.services.flatMap(({ conditions }) =>
				conditions
					.filter(({ alive, backends }) => alive === null && !backends.length)
					.map(({ name }) => name),
			),
		);
		return [...names].flatMap((name) => foundFor(facts, balancers, name));
	},
};

function foundFor(
	{ ruleset }: Facts,
	balancers: readonly Balancer[],
	name: string,
): readonly Found[] {
	const asked = balancers.filter(({ service }) =>
		service.conditions.some((role) => role.name === name),
	);
	const askers = askersOf(ruleset, name).filter(choosesWay);
	const [first, ...others] = askers;
	const [balancer] = asked;
	if (first === undefined || balancer === undefined) return [];
	// All rules that ask for it lead to one backend, which gets connections all the same: that is another fault.
	if (asked.some((one) => guardedBy(one, askers) !== null)) return [];
	if (asked.some((one) => hasEffect(one, name))) return [];
	const { placed, use } = first;
	const [alive] = balancer.client.vectors;
	return [
		{
			at: placed.at,
			part: printMatch(use, placed.rule.header).trim(),
			message: `\`${name}\` makes no difference to the connections to ${asked.map(({ service }) => service.key).join(", ")}`,
			happens: `They are split alike while it is 0 and while it is 1: ${alive === undefined ? "" : sharesText(alive.split)}.`,
			remedy:
				"Let the rules for its two values lead to different places, or take the condition away.",
			related: others.map((one) => ({
				at: one.placed.at,
				role: "asks for it, too",
			})),
			path: [],
			repair: [],
		},
	];
}

/** What is only logged while a condition holds goes the same way. */
function choosesWay({ placed }: Asker): boolean {
	const { target }: Rule = placed.rule;
	if (target === null) return false;
	return (
		target.kind !== "extension" ||
		targets.get(target.name)?.onlyReports !== true
	);
}

function hasEffect(balancer: Balancer, name: string): boolean {
	return situationsOf(balancer).some(({ conditions, split }) => {
		const value = conditions.get(name) === 1 ? 0 : 1;
		const other = situation(balancer, new Map(conditions).set(name, value));
		const shares = ({ parts }: typeof split) => parts.map(({ share }) => share);
		const texts = [split, other.split].map((one) =>
			JSON.stringify(shares(one), (_, part) =>
				typeof part === "bigint" ? String(part) : part,
			),
		);
		const isKnown = [split, other.split].every((one) =>
			shares(one).every(({ kind }) => kind === "exact"),
		);
		return !isKnown || texts[0] !== texts[1];
	});
}
