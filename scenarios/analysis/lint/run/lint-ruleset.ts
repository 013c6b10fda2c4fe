/** All rules of the linter, run on one ruleset. */
import type { Facts } from "../facts.ts";
import type {
	Found,
	LintCode,
	LintDescription,
	LintFinding,
} from "../finding.ts";
import { lintRules } from "../rules/index.ts";
import { Fingerprints } from "./fingerprint.ts";
import { type Ignore, readIgnores } from "./ignores.ts";
import { judgeIgnores } from "./judge-ignores.ts";

export interface LintOptions {
	/** Only these codes; all when left out. */
	readonly only?: readonly LintCode[];
	/** All but these codes. */
	readonly ignore?: readonly LintCode[];
}

type Raw = { readonly lint: LintDescription; readonly found: Found };

/**
 * @param text of the file that the facts are of, for its comments
 * @returns by line; what a comment suppresses is among them
 */
export function lintRuleset(
	facts: Facts,
	text: string,
	{ only, ignore = [] }: LintOptions = {},
): readonly LintFinding[] {
	const isAsked = ({ code }: LintDescription) =>
		(only === undefined || only.includes(code)) && !ignore.includes(code);
	const asked = lintRules.filter(isAsked);
	const ignores = readIgnores(facts.ruleset, text);
	const raw: readonly Raw[] = asked.flatMap((lint) =>
		lint.check(facts).map((found) => ({ lint, found })),
	);
	const about = judgeIgnores(
		ignores,
		asked.map(({ code }) => code),
		(one, code) =>
			raw.some(({ lint, found }) => lint.code === code && one.covers(found.at)),
	).filter(({ lint }) => isAsked(lint));
	const fingerprints = new Fingerprints();
	return [...raw, ...about]
		.toSorted((a, b) => a.found.at.line - b.found.at.line)
		.map(({ lint, found }) => ({
			...found,
			lint,
			file: facts.file,
			severity: found.severity ?? lint.severity,
			confidence: found.assumes === undefined ? lint.confidence : "likely",
			fingerprint: fingerprints.of(lint, found),
			suppressed: reasonFor(lint.code, found, ignores),
			known: false,
		}));
}

function reasonFor(
	code: LintCode,
	{ at }: Found,
	ignores: readonly Ignore[],
): string | null {
	const one = ignores.find(
		({ codes, covers, reason }) =>
			reason !== null && codes.includes(code) && covers(at),
	);
	return one?.reason ?? null;
}
