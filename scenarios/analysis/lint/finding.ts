/** What a rule of the linter is, and what it finds. */
import type { RuleRef } from "../walk/decision.ts";
import type { Facts } from "./facts.ts";

/** `MT101`: it never changes its meaning. */
export type LintCode = `MT${number}`;

export type LintCategory =
	| "balance"
	| "failover"
	| "affinity"
	| "marks"
	| "reachability"
	| "nat"
	| "reload"
	| "syntax"
	/** About the linter itself: comments that suppress findings. */
	| "linter";

/** `error`: connections are lost or go to the wrong place; `warning`: they may be; `note`: worth knowing. @public */
export type Severity = "error" | "warning" | "note";

/** `certain`: computed from the rules alone; `likely`: rests on what was assumed of the machine. @public */
export type Confidence = "certain" | "likely";

/** All that is said of a rule of the linter. */
export interface LintDescription {
	readonly code: LintCode;
	/** Kebab-case: `unequal-split`. */
	readonly name: string;
	readonly category: LintCategory;
	/** Version of marktwin that had it first. */
	readonly since: string;
	readonly severity: Severity;
	readonly confidence: Confidence;
	/** Whether `marktwin fix` repairs it: `safe` by default, `unsafe` behind `--unsafe`. */
	readonly fix: "safe" | "unsafe" | "none";
	/** What is wrong, one sentence. */
	readonly message: string;
	/** What to do, one or two sentences. */
	readonly help: string;
	/** Why it matters and how it comes about: Markdown, a paragraph or two. */
	readonly why: string;
	/** Whole rulesets: the first has the fault, the second is the repaired one. Both load in a kernel. */
	readonly examples: { readonly bad: string; readonly good: string };
}

/** One rule of the linter, in a file of its own. */
export interface LintRule extends LintDescription {
	check(facts: Facts): readonly Found[];
}

/** What a rule found at one place. */
export interface Found {
	/** Where the fault is. */
	readonly at: RuleRef;
	/** Where it weighs less than others of its rule; the rule's severity when left out. */
	readonly severity?: Severity;
	/** The words of `at.text` that are wrong: `-m state --state NEW`; all of it when left out. */
	readonly part?: string;
	/** What is wrong here, with its figures. */
	readonly message: string;
	/** What happens because of it: `8/27 (29.6 %) of the connections get no backend`. */
	readonly happens: string;
	/** What to write here instead. */
	readonly remedy: string;
	/** Other rules that have a part in it, each with its part. */
	readonly related: readonly { readonly at: RuleRef; readonly role: string }[];
	/** Rules that a packet which shows it matches, in order; [] when no packet does. */
	readonly path: readonly RuleRef[];
	/** Edits that repair it: what `marktwin fix` does. [] when it is not mechanical. */
	readonly repair: readonly Edit[];
	/** It rests on an assumption of this kind; its confidence is `likely` then. */
	readonly assumes?: string;
}

/** A change of one line of the ruleset. Rules are named as they stand before all edits; insertions at one place keep their order. */
export type Edit =
	| { readonly kind: "replace"; readonly rule: string; readonly text: string }
	| {
			readonly kind: "insert";
			/** Before or behind this rule; `null`: at the end of the chain that `text` names. */
			readonly where: {
				readonly side: "before" | "behind";
				readonly rule: string;
			} | null;
			readonly table: string;
			/** `-A CHAIN …` */
			readonly text: string;
	  }
	| { readonly kind: "delete"; readonly rule: string };

/** A finding as it is shown: what was found, and by which rule of the linter, in which file. */
export interface LintFinding extends Found {
	readonly lint: LintDescription;
	readonly file: string;
	readonly severity: Severity;
	readonly confidence: Confidence;
	/** Stays the same while the rule's text does, wherever the rule stands. */
	readonly fingerprint: string;
	/** The reason that was given, when it is suppressed. */
	readonly suppressed: string | null;
	/** It stands in the baseline. */
	readonly known: boolean;
}
