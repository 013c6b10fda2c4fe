/** Rulesets to begin with: those of the linter's rules, which have a fault each, and the recipe. */
import type { LintCode } from "../../scenarios/analysis/lint/finding.ts";
import { lintRules } from "../../scenarios/analysis/lint/rules/index.ts";
import { invariant } from "../../sim/invariant.ts";

export interface Example {
	readonly title: string;
	/** What to look for, in a sentence. */
	readonly about: string;
	readonly name: string;
	readonly text: string;
}

/** The first one is what most people write first. */
const FAULTY: readonly (readonly [
	code: LintCode,
	title: string,
	about: string,
])[] = [
	[
		"MT101",
		"Equal nth: a wrong cascade",
		"Each rule says “every 3”, and counts only what the rules before it left: 8/27 of the connections reach no backend.",
	],
	[
		"MT102",
		"Equal probabilities: a wrong cascade",
		"Each rule draws only for what the rules before it left, so equal probabilities give less and less.",
	],
	[
		"MT104",
		"Marks: the last rule wins",
		"MARK does not end the walk, so a later rule overwrites the choice of an earlier one.",
	],
	[
		"MT105",
		"Two services share a counter",
		"Connections of one service move the turn of the other one.",
	],
	[
		"MT107",
		"Weights that are not met",
		"A comment says how the shares are meant; the rules give others.",
	],
	[
		"MT201",
		"A dead backend is still used",
		"Switch the condition of a backend to dead, and connect.",
	],
	[
		"MT202",
		"No fallback when a backend is dead",
		"What a dead backend would have got goes nowhere.",
	],
	[
		"MT203",
		"Uneven failover",
		"When one backend dies, another one takes all of its share.",
	],
	[
		"MT301",
		"A connection changes its backend",
		"Later packets of a connection are balanced again.",
	],
	[
		"MT401",
		"The mark is saved and never restored",
		"Step through the packets, and watch mark and connmark.",
	],
	[
		"MT601",
		"Dropped after DNAT",
		"The filter sees the address of the backend, and drops it.",
	],
	[
		"MT602",
		"Answers that bypass the gateway",
		"Client and backend are on one network: the backend answers the client directly.",
	],
];

/** @param recipe the balancing recipe that the project exists for */
export function examples(recipe: string): readonly Example[] {
	const [first, ...others] = FAULTY.map(([code, title, about]) => {
		const rule = lintRules.find((one) => one.code === code);
		invariant(rule !== undefined, `an example of ${code}, which is no rule`);
		return {
			title,
			about,
			name: `${rule.name}.rules`,
			text: rule.examples.bad,
		};
	});
	const own: Example = {
		title: "The recipe: marks, conditions, failover",
		about:
			"SMTP over two backends: nth and marks choose, conditions say which backend is dead.",
		name: "recipe.rules",
		text: recipe,
	};
	return [...(first === undefined ? [] : [first]), own, ...others];
}
