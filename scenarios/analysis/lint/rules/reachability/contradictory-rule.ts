import type { MatchUse, Rule } from "../../../../../sim/contract/ruleset.ts";
import { matches } from "../../../../../sim/matches/index.ts";
import { oneAsked } from "../../../../../sim/ruleset/print.ts";
import { takenBy } from "../../../spaces/space.ts";
import { eachRule } from "../../each-rule.ts";
import type { Found, LintRule } from "../../finding.ts";

/** A rule whose own words exclude each other. */
export const contradictoryRule: LintRule = {
	code: "MT505",
	name: "contradictory-rule",
	category: "reachability",
	since: "0.2.0",
	severity: "warning",
	confidence: "certain",
	fix: "none",
	message: "A rule asks for something and for its opposite.",
	help: "Take one of the two away, or write two rules.",
	why: `All matches of a rule have to hold for a packet. Where one is the opposite of another
(\`--match-set blocked src\` and \`! --match-set blocked src\`), or the ports and addresses that are asked for have none in
common, no packet matches the rule, and the kernel loads it without a word.`,
	examples: {
		bad: `*filter
-A FORWARD -p tcp -m multiport ! --dports 80,443 -m tcp --dport 443 -j DROP
COMMIT
`,
		good: `*filter
-A FORWARD -p tcp -m multiport ! --dports 80,443 -j DROP
COMMIT
`,
	},
	check({ ruleset }) {
		return eachRule(ruleset).flatMap(({ rule, at }): readonly Found[] => {
			const why = contradiction(rule);
			return why === null
				? []
				: [
						{
							at,
							message: `no packet matches the rule: ${why}`,
							happens: "The rule does nothing.",
							remedy: "Take one of the two away, or write two rules.",
							related: [],
							path: [],
							repair: [],
						},
					];
		});
	},
};

/** Why no packet matches a rule; `null`: one may, or it is not seen. */
export function contradiction(rule: Rule): string | null {
	const asked = new Set<string>();
	for (const use of rule.matches) {
		const one = oneAsked(use, rule.header);
		if (one === null || !hasOneAnswer(use)) continue;
		const { text, inverted } = one;
		if (asked.has(`${!inverted} ${text}`)) {
			const words = text.slice(`-m ${use.name} `.length);
			const [first, second] = inverted
				? [words, `! ${words}`]
				: [`! ${words}`, words];
			return `\`${first}\` and \`${second}\` exclude each other`;
		}
		asked.add(`${inverted} ${text}`);
	}
	// By whichever interface: of which there are, the rule says nothing.
	const anywhere = { ...rule, header: { ...rule.header, inInterface: null } };
	return takenBy([anywhere], ANY)[0] === null
		? "it has no address, port or protocol that all of its words allow"
		: null;
}

const ANY = ["any"];

/** Has it the same answer whenever a packet asks it twice? */
function hasOneAnswer({ name, options }: MatchUse): boolean {
	const match = matches.get(name);
	if (match === undefined) return false;
	const kind = match.question?.(options)?.kind;
	return (
		match.hasOneAnswer !== undefined ||
		kind === "condition" ||
		(kind === undefined && match.stateful !== true)
	);
}
