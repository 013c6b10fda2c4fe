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
import { fixCharacters } from "./fix-characters.ts";
import { fixStructure } from "./fix-structure.ts";
import {
	BUILT_IN,
	FIXERS,
	NAME_FIXERS,
	type Repair,
	type Trouble,
} from "./fix-words.ts";
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
	let about: About = { table: "", announced: new Set(), chains: new Set() };
	const announced = new Set<string>();
	lines.forEach((line, index) => {
		if (line.text.startsWith("*")) {
			const table = line.text.slice(1).trim();
			about = { table, announced, chains: chainsOf(lines, index) };
		} else if (line.text.startsWith(":")) announced.add(declared(line.text));
		else if (isRule(line.text)) fixRule(line, about, changes);
	});
	lines = declareChains(lines, changes);
	const fixed = lines.map((line) => line.text).join("\n");
	changes.sort((a, b) => a.line - b.line);
	return { text: fixed, changes, faults: checkRuleset(fixed, options).faults };
}

/** What surrounds a rule. */
interface About extends Pick<LineContext, "table" | "announced"> {
	/** Chains that the table has, or gets because it has rules for them. */
	readonly chains: ReadonlySet<string>;
}

function isRule(line: string): boolean {
	return /^\[|^\s*[^\s*#:]/.test(line) && line !== "COMMIT";
}

/** The chain of a line `:CHAIN …`. */
function declared(line: string): string {
	return line.slice(1).trim().split(/\s+/)[0] ?? "";
}

/** The chains of the table whose header is line `header`. */
function chainsOf(lines: readonly DraftLine[], header: number): Set<string> {
	const chains = new Set(BUILT_IN);
	for (const { text } of lines.slice(header + 1)) {
		if (text.startsWith("*")) break;
		if (text.startsWith(":")) chains.add(declared(text));
		const named = /(?:^|\s)(?:-[AIN]|--append|--new-chain)\s+(\S+)/.exec(
			text,
		)?.[1];
		if (named !== undefined && !BUILT_IN.has(named.toUpperCase()))
			chains.add(named);
	}
	return chains;
}

const parser = new LineParser({ matches, targets });

/** What the parser says of a line: `null` when nothing. */
function troubleOf(line: string, about: About): Trouble | null {
	const { chains } = about;
	const words = noWords();
	const from = line.startsWith("[") ? line.indexOf("]") + 1 : 0;
	const raw = (): readonly string[] =>
		words.start.map((start, index) => line.slice(start, words.end[index]));
	try {
		splitWords(line, 0, from, line.length, words);
		const context = {
			line: 1,
			restore: true,
			counters: null,
			countersAreOption: false,
			...about,
		};
		const command = parser.parse(words, context);
		const { message, at } = unknownChain(command, chains, words.text);
		return message === "" ? null : { words: raw(), message, at, chains };
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		const at = error.word >= 0 ? error.word : parser.word;
		return { words: raw(), message: error.message, at, chains };
	}
}

/** A rule for a chain, or with a jump to one, that the table does not have. */
function unknownChain(
	command: Command,
	chains: ReadonlySet<string>,
	words: readonly string[],
): { readonly message: string; readonly at: number } {
	if (!("rules" in command)) return { message: "", at: 0 };
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
		if (trouble === null) return;
		const better = repair(line.text, trouble, about);
		if (better === null || seen.has(better.after)) return;
		changes.push({ line: line.origin, before: line.text, ...better });
		line.text = better.after;
	}
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

/** Index of a name behind `-j` that is neither a target nor a chain; past all words when there is none. */
function unknownJump({ words, chains }: Trouble): number {
	const at = words.indexOf("-j") + 1;
	const name = words[at] ?? "";
	const known = targets.has(name) || chains.has(name) || VERDICTS.has(name);
	return at === 0 || known ? words.length : at;
}

/** Chains that have rules and were never declared get their declaration behind the table's header. */
function declareChains(
	lines: readonly DraftLine[],
	changes: Change[],
): DraftLine[] {
	const { faults } = checkRuleset(lines.map((line) => line.text).join("\n"));
	const missing = new Map<number, Set<string>>();
	const there = new Map<number, Set<string>>();
	let header = -1;
	const headers = lines.map(({ text }, index) => {
		if (text.startsWith("*")) {
			header = index;
			there.set(header, new Set());
		} else if (text.startsWith(":")) there.get(header)?.add(declared(text));
		return header;
	});
	for (const fault of faults) {
		const chain = /^line \d+ failed \(No chain/.test(fault.message)
			? fault.text.slice(fault.column - 1, fault.column - 1 + fault.length)
			: "";
		const at = headers[fault.line - 1] ?? -1;
		if (!/^[\w.-]{1,28}$/.test(chain) || chain.startsWith("-") || at < 0)
			continue;
		// Who is declared and not there was deleted in between.
		if (there.get(at)?.has(chain)) continue;
		const known = missing.get(at) ?? new Set();
		missing.set(at, known.add(chain));
	}
	if (missing.size === 0) return [...lines];
	const more = lines.flatMap((line, index) => {
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
	// A rule whose target was missing is told to lack its own chain only now.
	return declareChains(more, changes);
}
