/** What a report shows of a ruleset alone. */

import { buildVerdict } from "../../reports/build/build-verdict.ts";
import type { VerdictView } from "../../reports/contract/report.ts";
import { splitDocument } from "../../scenarios/analysis/document/split-document.ts";
import { givenOfScenario } from "../../scenarios/analysis/given/given-of-scenario.ts";
import { eachRule } from "../../scenarios/analysis/lint/each-rule.ts";
import type { LintFinding } from "../../scenarios/analysis/lint/finding.ts";
import { lintRuleset } from "../../scenarios/analysis/lint/run/lint-ruleset.ts";
import { unknownOf } from "../../scenarios/analysis/lint/run/unknown.ts";
import {
	type Analysis,
	analyse,
} from "../../scenarios/analysis/services/analysis.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { checkRules } from "../../sim/script/check-rules.ts";

/** A ruleset that was analysed: its file's name, its text, and what was found. */
interface Found {
	readonly file: string;
	readonly analysis: Analysis;
	/** Of all: those that are suppressed are left out here. */
	readonly findings: readonly LintFinding[];
	/** `null`: it is not judged. */
	readonly status: VerdictView["status"];
}

export function verdictView({
	file,
	analysis,
	findings,
	status,
}: Found): VerdictView {
	return buildVerdict({
		status,
		split: splitDocument(file, analysis),
		findings: findings.filter(
			({ suppressed, known }) => suppressed === null && !known,
		),
		unknown: unknownOf({ file, ...analysis }, findings),
		rules: eachRule(analysis.ruleset).map(({ at }) => at),
	});
}

/** So many rulesets of a run are analysed for its report. */
const MOST_RULESETS = 6;

/** Of the first rulesets that scenarios begin with, on their own gateways; what would not load has none. */
export function verdictsOf(
	scenarios: readonly PlayableScenario[],
): readonly VerdictView[] {
	const seen = new Set<string>();
	const views: VerdictView[] = [];
	for (const { setup } of scenarios) {
		const { name: file, text } = setup.ruleset;
		if (seen.has(text) || views.length >= MOST_RULESETS) continue;
		seen.add(text);
		const { linux } = setup.gateway;
		const { ruleset } = checkRules(text, {
			file,
			...(linux === undefined ? {} : { linux }),
		});
		if (ruleset === null) continue;
		const analysis = analyse(ruleset, givenOfScenario(setup));
		if (analysis.services.length === 0) continue;
		const findings = lintRuleset({ file, ...analysis }, text);
		views.push(verdictView({ file, analysis, findings, status: null }));
	}
	return views;
}
