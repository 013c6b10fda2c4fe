/**
 * Repairs a ruleset where one repair is plainly meant, and says what it did; the rest stays as it
 * is and is reported.
 *
 * ```ts
 * const { text, changes, faults } = fixRuleset(asPublished);
 * ```
 */
import { Refusal } from "../extension/refusal.ts";
import { matches } from "../matches/index.ts";
import { targets } from "../targets/index.ts";
import type { Change, DraftLine } from "./change.ts";
import { fixCharacters } from "./fix-characters.ts";
import { fixStructure } from "./fix-structure.ts";
import { FIXERS, type Trouble } from "./fix-words.ts";
import { noWords, splitWords } from "./lexer.ts";
import { type LineContext, LineParser } from "./line-parser.ts";
import { checkRuleset } from "./parse.ts";
import type { Fault } from "./ruleset-error.ts";

export type { Change } from "./change.ts";

export interface Fixed {
	readonly text: string;
	readonly changes: readonly Change[];
	/** What is left; lines are those of the repaired text. */
	readonly faults: readonly Fault[];
}

/** A line takes at most this many repairs. */
const MOST_REPAIRS = 40;

/** @param options.file the name that faults bear */
export function fixRuleset(
	text: string,
	options: { readonly file?: string } = {},
): Fixed {
	const changes: Change[] = [];
	const drafts = text
		.split("\n")
		.map((line, index): DraftLine => ({ text: line, origin: index + 1 }));
	for (const line of drafts) fixCharacters(line, changes);
	let lines = fixStructure(drafts, changes);
	const announced = new Set<string>();
	let table = "";
	for (const line of lines) {
		if (line.text.startsWith("*")) table = line.text.slice(1).trim();
		if (line.text.startsWith(":"))
			announced.add(line.text.slice(1).trim().split(/\s+/)[0] ?? "");
		else if (/^\[|^\s*[^\s*#:]/.test(line.text) && line.text !== "COMMIT")
			fixRule(line, { table, announced }, changes);
	}
	lines = declareChains(lines, changes);
	const fixed = lines.map((line) => line.text).join("\n");
	changes.sort((a, b) => a.line - b.line);
	return { text: fixed, changes, faults: checkRuleset(fixed, options).faults };
}

const parser = new LineParser({ matches, targets });

/** What the parser says of a line: `null` when nothing. */
function troubleOf(
	line: string,
	about: Pick<LineContext, "table" | "announced">,
): Trouble | null {
	const words = noWords();
	const from = line.startsWith("[") ? line.indexOf("]") + 1 : 0;
	const raw = (): readonly string[] =>
		words.start.map((start, index) => line.slice(start, words.end[index]));
	try {
		splitWords(line, 0, from, line.length, words);
		parser.parse(words.text, {
			line: 1,
			restore: true,
			counters: null,
			...about,
		});
		const [tolerated] = parser.tolerated;
		if (tolerated === undefined) return null;
		return { words: raw(), message: tolerated.message, at: tolerated.word };
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		const [first] = parser.tolerated;
		const refusal = first ?? error;
		const at = refusal.word >= 0 ? refusal.word : parser.word;
		return { words: raw(), message: refusal.message, at };
	}
}

function fixRule(
	line: DraftLine,
	about: Pick<LineContext, "table" | "announced">,
	changes: Change[],
): void {
	for (let round = 0; round < MOST_REPAIRS; round++) {
		const trouble = troubleOf(line.text, about);
		if (trouble === null) return;
		const better = repair(line.text, trouble, about);
		if (better === null) return;
		changes.push({ line: line.origin, before: line.text, ...better });
		line.text = better.after;
	}
}

/** The first repair that leads on: the next trouble is another one, or stands further right. */
function repair(
	text: string,
	trouble: Trouble,
	about: Pick<LineContext, "table" | "announced">,
): { readonly what: string; readonly after: string } | null {
	const counters = /^\[[^\]]*\]\s*/.exec(text)?.[0] ?? "";
	for (const fixer of FIXERS) {
		const proposal = fixer(trouble);
		if (proposal === null) continue;
		const after = counters + proposal.words.join(" ");
		const next = troubleOf(after, about);
		if (
			next === null ||
			next.message !== trouble.message ||
			next.at > trouble.at
		)
			return { what: proposal.what, after };
	}
	return null;
}

/** Chains that have rules and were never declared get their declaration behind the table's header. */
function declareChains(
	lines: readonly DraftLine[],
	changes: Change[],
): DraftLine[] {
	const { faults } = checkRuleset(lines.map((line) => line.text).join("\n"));
	const missing = new Map<number, Set<string>>();
	let header = -1;
	const headers = lines.map((line, index) => {
		if (line.text.startsWith("*")) header = index;
		return header;
	});
	for (const fault of faults) {
		const chain = /^line \d+ failed \(No chain/.test(fault.message)
			? fault.text.slice(fault.column - 1, fault.column - 1 + fault.length)
			: "";
		const at = headers[fault.line - 1] ?? -1;
		if (!/^[\w.-]{1,28}$/.test(chain) || chain.startsWith("-") || at < 0)
			continue;
		const known = missing.get(at) ?? new Set();
		missing.set(at, known.add(chain));
	}
	if (missing.size === 0) return [...lines];
	return lines.flatMap((line, index) => {
		const declared = [...(missing.get(index) ?? [])].map((chain) => {
			const text = `:${chain} - [0:0]`;
			changes.push({
				line: line.origin,
				what: `declared the chain ${chain}, which has rules`,
				before: "",
				after: text,
			});
			return { text, origin: line.origin };
		});
		return [line, ...declared];
	});
}
