import type { LintDescription } from "../../scenarios/analysis/lint/finding.ts";
import { allLintRules } from "../../scenarios/analysis/lint/rules/index.ts";
import { nearest } from "../../sim/edit-distance.ts";
import { InputError } from "../screen/input-error.ts";

/**
 * The rule of the linter with this code or name.
 * @throws InputError with the nearest one
 */
export function findRule(word: string): LintDescription {
	const found = allLintRules.find(
		({ code, name }) =>
			code === word.toUpperCase() || name === word.toLowerCase(),
	);
	if (found !== undefined) return found;
	const near = nearest(
		word,
		allLintRules.flatMap(({ code, name }) => [code, name]),
	);
	throw new InputError(
		`the linter has no rule ${word}`,
		near === null
			? "`marktwin explain` lists all of them."
			: `Did you mean ${near}? \`marktwin explain\` lists all of them.`,
	);
}
