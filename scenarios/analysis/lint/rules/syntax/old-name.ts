import type {
	MatchUse,
	Rule,
	TargetUse,
} from "../../../../../sim/contract/ruleset.ts";
import { matches } from "../../../../../sim/matches/index.ts";
import {
	printMatch,
	printRule,
	printTarget,
} from "../../../../../sim/ruleset/print.ts";
import { targets } from "../../../../../sim/targets/index.ts";
import { eachRule, type PlacedRule } from "../../each-rule.ts";
import type { Found, LintRule } from "../../finding.ts";

/** An extension by a name that another one has replaced. */
export const oldName: LintRule = {
	code: "MT801",
	name: "old-name",
	category: "syntax",
	since: "0.2.0",
	severity: "note",
	confidence: "certain",
	fix: "safe",
	message: "A rule names an extension by its old name.",
	help: "Write the new name. It does the same.",
	why: `\`-m state\` is the old name of \`-m conntrack --ctstate\`, and \`-j NOTRACK\` of \`-j CT --notrack\`. iptables
still takes the old names and turns them into the new ones when it loads the rules. Other tools that read rules do not
always know them, and \`iptables-translate\` writes the new form.`,
	examples: {
		bad: `*filter
:INPUT DROP [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
COMMIT
`,
		good: `*filter
:INPUT DROP [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
COMMIT
`,
	},
	check: ({ ruleset }) =>
		eachRule(ruleset).flatMap((placed) => [
			...oldMatches(placed),
			...oldTarget(placed),
		]),
};

function oldMatches(placed: PlacedRule): readonly Found[] {
	const { rule } = placed;
	return rule.matches.flatMap((use, index) => {
		const newer = matches.get(use.name)?.successor?.(use.options);
		if (newer === undefined) return [];
		const written = rule.matches.with(index, newer);
		const spell = (one: MatchUse) => printMatch(one, rule.header).trimStart();
		return [
			found(placed, spell(use), spell(newer), { ...rule, matches: written }),
		];
	});
}

function oldTarget(placed: PlacedRule): readonly Found[] {
	const { rule } = placed;
	const { target } = rule;
	if (target?.kind !== "extension") return [];
	const newer = targets.get(target.name)?.successor?.(target.options);
	if (newer === undefined) return [];
	const written: TargetUse = { kind: "extension", ...newer };
	const spell = (one: TargetUse) => printTarget(one, rule.header).trimStart();
	return [
		found(placed, spell(target), spell(written), { ...rule, target: written }),
	];
}

function found(
	{ at, chain }: PlacedRule,
	old: string,
	newer: string,
	rule: Rule,
): Found {
	return {
		at,
		part: old,
		message: `\`${old}\` is the old name of \`${newer}\``,
		happens: "It matches the same packets.",
		remedy: `Write \`${newer}\`.`,
		related: [],
		path: [],
		repair: [
			{ kind: "replace", rule: at.rule, text: printRule(rule, chain.name) },
		],
	};
}
