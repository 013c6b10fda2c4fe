/** A draft that was played on the model, so that it says at once how it stands with the rules. */
import { validateScenarioFile } from "../../language/check/validate.ts";
import type { PlayableScenario } from "../../language/scenario.ts";
import type { RunResult } from "../../result/result.ts";
import { checkScenario } from "../../run/run-scenario.ts";
import type { LintFinding } from "../lint/finding.ts";
import type { Analysis } from "../services/analysis.ts";
import { type Draft, type DraftOptions, draft, scenariosOf } from "./draft.ts";

export interface PlayedDraft {
	readonly draft: Draft;
	/** Of its scenarios, in their order. */
	readonly results: readonly RunResult[];
	/** Of the linter, as they were given. */
	readonly findings: readonly LintFinding[];
}

/**
 * Drafts, and plays. Where rules turn out to remember clients, as `recent` does, each connection of that
 * service gets a client of its own.
 * @param text of the ruleset
 */
export function draftPlayed(
	analysis: Analysis,
	text: string,
	options: Omit<DraftOptions, "remembering">,
): PlayedDraft {
	const first = played(analysis, text, options);
	const remembering = new Set(
		first.results.flatMap(({ account }, index) =>
			account.connections.some(({ chance }) => chance === "recalled")
				? [first.draft.services[index] as string]
				: [],
		),
	);
	return remembering.size === 0
		? first
		: played(analysis, text, { ...options, remembering });
}

function played(
	analysis: Analysis,
	text: string,
	options: DraftOptions,
): PlayedDraft {
	const made = draft(analysis, options);
	const { findings = [] } = options;
	if (made.scenarios.length === 0)
		return { draft: made, results: [], findings };
	const scenarios = validateScenarioFile(scenariosOf(made), "");
	const results = scenarios.map((one) => checkScenario(withRules(one, text)));
	return { draft: made, results, findings };
}

/** @param scenario all of whose steps are those of a draft: none loads a file */
function withRules(
	scenario: ReturnType<typeof scenariosOf>[number],
	text: string,
): PlayableScenario {
	const { ruleset } = scenario.setup;
	const name = "file" in ruleset ? ruleset.file : ruleset.name;
	const playable = scenario as PlayableScenario;
	return {
		...playable,
		setup: { ...playable.setup, ruleset: { name, text } },
	};
}
