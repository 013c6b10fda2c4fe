/** The verdict on a ruleset as plain data: what programs get. */
import { DEFAULT_LINUX } from "../../../sim/linux/linux.ts";
import { parseRules } from "../../../sim/script/check-rules.ts";
import type { Confidence, Severity } from "../lint/finding.ts";
import { lintRuleset } from "../lint/run/lint-ruleset.ts";
import { unknownOf } from "../lint/run/unknown.ts";
import { analyse } from "../services/analysis.ts";
import type { RuleRef } from "../walk/decision.ts";
import { type GivenWorld, NOTHING_GIVEN } from "../world/assumed-world.ts";
import { type SplitDocument, splitDocument } from "./split-document.ts";

/** What the linter found. @public */
export interface RulesetFinding {
	/** `MT101`: it never changes its meaning. */
	readonly code: string;
	/** `no-backend` */
	readonly name: string;
	readonly severity: Severity;
	readonly confidence: Confidence;
	readonly at: RuleRef;
	/** What is wrong there, with its figures. */
	readonly message: string;
	/** What happens because of it. */
	readonly happens: string;
	/** What to write instead. */
	readonly remedy: string;
	/** The reason of a comment that suppresses it; `null`: none does. */
	readonly suppressed: string | null;
}

/** All that follows from a ruleset alone. @public */
export interface RulesetVerdict {
	/** What it balances, and what each backend gets. */
	readonly split: SplitDocument;
	/** By line. */
	readonly findings: readonly RulesetFinding[];
	/** What is not known: a sentence each. */
	readonly unknown: readonly string[];
}

/** What is known besides the rules. @public */
export interface VerdictOptions {
	/** Name of the file, for messages (default `<text>`). */
	readonly file?: string;
	/** What the machine tells (default: nothing; all else is assumed, and said to be). */
	readonly given?: GivenWorld;
}

/**
 * What a ruleset balances, how exactly, and what is wrong with it.
 * @param text what iptables-restore takes, or a shell script of iptables commands
 * @throws RulesetError when it would not load, with all faults
 * @throws SetupError when what the machine told contradicts itself
 * @example rulesetVerdict(text).split.services[0]?.classes[0]?.vectors[0]?.parts
 * @public
 */
export function rulesetVerdict(
	text: string,
	{ file = "<text>", given = NOTHING_GIVEN }: VerdictOptions = {},
): RulesetVerdict {
	const { ruleset } = parseRules(text, {
		file,
		linux: given.linux ?? DEFAULT_LINUX,
	});
	const facts = { file, ...analyse(ruleset, given) };
	const findings = lintRuleset(facts, text);
	return {
		split: splitDocument(file, facts),
		findings: findings.map((found) => ({
			code: found.lint.code,
			name: found.lint.name,
			severity: found.severity,
			confidence: found.confidence,
			at: found.at,
			message: found.message,
			happens: found.happens,
			remedy: found.remedy,
			suppressed: found.suppressed,
		})),
		unknown: unknownOf(facts, findings),
	};
}
