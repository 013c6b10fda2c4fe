/** The linter's findings in one file, for every command that shows them. */
import type { LintedFile, LintReport } from "../../reports/lint/lint-report.ts";
import type {
	LintCode,
	LintFinding,
} from "../../scenarios/analysis/lint/finding.ts";
import { allLintRules } from "../../scenarios/analysis/lint/rules/index.ts";
import { lintRuleset } from "../../scenarios/analysis/lint/run/lint-ruleset.ts";
import { unknownOf } from "../../scenarios/analysis/lint/run/unknown.ts";
import type { Analysis } from "../../scenarios/analysis/services/analysis.ts";
import { DEFAULT_LINUX, linuxName } from "../../sim/linux/linux.ts";
import { version } from "../base/version.ts";
import type { Text } from "../files/files.ts";

/** Codes of the rules to run. */
export interface Codes {
	readonly only?: readonly LintCode[];
	readonly ignore: readonly LintCode[];
}

export interface Linted {
	readonly file: LintedFile;
	readonly findings: readonly LintFinding[];
}

export function lintFile(
	{ name, text }: Text,
	analysis: Analysis,
	codes: Codes,
): Linted {
	const facts = { file: name, ...analysis };
	const findings = lintRuleset(facts, text, codes);
	// What was left out by --only or --ignore tells as well why no packet meets a rule.
	const all = analysis.unmet.length === 0 ? [] : lintRuleset(facts, text);
	const lines = text.split(/\r?\n/);
	return {
		file: {
			name,
			linux: linuxName(analysis.world.setup.linux ?? DEFAULT_LINUX),
			lines,
			unknown: unknownOf(facts, all),
		},
		findings,
	};
}

/** A report without a baseline. */
export function reportOf(linted: readonly Linted[]): LintReport {
	return {
		version: version(),
		rules: allLintRules,
		files: linted.map(({ file }) => file),
		findings: linted.flatMap(({ findings }) => findings),
		hasBaseline: false,
		stale: [],
	};
}
