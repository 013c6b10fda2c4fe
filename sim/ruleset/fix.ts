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
import type { LineContext } from "./base-options.ts";
import type { Change, DraftLine } from "./change.ts";
import type { Command } from "./command.ts";
import {
	chainsOf,
	declareChains,
	declared,
	fixDeclarations,
	tablesOf,
} from "./fix-chains.ts";
import {
	fixCharacters,
	fixLineEnd,
	hasOddCharacters,
} from "./fix-characters.ts";
import { missingProtocol } from "./fix-missing.ts";
import { fixNth } from "./fix-nth.ts";
import { fixStructure } from "./fix-structure.ts";
import { FIXERS, NAME_FIXERS } from "./fix-words.ts";
import type { Repair, Trouble } from "./fixer.ts";
import { noWords, splitWords } from "./lexer.ts";
import { LineParser } from "./line-parser.ts";
import { checkRuleset } from "./parse.ts";
import type { Fault } from "./ruleset-error.ts";
import { VERDICTS } from "./tables.ts";

export type { Change } from "./change.ts";

export interface Fixed {
	readonly text: string;
	readonly changes: readonly Change[];
	/** What is left; lines are those of the repaired text. */
	readonly faults: readonly Fault[];
}

/** A line takes at most this many repairs. */
const MOST_REPAIRS = 40;

/** A text takes at most as many passes: each but the last one has repaired something. */
const MOST_PASSES = 30;

/** @param options.file the name that faults bear */
export function fixRuleset(
	text: string,
	options: { readonly file?: string } = {},
): Fixed {
	const lines = text
		.split("\n")
		.map((line, index): DraftLine => ({ text: line, origin: index + 1 }));
	return fixLines(lines, options);
}

/** The same of lines that came from elsewhere. A ruleset that loads stays as it is. */
export function fixLines(
	lines: readonly DraftLine[],
	options: { readonly file?: string } = {},
): Fixed {
	const text = textOf(lines);
	const { faults } = checkRuleset(text, options);
	if (faults.length === 0) return { text, changes: [], faults };
	const changes: Change[] = [];
	let drafts: DraftLine[] = lines.map((line) => ({ ...line }));
	const seen = new Set<string>();
	for (let pass = 0; pass < MOST_PASSES; pass++) {
		const before = textOf(drafts);
		if (seen.has(before)) break;
		seen.add(before);
		drafts = fixOnce(drafts, changes);
	}
	changes.sort((a, b) => a.line - b.line);
	const fixed = textOf(drafts);
	return { text: fixed, changes, faults: checkRuleset(fixed, options).faults };
}

function textOf(lines: readonly DraftLine[]): string {
	return lines.map((line) => line.text).join("\n");
}

/** One pass over all lines; what it has repaired may show what else there is. */
function fixOnce(drafts: DraftLine[], changes: Change[]): DraftLine[] {
	for (const line of drafts) {
		fixLineEnd(line, changes);
		if (hasOddCharacters(line.text) && !isSound(line.text))
			fixCharacters(line, changes);
	}
	const lines = fixStructure(drafts, changes);
	fixNth(lines, changes);
	const announced = new Set<string>();
	for (const { table, from, to } of tablesOf(lines)) {
		const own = lines.slice(from, to);
		fixDeclarations(own, table, changes);
		const about = { table, announced, chains: chainsOf(own, table) };
		for (const line of own)
			if (line.text.startsWith(":")) announced.add(declared(line.text));
			else if (isRule(line.text)) fixRule(line, about, changes);
	}
	return declareChains(lines, changes);
}

/** A line that the parser takes as it is, odd characters only in the values of options such as `--comment`. */
function isSound(text: string): boolean {
	if (!isRule(text)) return false;
	const anywhere = { table: "", announced: new Set<string>(), chains: null };
	if (troubleOf(text, anywhere) !== null) return false;
	const { count, text: known } = words;
	return known
		.slice(0, count)
		.every(
			(word, index) =>
				!hasOddCharacters(word) || known[index - 1]?.startsWith("--"),
		);
}

/** What surrounds a rule. */
interface About extends Pick<LineContext, "table" | "announced"> {
	/** Chains that the table has, or gets because it has rules for them; `null`: any. */
	readonly chains: ReadonlySet<string> | null;
}

function isRule(line: string): boolean {
	return /^\[|^\s*[^\s*#:]/.test(line) && line !== "COMMIT";
}

const parser = new LineParser({ matches, targets });
const words = noWords();
const NO_CHAINS: ReadonlySet<string> = new Set();

/** What the parser says of a line: `null` when nothing. */
function troubleOf(line: string, about: About): Trouble | null {
	const { table } = about;
	const chains = about.chains ?? NO_CHAINS;
	const from = line.startsWith("[") ? line.indexOf("]") + 1 : 0;
	const raw = (): readonly string[] =>
		words.start
			.slice(0, words.count)
			.map((start, index) => line.slice(start, words.end[index]));
	try {
		splitWords(line, 0, from, line.length, words);
		const context = {
			line: 1,
			restore: true,
			counters: null,
			countersAreOption: false,
			table,
			announced: about.announced,
		};
		const command = parser.parse(words, context);
		const { message, at } = unknownChain(command, about.chains, words.text);
		if (message === "") return null;
		return { words: raw(), message, at, chains, table };
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		const at = error.word >= 0 ? error.word : parser.word;
		return { words: raw(), message: error.message, at, chains, table };
	}
}

/** A rule for a chain, or with a jump to one, that the table does not have. */
function unknownChain(
	command: Command,
	chains: ReadonlySet<string> | null,
	words: readonly string[],
): { readonly message: string; readonly at: number } {
	if (!("rules" in command) || chains === null) return { message: "", at: 0 };
	const target = command.rules[0]?.target;
	const jump = target && "chain" in target ? target.chain : command.chain;
	for (const name of [command.chain, jump])
		if (!chains.has(name))
			return { message: `no chain ${name}`, at: words.lastIndexOf(name) };
	return { message: "", at: 0 };
}

function fixRule(line: DraftLine, about: About, changes: Change[]): void {
	const seen = new Set<string>();
	while (seen.size < MOST_REPAIRS) {
		seen.add(line.text);
		const trouble = troubleOf(line.text, about);
		if (trouble === null) {
			addProtocol(line, changes);
			return;
		}
		const better = repair(line.text, trouble, about);
		if (better === null || seen.has(better.after)) return;
		changes.push({ line: line.origin, before: line.text, ...better });
		line.text = better.after;
	}
}

/** Of a line that the parser takes, and the kernel would not. */
function addProtocol(line: DraftLine, changes: Change[]): void {
	const { text } = line;
	const from = /^\[[^\]]*\]\s*/.exec(text)?.[0].length ?? 0;
	splitWords(text, 0, from, text.length, words);
	const raw = words.start
		.slice(0, words.count)
		.map((start, index) => text.slice(start, words.end[index]));
	const repaired = missingProtocol(raw);
	if (repaired === null) return;
	line.text = text.slice(0, from) + repaired.words.join(" ");
	const { origin } = line;
	const { what } = repaired;
	changes.push({ line: origin, what, before: text, after: line.text });
}

/** The first repair that leads on: the next trouble is another one, or stands further right. */
function repair(
	text: string,
	trouble: Trouble,
	about: About,
): { readonly what: string; readonly after: string } | null {
	const counters = /^\[[^\]]*\]\s*/.exec(text)?.[0] ?? "";
	const line = ({ words }: Repair): string => counters + words.join(" ");
	// Behind a `-j` that names nothing, no option of the target that was meant is known.
	const jump = unknownJump(trouble);
	for (const fixer of jump < trouble.at ? NAME_FIXERS : []) {
		const proposal = fixer({ ...trouble, at: jump });
		if (proposal) return { what: proposal.what, after: line(proposal) };
	}
	for (const fixer of FIXERS) {
		const proposal = fixer(trouble);
		if (proposal === null) continue;
		const after = line(proposal);
		if (leadsOn(trouble, troubleOf(after, about), proposal))
			return { what: proposal.what, after };
	}
	return null;
}

/** Is the next trouble another one, which is no fault of the repair? */
function leadsOn(
	trouble: Trouble,
	next: Trouble | null,
	{ isGuess = false }: Repair,
): boolean {
	if (next === null) return true;
	const isOption = trouble.words[trouble.at]?.startsWith("--");
	const own = next.at - trouble.at;
	if (isGuess && (own === 0 || (isOption && own === 1))) return false;
	return next.message !== trouble.message || next.at > trouble.at;
}

/** Index of a name behind `-j` that is neither a target nor a chain; past all words when there is none. */
function unknownJump({ words, chains }: Trouble): number {
	const at = words.indexOf("-j") + 1;
	const name = words[at] ?? "";
	const known = targets.has(name) || chains.has(name) || VERDICTS.has(name);
	return at === 0 || known ? words.length : at;
}
