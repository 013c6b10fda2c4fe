/** What changes for a ruleset when its router gets another Linux. */
import {
	type Behaviour,
	behaviourOf,
	DIFFERENCE_NAMES,
	type DifferenceName,
} from "../../../sim/linux/behaviour.ts";
import { DIFFERENCES } from "../../../sim/linux/differences.ts";
import { type Linux, linuxName } from "../../../sim/linux/linux.ts";
import { printFaults } from "../../../sim/ruleset/base/ruleset-error.ts";
import { checkRules } from "../../../sim/script/check-rules.ts";
import {
	type SplitDocument,
	splitDocument,
} from "../document/split-document.ts";
import { eachRule, type PlacedRule } from "../lint/each-rule.ts";
import type { LintFinding } from "../lint/finding.ts";
import { lintRuleset } from "../lint/run/lint-ruleset.ts";
import { unknownOf } from "../lint/run/unknown.ts";
import { type Analysis, analyse } from "../services/analysis.ts";
import type { RuleRef } from "../walk/decision.ts";
import type { GivenWorld } from "../world/assumed-world.ts";
import { livesOf, type RuleLife } from "./life.ts";
import { type ChangedShare, changedShares } from "./shares.ts";
import { TOUCHES } from "./touches.ts";

/** A difference between the two Linuxes, as far as it concerns the rules. */
export interface DifferenceDocument {
	readonly name: string;
	readonly title: string;
	readonly from: string;
	readonly to: string;
	readonly matters: string;
	/** Name of the built-in scenario that shows it; `null`: what iptables-save prints shows it. */
	readonly scenario: string | null;
	readonly source: string;
	/** The rules that it touches. */
	readonly rules: readonly RuleRef[];
}

/** What becomes of a rule's counter on both, under each way to change its table. */
export interface LifeDocument {
	readonly at: RuleRef;
	readonly from: RuleLife["by"];
	readonly to: RuleLife["by"];
}

/** A finding of the linter that one of the two has alone. */
export interface FindingDocument {
	readonly code: string;
	readonly name: string;
	readonly at: RuleRef;
	readonly message: string;
}

/** One of the two sides. */
export interface SideDocument {
	readonly linux: string;
	/** What iptables-restore says where it does not load; `null`: it loads. */
	readonly refusal: string | null;
	/** `null` where it does not load. */
	readonly split: SplitDocument | null;
	/** What is not known of it, a sentence each. */
	readonly unknown: readonly string[];
}

/** What an upgrade changes for a ruleset: what `marktwin upgrade --json` writes. */
export interface UpgradeDocument {
	readonly file: string;
	readonly from: SideDocument;
	readonly to: SideDocument;
	/** Shares that are not the same on both. */
	readonly shares: readonly ChangedShare[];
	readonly findings: {
		readonly gone: readonly FindingDocument[];
		readonly fresh: readonly FindingDocument[];
	};
	/** Of all rules that remember something. */
	readonly lives: readonly LifeDocument[];
	/** Differences that touch rules, or, with none, the file as a whole. */
	readonly differences: readonly DifferenceDocument[];
	/** Differences that show in packets or operations whatever the rules are. */
	readonly besides: readonly DifferenceDocument[];
	/** Does anything change for the ruleset? */
	readonly changes: boolean;
}

interface Side {
	readonly linux: Linux;
	readonly document: SideDocument;
	readonly analysis: Analysis | null;
	readonly findings: readonly LintFinding[];
	readonly lives: readonly RuleLife[];
}

/**
 * @param given of the machine, besides its Linux
 * @throws SetupError when what the machine told contradicts itself
 */
export function upgradeOf(
	{ name, text }: { readonly name: string; readonly text: string },
	given: GivenWorld,
	{ from, to }: { readonly from: Linux; readonly to: Linux },
): UpgradeDocument {
	const rules = { name, text };
	const before = sideOf(rules, given, from);
	const after = sideOf(rules, given, to);
	const placed = placedIn(before, after);
	const differing = differingOf(from, to);
	const document = {
		file: name,
		from: before.document,
		to: after.document,
		shares: changedShares(before.document.split, after.document.split),
		findings: {
			gone: others(before.findings, after.findings),
			fresh: others(after.findings, before.findings),
		},
		lives: livesOn(before, after, placed),
		differences: differing.flatMap((one) =>
			touching(one, { placed, text }, from, to),
		),
		besides: differing
			.filter((one) => TOUCHES[one] === "no rule")
			.map((one) => described(one, [], from, to)),
	};
	return { ...document, changes: isChange(document) };
}

/** What it says of `lives` may be the same on both. */
function isChange({
	from,
	to,
	shares,
	findings,
	lives,
	differences,
}: Omit<UpgradeDocument, "changes">): boolean {
	return (
		from.refusal !== to.refusal ||
		shares.length > 0 ||
		findings.gone.length + findings.fresh.length > 0 ||
		lives.some((one) => isOtherLife(one)) ||
		differences.length > 0
	);
}

/** Does an operation do something else to it? */
export function isOtherLife({ from, to }: LifeDocument): boolean {
	return Object.entries(from).some(
		([way, life]) => to[way as keyof typeof to] !== life,
	);
}

function sideOf(
	{ name, text }: { readonly name: string; readonly text: string },
	given: GivenWorld,
	linux: Linux,
): Side {
	const { ruleset, faults } = checkRules(text, { file: name, linux });
	const side = { linux: linuxName(linux) };
	if (ruleset === null) {
		const refusal = printFaults(faults);
		const document = { ...side, refusal, split: null, unknown: [] };
		return { linux, document, analysis: null, findings: [], lives: [] };
	}
	const analysis = analyse(ruleset, { ...given, linux });
	const facts = { file: name, ...analysis };
	const found = lintRuleset(facts, text);
	return {
		linux,
		document: {
			...side,
			refusal: null,
			split: splitDocument(name, analysis),
			unknown: unknownOf(facts, found),
		},
		analysis,
		findings: found.filter(({ suppressed }) => suppressed === null),
		lives: livesOf(analysis),
	};
}

/** Rules as the one of the two has them that loads them. */
function placedIn(...sides: readonly Side[]): readonly PlacedRule[] {
	const analysis = sides.find((one) => one.analysis !== null)?.analysis;
	return analysis === null || analysis === undefined
		? []
		: eachRule(analysis.ruleset);
}

export function others(
	some: readonly LintFinding[],
	besides: readonly LintFinding[],
): readonly FindingDocument[] {
	const known = new Set(besides.map(({ fingerprint }) => fingerprint));
	return some
		.filter(({ fingerprint }) => !known.has(fingerprint))
		.map(({ lint, at, message }) => {
			return { code: lint.code, name: lint.name, at, message };
		});
}

function livesOn(
	before: Side,
	after: Side,
	placed: readonly PlacedRule[],
): readonly LifeDocument[] {
	const places = new Map(placed.map(({ at }) => [at.rule, at]));
	const then = new Map(after.lives.map((one) => [one.rule, one.by]));
	return before.lives.flatMap(({ rule, by: from }) => {
		const at = places.get(rule);
		const to = then.get(rule);
		return at === undefined || to === undefined ? [] : [{ at, from, to }];
	});
}

function differingOf(from: Linux, to: Linux): readonly DifferenceName[] {
	const one: Behaviour = behaviourOf(from);
	const other: Behaviour = behaviourOf(to);
	return DIFFERENCE_NAMES.filter((name) => one[name] !== other[name]);
}

function touching(
	name: DifferenceName,
	{
		placed,
		text,
	}: { readonly placed: readonly PlacedRule[]; readonly text: string },
	from: Linux,
	to: Linux,
): readonly DifferenceDocument[] {
	const touches = TOUCHES[name];
	if (typeof touches === "string") return [];
	if (typeof touches === "object")
		return touches.ofText(text) ? [described(name, [], from, to)] : [];
	const on = { from: behaviourOf(from), to: behaviourOf(to) };
	const rules = placed.filter((one) => touches(one, on)).map(({ at }) => at);
	return rules.length === 0 ? [] : [described(name, rules, from, to)];
}

function described(
	name: DifferenceName,
	rules: readonly RuleRef[],
	from: Linux,
	to: Linux,
): DifferenceDocument {
	const { title, matters, scenario, source } = DIFFERENCES[name];
	return {
		name,
		title,
		from: meaning(name, from),
		to: meaning(name, to),
		matters,
		scenario,
		source,
		rules,
	};
}

/** What the difference's value on a Linux means. */
export function meaning(name: DifferenceName, linux: Linux): string {
	const { valueOn, says } = DIFFERENCES[name];
	// The table's own pair: each value is of the type that its sentence takes.
	return (says as (value: unknown) => string)(valueOn(linux));
}
