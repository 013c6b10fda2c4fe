import type {
	LintDescription,
	LintFinding,
} from "../../scenarios/analysis/lint/finding.ts";
import type { LintReport } from "./lint-report.ts";

export const RULE: LintDescription = {
	code: "MT101",
	name: "unequal-split",
	category: "balance",
	since: "0.2.0",
	severity: "error",
	confidence: "certain",
	fix: "safe",
	message: "Backends do not get equal shares.",
	help: "Count down: `--every 3`, 2, 1.",
	why: "A packet that a rule takes does not reach the next one,\nso each counter sees what is left.",
	examples: { bad: "*nat\nCOMMIT\n", good: "*nat\nCOMMIT\n" },
};

const ref = (rule: string, text: string, line: number) => ({
	rule,
	text,
	line,
});
const FIRST = ref("nat:PREROUTING:rule:1", "-A PREROUTING -j ONE", 2);
const SECOND = ref("nat:PREROUTING:rule:2", "-A PREROUTING -j TWO", 3);

export function finding(other: Partial<LintFinding> = {}): LintFinding {
	return {
		at: SECOND,
		part: "-j TWO",
		message: "TWO gets 2/9 of the connections",
		happens: "8/27 of the connections get no backend.",
		remedy: "Write `--every 2`.",
		related: [{ at: FIRST, role: "takes its packets first" }],
		path: [FIRST, SECOND],
		repair: [{ kind: "delete", rule: SECOND.rule }],
		lint: RULE,
		file: "fire wall/my.rules",
		severity: "error",
		confidence: "certain",
		fingerprint: "0123456789abcdef",
		suppressed: null,
		known: false,
		...other,
	};
}

export function lintReport(
	findings: readonly LintFinding[],
	other: Partial<LintReport> = {},
): LintReport {
	return {
		version: "1.2.3",
		rules: [RULE],
		files: [
			{
				name: "fire wall/my.rules",
				linux: "bookworm/legacy",
				lines: [
					"*nat",
					"-A PREROUTING -j ONE",
					"-A PREROUTING -j TWO",
					"COMMIT",
					"",
				],
				unknown: [],
			},
		],
		findings,
		hasBaseline: false,
		stale: [],
		...other,
	};
}
