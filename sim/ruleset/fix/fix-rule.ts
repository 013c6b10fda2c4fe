/** Repairs of one line that is a rule, as far as each of them leads on and all of them help. */

import { Refusal } from "../../extension/refusal.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import { targets } from "../../targets/index.ts";
import type { Command } from "../base/command.ts";
import { noWords, splitWords } from "../base/lexer.ts";
import { VERDICTS } from "../base/tables.ts";
import type { LineContext } from "../line/base-options.ts";
import { LineParser } from "../line/line-parser.ts";
import type { Change, DraftLine } from "./change.ts";
import { hasOddCharacters } from "./fix-characters.ts";
import { missingProtocol } from "./fix-missing.ts";
import { FIXERS, NAME_FIXERS } from "./fix-words.ts";
import type { Repair, Trouble } from "./fixer.ts";

/** A line takes at most this many repairs. */
const MOST_REPAIRS = 40;

/** A line that the parser takes as it is, odd characters only in the values of options such as `--comment`. */
export function isSound(text: string, behaviour: Behaviour): boolean {
	if (!isRule(text)) return false;
	const announced = new Set<string>();
	const anywhere = { table: "", announced, chains: null, behaviour };
	const words = noWords();
	if (troubleOf(text, anywhere, words) !== null) return false;
	const { count, text: known } = words;
	return known
		.slice(0, count)
		.every(
			(word, index) =>
				!hasOddCharacters(word) || known[index - 1]?.startsWith("--"),
		);
}

/** What surrounds a rule. */
export interface About
	extends Pick<LineContext, "table" | "announced" | "behaviour"> {
	/** Chains that the table has, or gets because it has rules for them; `null`: any. */
	readonly chains: ReadonlySet<string> | null;
}

export function isRule(line: string): boolean {
	return /^\[|^\s*[^\s*#:]/.test(line) && line !== "COMMIT";
}

const NO_CHAINS: ReadonlySet<string> = new Set();

/** What the parser says of a line: `null` when nothing. @param words receives those of the line */
function troubleOf(
	line: string,
	about: About,
	words = noWords(),
): Trouble | null {
	const parser = new LineParser();
	const { table } = about;
	const chains = about.chains ?? NO_CHAINS;
	const from = line.startsWith("[") ? line.indexOf("]") + 1 : 0;
	const raw = (): readonly string[] =>
		words.start
			.slice(0, words.count)
			.map((start, index) => line.slice(start, words.end[index]));
	try {
		splitWords(line, from, line.length, words);
		const context = {
			line: 1,
			restore: true,
			counters: null,
			countersAreOption: false,
			table,
			announced: about.announced,
			behaviour: about.behaviour,
		};
		const command = parser.parse(words, context);
		const { message, at } = unknownChain(command, about.chains, words.text);
		if (message === "") return null;
		return { words: raw(), message, at, chains, table, faults: 1 };
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		const at = error.word >= 0 ? error.word : parser.word;
		const { message } = error;
		const isParsers = parser.refusals[0] === error;
		const faults = isParsers ? parser.refusals.length : 1;
		return { words: raw(), message, at, chains, table, faults };
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

/**
 * A repair may show what else is wrong behind it, so they are judged together: those count that leave
 * the line with the fewest faults (of as many, with the first furthest on), and none where nothing is won.
 */
export function fixRule(
	line: DraftLine,
	about: About,
	changes: Change[],
): void {
	const seen = new Set<string>();
	const made: Change[] = [];
	let text = line.text;
	let trouble = troubleOf(text, about);
	let least = weightOf(trouble);
	let helped = 0;
	while (trouble !== null && seen.size < MOST_REPAIRS) {
		seen.add(text);
		const better = repair(text, trouble, about);
		if (better === null || seen.has(better.after)) break;
		made.push({ line: line.origin, before: text, ...better });
		text = better.after;
		trouble = troubleOf(text, about);
		const weight = weightOf(trouble);
		if (weight >= least) continue;
		least = weight;
		helped = made.length;
	}
	changes.push(...made.slice(0, helped));
	line.text = made[helped - 1]?.after ?? line.text;
	if (trouble === null) addProtocol(line, changes);
}

/** Of a line that the parser takes, and the kernel would not. */
function addProtocol(line: DraftLine, changes: Change[]): void {
	const { text } = line;
	const from = /^\[[^\]]*\]\s*/.exec(text)?.[0].length ?? 0;
	const words = noWords();
	splitWords(text, from, text.length, words);
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

/** By the number of faults, then by the octets that stand behind the first. */
function weightOf(trouble: Trouble | null): number {
	if (trouble === null) return 0;
	const { faults, words, at } = trouble;
	return faults * 2 ** 20 + words.slice(at + 1).join(" ").length;
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
