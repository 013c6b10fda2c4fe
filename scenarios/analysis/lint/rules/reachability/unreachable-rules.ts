/** Rules that no packet comes to: three kinds, by what is lost. */
import { printTarget } from "../../../../../sim/ruleset/print.ts";
import { translatedBy } from "../../../../../sim/ruleset/rule-traits.ts";
import type { Found, LintDescription, LintRule } from "../../finding.ts";
import { type Covered, coveredRules } from "./covered-rules.ts";

const about = {
	category: "reachability",
	since: "0.2.0",
	confidence: "certain",
	fix: "none",
} as const satisfies Partial<LintDescription>;

const translation = (first: string) => `*nat
-A PREROUTING -d 203.0.113.1/32 -i eth0 -p tcp -m tcp${first} -j DNAT --to-destination 10.20.0.11
-A PREROUTING -d 203.0.113.1/32 -i eth0 -p tcp -m tcp --dport 25 -j DNAT --to-destination 10.20.0.12
COMMIT
`;

export const unreachableRule: LintRule = {
	...about,
	code: "MT501",
	name: "unreachable-rule",
	severity: "warning",
	message:
		"A rule in front takes all packets of a rule, and does something else.",
	help: "Put the narrower rule in front of the broader one, or delete it.",
	why: `Rules are met in their order, and a target that ends the walk is the last one that a packet meets. A rule behind
one that takes all of its packets does nothing, whatever it says: an exception has to stand in front of the rule that it is
an exception from.

Found is what one rule of the same chain takes. A rule that only several rules together leave nothing to is not looked for.`,
	examples: {
		bad: `*filter
:INPUT DROP [0:0]
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -s 198.51.100.0/24 -p tcp -m tcp --dport 22 -j DROP
COMMIT
`,
		good: `*filter
:INPUT DROP [0:0]
-A INPUT -s 198.51.100.0/24 -p tcp -m tcp --dport 22 -j DROP
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
`,
	},
	check: ({ ruleset }) =>
		coveredRules(ruleset)
			.filter((one) => !translates(one) && !doesTheSame(one))
			.map((one) =>
				found(one, "Put this rule in front of that one, or delete it."),
			),
};

export const redundantRule: LintRule = {
	...about,
	code: "MT502",
	name: "redundant-rule",
	severity: "note",
	message: "A rule in front takes all packets of a rule, and does the same.",
	help: "Delete the second one.",
	why: `Both have the same target, so nothing is wrong with what happens. A rule that does nothing misleads readers:
deleting the other one has less effect than it seems to.`,
	examples: {
		bad: `*filter
:INPUT DROP [0:0]
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -s 198.51.100.0/24 -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
`,
		good: `*filter
:INPUT DROP [0:0]
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
`,
	},
	check: ({ ruleset }) =>
		coveredRules(ruleset)
			.filter((one) => doesTheSame(one))
			.map((one) => found(one, "Delete this rule.")),
};

export const shadowedTranslation: LintRule = {
	...about,
	code: "MT503",
	name: "shadowed-translation",
	severity: "error",
	message:
		"A rule that translates stands behind one that takes all of its packets.",
	help: "Put the rule for fewer packets in front of the one for more.",
	why: `A connection is translated once, by the first rule that matches its first packet. A port forward behind a
broader one, for all ports of the address for instance, never translates anything: its connections go where the broader
one sends them.`,
	examples: {
		bad: translation(""),
		good: `*nat
-A PREROUTING -d 203.0.113.1/32 -i eth0 -p tcp -m tcp --dport 25 -j DNAT --to-destination 10.20.0.12
-A PREROUTING -d 203.0.113.1/32 -i eth0 -p tcp -m tcp -j DNAT --to-destination 10.20.0.11
COMMIT
`,
	},
	check: ({ ruleset }) =>
		coveredRules(ruleset)
			.filter((one) => translates(one) && !doesTheSame(one))
			.map((one) => found(one, "Put this rule in front of that one.")),
};

function translates({ placed: { rule } }: Covered): boolean {
	return translatedBy(rule.target) !== undefined;
}

function doesTheSame({ placed: { rule }, by }: Covered): boolean {
	if (rule.target === null || by.rule.target === null)
		return rule.target === by.rule.target;
	return (
		printTarget(rule.target, rule.header) ===
		printTarget(by.rule.target, by.rule.header)
	);
}

function found({ placed, by }: Covered, remedy: string): Found {
	const target =
		by.rule.target === null
			? ""
			: printTarget(by.rule.target, by.rule.header).trim();
	return {
		at: placed.at,
		message: `no packet comes to the rule: ${by.at.rule} takes all of them`,
		happens: `What this rule is for goes by \`${target}\` of \`${by.at.text}\`.`,
		remedy,
		related: [{ at: by.at, role: "takes all of its packets" }],
		path: [],
		repair: [],
	};
}
