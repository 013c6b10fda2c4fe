/**
 * What is wrong with a comment that suppresses findings. These have no `check`: what they find is known when
 * all other rules have run (`../../run/lint-ruleset.ts`).
 */
import type { LintDescription } from "../../finding.ts";

/** All three have this in common. */
const about = {
	category: "linter",
	since: "0.2.0",
	severity: "warning",
	confidence: "certain",
	fix: "none",
} as const;

const RIGHT = `*filter
:INPUT DROP [0:0]
# marktwin-ignore MT801: shared with machines that have iptables 1.4
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
COMMIT
`;

const withComment = (comment: string): string =>
	RIGHT.replace(/^# .*$/m, comment);

export const ignoreWithoutReason: LintDescription = {
	...about,
	code: "MT901",
	name: "ignore-without-reason",
	message: "A comment that suppresses findings has no reason.",
	help: "Write the reason behind a colon: `# marktwin-ignore MT801: reason`.",
	why: `A finding is suppressed because there is a reason for the rule to be as it is. Without the reason, the next
reader cannot tell whether it still holds. A comment without one suppresses nothing.`,
	examples: { bad: withComment("# marktwin-ignore MT801"), good: RIGHT },
};

export const ignoreOfUnknownRule: LintDescription = {
	...about,
	code: "MT902",
	name: "ignore-of-unknown-rule",
	message: "A comment that suppresses findings names no rule of the linter.",
	help: "Name the code that the finding has; `marktwin explain` lists all codes. Codes MT901 to MT903 cannot be suppressed.",
	why: `A misspelt code suppresses nothing, or another rule than the one that is meant. Findings about such comments
cannot be suppressed themselves.`,
	examples: {
		bad: withComment("# marktwin-ignore MT8O1: shared with old machines"),
		good: RIGHT,
	},
};

export const ignoreWithoutEffect: LintDescription = {
	...about,
	code: "MT903",
	name: "ignore-without-effect",
	message: "A comment that suppresses findings suppresses nothing.",
	help: "Delete the comment, or put it in front of the rule that has the finding.",
	why: `The rule that had the finding was repaired, or the comment stands elsewhere. A comment covers the rule below
it; other comments may stand between. \`# marktwin-ignore-file\` covers the whole file and stands above its first line
that is no comment. A comment that is left behind would hide a later finding without a reason.`,
	examples: {
		bad: `*filter
:INPUT DROP [0:0]
# marktwin-ignore MT801: shared with machines that have iptables 1.4
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
`,
		good: RIGHT,
	},
};
