/**
 * Repairs what the linter finds, in the text of the ruleset. A repair is kept if its finding is gone, no other one
 * came of it and no service is worse off; else it is taken back.
 */
import type { Ruleset } from "../../../../sim/contract/ruleset.ts";
import { DEFAULT_LINUX } from "../../../../sim/linux/linux.ts";
import type { DraftLine } from "../../../../sim/ruleset/fix/change.ts";
import { parseRules } from "../../../../sim/script/check-rules.ts";
import { type Analysis, analyse } from "../../services/analysis.ts";
import type { GivenWorld } from "../../world/assumed-world.ts";
import type { Edit, LintFinding } from "../finding.ts";
import { lintRuleset } from "../run/lint-ruleset.ts";
import { whyNot } from "./judge.ts";
import { type LineChange, placeEdits } from "./place-edits.ts";

export interface Repair {
	readonly finding: LintFinding;
	/** Of the original text, from 1. */
	readonly line: number;
	readonly changes: readonly LineChange[];
}

export interface NotRepaired {
	readonly finding: LintFinding;
	readonly why: string;
}

export interface FixedFindings {
	readonly lines: readonly DraftLine[];
	readonly text: string;
	/** In the order in which they were made. */
	readonly repairs: readonly Repair[];
	/** Repairs that were tried and do not help, or have no place in the text. */
	readonly notRepaired: readonly NotRepaired[];
	/** What is left, at lines of the repaired text; what a comment suppresses is among them. */
	readonly findings: readonly LintFinding[];
	/** Of the repaired text. */
	readonly analysis: Analysis;
}

interface FixOptions {
	/** As it was named. */
	readonly file: string;
	readonly given: GivenWorld;
	/** Is this to be repaired? Asked of findings that have edits and that no comment suppresses. */
	isChosen(finding: LintFinding): boolean;
}

/** Rulesets that are analysed at most. */
const MOST_TRIES = 200;

/**
 * @param lines a file for iptables-restore that loads
 * @throws SetupError when what the machine told contradicts itself
 */
export function fixFindings(
	lines: readonly DraftLine[],
	options: FixOptions,
): FixedFindings {
	const { file, given } = options;
	const { linux = DEFAULT_LINUX } = given;
	const { ruleset } = parseRules(textOf(lines), { file, linux });
	let state = stateOf(lines, ruleset, options);
	const repairs: Repair[] = [];
	const seen = new Set([state.text]);
	const reasons = new Map<string, string>();
	// All at once; where that does not help, half of them.
	let most = Number.POSITIVE_INFINITY;
	// What did not help may help once something else is repaired.
	let isAgain = false;
	for (let tries = 0; tries < MOST_TRIES; tries++) {
		const open = state.findings.filter(
			(one) => isOpen(one, options) && !reasons.has(one.fingerprint),
		);
		const some = apart(worstFirst(open)).slice(0, most);
		const [first] = some;
		if (first === undefined) {
			if (!isAgain) break;
			isAgain = false;
			reasons.clear();
			continue;
		}
		const tried = tryRepairs(state, some, options);
		if (tried.kind === "helps" && !seen.has(tried.state.text)) {
			repairs.push(...repairsOf(some, state, tried.changes));
			state = tried.state;
			seen.add(state.text);
			most *= 2;
			isAgain = reasons.size > 0;
		} else if (some.length > 1) most = Math.ceil(some.length / 2);
		else
			reasons.set(
				first.fingerprint,
				tried.kind === "not" ? tried.why : "it would undo another repair",
			);
	}
	const { text, findings, analysis } = state;
	const notRepaired = findings.flatMap((finding) => {
		const why = reasons.get(finding.fingerprint);
		return why === undefined ? [] : [{ finding, why }];
	});
	return { lines: state.lines, text, repairs, notRepaired, findings, analysis };
}

interface State {
	readonly lines: readonly DraftLine[];
	readonly text: string;
	readonly analysis: Analysis;
	readonly findings: readonly LintFinding[];
}

function stateOf(
	lines: readonly DraftLine[],
	ruleset: Ruleset,
	{ file, given }: FixOptions,
): State {
	const text = textOf(lines);
	const analysis = analyse(ruleset, given);
	const findings = lintRuleset({ file, ...analysis }, text);
	return { lines, text, analysis, findings };
}

type Tried =
	| {
			readonly kind: "helps";
			readonly state: State;
			readonly changes: readonly LineChange[];
	  }
	| { readonly kind: "not"; readonly why: string };

function tryRepairs(
	state: State,
	repaired: readonly LintFinding[],
	options: FixOptions,
): Tried {
	const { ruleset, services } = state.analysis;
	const edits = repaired.flatMap(({ repair }) => repair);
	const placed = placeEdits(ruleset, state.lines, edits, options.given.linux);
	if (placed.kind === "refused") return { kind: "not", why: placed.why };
	const next = stateOf(placed.lines, placed.ruleset, options);
	const why = whyNot(
		{ findings: state.findings, services },
		{ findings: next.findings, services: next.analysis.services },
		{
			repaired,
			formerName: (rule) => {
				const former = placed.formerNames.get(rule);
				return former === undefined ? rule : former;
			},
		},
	);
	return why === null
		? { kind: "helps", state: next, changes: placed.changes }
		: { kind: "not", why };
}

/** Those of which no two touch one rule, or the end of one chain. */
function apart(findings: readonly LintFinding[]): readonly LintFinding[] {
	const taken = new Set<string>();
	return findings.filter(({ repair }) => {
		const places = repair.map(touched);
		if (places.some((place) => taken.has(place))) return false;
		for (const place of places) taken.add(place);
		return true;
	});
}

function touched(edit: Edit): string {
	if (edit.kind !== "insert") return edit.rule;
	const chain = /^-A (\S+)/.exec(edit.text)?.[1];
	return edit.where?.rule ?? `${edit.table}:${chain}`;
}

function isOpen(
	finding: LintFinding,
	{ isChosen }: Pick<FixOptions, "isChosen">,
): boolean {
	const { suppressed, repair } = finding;
	return suppressed === null && repair.length > 0 && isChosen(finding);
}

function repairsOf(
	findings: readonly LintFinding[],
	{ lines }: State,
	changes: readonly LineChange[],
): readonly Repair[] {
	const byEdit = new Map<Edit, LineChange[]>();
	for (const change of changes) {
		const known = byEdit.get(change.by) ?? [];
		byEdit.set(change.by, known);
		known.push(change);
	}
	return findings.map((finding) => ({
		finding,
		line: lines[finding.at.line - 1]?.origin ?? finding.at.line,
		changes: finding.repair.flatMap((edit) => byEdit.get(edit) ?? []),
	}));
}

/** Of one severity, in the order of their lines. */
function worstFirst(findings: readonly LintFinding[]): readonly LintFinding[] {
	const ranks = ["error", "warning", "note"];
	return findings.toSorted(
		(one, other) => ranks.indexOf(one.severity) - ranks.indexOf(other.severity),
	);
}

function textOf(lines: readonly DraftLine[]): string {
	return lines.map(({ text }) => text).join("\n");
}
