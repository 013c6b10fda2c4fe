/**
 * Repairs a ruleset where one repair is plainly meant, and says what it did; the rest stays as it
 * is and is reported.
 *
 * ```ts
 * const { text, changes, faults } = fixRuleset(asPublished);
 * ```
 */

import {
	type Behaviour,
	behaviourOf,
	DEFAULT_BEHAVIOUR,
} from "../../linux/behaviour.ts";
import { DEFAULT_LINUX, type Linux } from "../../linux/linux.ts";
import type { Fault } from "../base/ruleset-error.ts";
import { checkRuleset } from "../parse.ts";
import type { Change, DraftLine } from "./change.ts";
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
import { fixNth } from "./fix-nth.ts";
import { fixRule, isRule, isSound } from "./fix-rule.ts";
import { fixStructure } from "./fix-structure.ts";

/** A repaired ruleset: its text, what was changed, and the faults that are left. @public */
export interface Fixed {
	readonly text: string;
	readonly changes: readonly Change[];
	/** What is left; lines are those of the repaired text. */
	readonly faults: readonly Fault[];
}

/** A text takes at most as many passes: each but the last one has repaired something. */
const MOST_PASSES = 30;

/** So often it is tried without the repairs that did not help. */
const MOST_ROUNDS = 8;

/** Whose rules they are. @public */
export interface FixOptions {
	/** The name that faults bear. */
	readonly file?: string;
	/** Whose iptables reads them; left out: Debian 12 with iptables-legacy. */
	readonly linux?: Linux;
}

/**
 * Repairs the faults of a text for which there is one obvious repair.
 * @public
 */
export function fixRuleset(text: string, options: FixOptions = {}): Fixed {
	const lines = text
		.split("\n")
		.map((line, index): DraftLine => ({ text: line, origin: index + 1 }));
	const { text: repaired, changes, faults } = fixLines(lines, options);
	return { text: repaired, changes, faults };
}

/** With its lines, each with the number that it had. */
export interface FixedLines extends Fixed {
	readonly lines: readonly DraftLine[];
}

/**
 * The same of lines that came from elsewhere. A ruleset that loads stays as it is, and so does each
 * line whose repairs leave it with as many faults as it had, and the first no further on.
 */
export function fixLines(
	lines: readonly DraftLine[],
	options: FixOptions = {},
): FixedLines {
	const text = textOf(lines);
	const { faults } = checkRuleset(text, options);
	let best: Attempt = { drafts: lines, changes: [], text, faults };
	// What helps may be possible only once something else is repaired.
	for (;;) {
		const better = repaired(best, options);
		if (better === null) break;
		best = { ...better, changes: [...best.changes, ...better.changes] };
	}
	const changes = [...best.changes].sort((a, b) => a.line - b.line);
	const { drafts, faults: left } = best;
	return { text: best.text, changes, faults: left, lines: drafts };
}

interface Attempt extends Fixed {
	readonly drafts: readonly DraftLine[];
}

/** @returns `null` unless it has fewer faults, or as many further on */
function repaired(
	{ drafts: lines, faults }: Attempt,
	options: FixOptions,
): Attempt | null {
	if (faults.length === 0) return null;
	const before = weigh(faults);
	const left = new Set<number>();
	for (let round = 0; round < MOST_ROUNDS; round++) {
		const attempt = tryToFix(lines, left, options);
		const after = weigh(attempt.faults);
		const known = left.size;
		attempt.drafts.forEach(({ text, at = -1 }, index) => {
			const weight = after.lines.get(index + 1) ?? 0;
			const isChanged = at >= 0 && text !== lines[at]?.text;
			if (isChanged && weight > 0 && weight >= (before.lines.get(at + 1) ?? 0))
				left.add(at);
		});
		if (left.size > known) continue;
		// What is read now and was not before may have more faults than were repaired.
		const more = attempt.faults.length - faults.length;
		const helps = more < 0 || (more === 0 && after.sum < before.sum);
		return helps ? attempt : null;
	}
	return null;
}

/**
 * How wrong each line is: by the number of its faults, then by what stands behind the first of them,
 * which nobody has read yet.
 */
function weigh(faults: readonly Fault[]): {
	readonly lines: ReadonlyMap<number, number>;
	readonly sum: number;
} {
	const lines = new Map<number, number>();
	let sum = 0;
	for (const { line, text, column } of faults) {
		const known = lines.get(line);
		const more =
			FAULT + (known === undefined ? Math.max(0, text.length - column) : 0);
		lines.set(line, (known ?? 0) + more);
		sum += more;
	}
	return { lines, sum };
}

/** Weighs more than the rest of any line. */
const FAULT = 2 ** 20;

/** @param left indices of lines that stay as they are */
function tryToFix(
	lines: readonly DraftLine[],
	left: ReadonlySet<number>,
	options: FixOptions,
): Attempt {
	const changes: Change[] = [];
	let drafts: DraftLine[] = lines.map((line, at) => ({
		...line,
		at,
		isLeft: left.has(at),
	}));
	const seen = new Set<string>();
	for (let pass = 0; pass < MOST_PASSES; pass++) {
		const before = textOf(drafts);
		if (seen.has(before)) break;
		seen.add(before);
		drafts = fixOnce(drafts, changes, readerOf(options));
	}
	const text = textOf(drafts);
	const { faults } = checkRuleset(text, options);
	return { text, changes, faults, drafts };
}

function textOf(lines: readonly DraftLine[]): string {
	return lines.map((line) => line.text).join("\n");
}

/** The iptables that reads single lines: what is to be repaired is known by the words of 1.8.9. */
function readerOf({ linux = DEFAULT_LINUX }: FixOptions): Behaviour {
	return { ...behaviourOf(linux), words: DEFAULT_BEHAVIOUR.words };
}

/** One pass over all lines; what it has repaired may show what else there is. */
function fixOnce(
	drafts: DraftLine[],
	changes: Change[],
	behaviour: Behaviour,
): DraftLine[] {
	for (const line of drafts) {
		if (line.isLeft) continue;
		fixLineEnd(line, changes);
		if (hasOddCharacters(line.text) && !isSound(line.text, behaviour))
			fixCharacters(line, changes);
	}
	const lines = fixStructure(drafts, changes);
	fixNth(lines, changes);
	const announced = new Set<string>();
	for (const { table, from, to } of tablesOf(lines)) {
		const own = lines.slice(from, to);
		fixDeclarations(own, table, changes);
		const chains = chainsOf(own, table);
		const about = { table, announced, chains, behaviour };
		for (const line of own)
			if (line.text.startsWith(":")) announced.add(declared(line.text));
			else if (!line.isLeft && isRule(line.text)) fixRule(line, about, changes);
	}
	return declareChains(lines, changes);
}
