/** A scenario's rules, analysed in its own gateway. */
import type { LintFinding } from "../analysis/lint/finding.ts";
import { lintRuleset } from "../analysis/lint/run/lint-ruleset.ts";
import { type Analysis, analyse } from "../analysis/services/analysis.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { rulesOf } from "./connection-ways.ts";

export interface AnalysedSetup {
	readonly analysis: Analysis;
	/** Those that no comment suppresses, errors first. */
	readonly findings: readonly LintFinding[];
}

const RANKS = { error: 0, warning: 1, note: 2 } as const;

/** @returns `null` when there are too many rules */
export function analyseSetup(
	setup: PlayableScenario["setup"],
): AnalysedSetup | null {
	const rules = rulesOf(setup);
	if (rules === null) return null;
	const { interfaces, routes, sysctls, linux } = setup.gateway;
	const analysis = analyse(rules, {
		interfaces,
		routes,
		markRoutes: [],
		sysctls,
		...(linux === undefined ? {} : { linux }),
		notes: [],
	});
	const { name: file, text } = setup.ruleset;
	const findings = lintRuleset({ file, ...analysis }, text)
		.filter(({ suppressed }) => suppressed === null)
		.toSorted((one, other) => RANKS[one.severity] - RANKS[other.severity]);
	return { analysis, findings };
}
