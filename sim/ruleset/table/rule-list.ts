/**
 * The rules of a chain while thousands of commands change them: a number, a place and an equal rule
 * are found in less than linear time. The rules lie in pieces of bounded length. Pieces, and the
 * rules of a piece, have labels that grow with their place, so that of several equal rules the first
 * is found without counting.
 */

import type { Rule } from "../../contract/ruleset.ts";
import { NO_COUNTERS } from "../base/command.ts";
import { neverEqual, ruleKey, sameBut } from "./equal.ts";

/** A chain, as the rules that jump to it know it; it may be renamed. */
export interface JumpedTo {
	readonly id: number;
	readonly name: string;
	/** Jumps and gotos to it. */
	references: number;
}

/** A rule at its place. */
export interface Entry {
	rule: Rule;
	/** The chain that it jumps to. */
	readonly to: JumpedTo | null;
	piece: Piece;
	/** Grows from the piece's first rule to its last. */
	label: number;
	/** When it came, on the table's clock. */
	readonly since: number;
	removed: boolean;
}

interface Piece {
	/** Grows from the chain's first piece to its last. */
	label: number;
	/** Never empty. */
	readonly entries: Entry[];
}

const LONGEST_PIECE = 1024;
/** Between the labels of neighbours: it can be halved twenty times. */
const LABEL_STEP = 2 ** 20;
/** As many searches go through all rules before an index is worth its making. */
const SEARCHES_WITHOUT_INDEX = 8;

/** A class because it changes with every command. */
export class RuleList {
	length = 0;
	private readonly pieces: Piece[] = [];
	/** Entries by what `-D` and `-C` compare, the one with the least label first (a heap). */
	private index: Map<string, Entry[]> | null = null;
	private searches = 0;

	push(rule: Rule, to: JumpedTo | null, since: number): Entry {
		return this.insert(this.length, rule, to, since);
	}

	/** @param at from 0, at most `length` */
	insert(at: number, rule: Rule, to: JumpedTo | null, since: number): Entry {
		const { piece, within } = this.roomAt(at);
		const label = labelAt(piece.entries, within);
		const entry = { rule, to, piece, label, since, removed: false };
		piece.entries.splice(within, 0, entry);
		this.length++;
		this.addToIndex(entry);
		return entry;
	}

	/** @param at from 0, less than `length` */
	at(at: number): Entry {
		const { piece, within } = this.locate(at);
		return this.pieces[piece]?.entries[within] as Entry;
	}

	remove(entry: Entry): void {
		const { entries } = entry.piece;
		entries.splice(placeOf(entries, entry.label), 1);
		if (entries.length === 0)
			this.pieces.splice(placeOf(this.pieces, entry.piece.label), 1);
		entry.removed = true;
		this.length--;
	}

	/**
	 * The first rule that is the same to `-D` and `-C`, or `null`.
	 * @param unseen rules that are not meant
	 */
	same(
		rule: Rule,
		to: JumpedTo | null,
		unseen: ReadonlySet<Entry>,
	): Entry | null {
		if (neverEqual(rule) !== null) return null;
		const isFew =
			this.index === null && this.searches++ < SEARCHES_WITHOUT_INDEX;
		if (isFew || unseen.size > 0) {
			for (const entry of this) {
				const isSame =
					entry.to === to &&
					!unseen.has(entry) &&
					sameBut(entry.rule, rule, to !== null);
				if (isSame) return entry;
			}
			return null;
		}
		if (this.index === null) {
			this.index = new Map();
			for (const entry of this) this.addToIndex(entry);
		}
		const heap = this.index.get(ruleKey(rule, to)) ?? [];
		while (heap[0]?.removed) popLeast(heap);
		return heap[0] ?? null;
	}

	*[Symbol.iterator](): Iterator<Entry> {
		for (const { entries } of this.pieces) yield* entries;
	}

	/**
	 * The rules as data: renamed chains by their names, counters as they are.
	 * @param zeroedAt those that were there then begin anew
	 */
	rules(zeroedAt: number): Rule[] {
		const rules = new Array<Rule>(this.length);
		let index = 0;
		for (const { entries } of this.pieces)
			for (const entry of entries) {
				entry.rule = current(entry, zeroedAt);
				rules[index++] = entry.rule;
			}
		return rules;
	}

	private addToIndex(entry: Entry): void {
		if (this.index === null || neverEqual(entry.rule) !== null) return;
		const key = ruleKey(entry.rule, entry.to);
		const heap = this.index.get(key);
		if (heap === undefined) this.index.set(key, [entry]);
		else pushOnto(heap, entry);
	}

	/** A piece that has room, and where in it the rule `at` is to stand. */
	private roomAt(at: number): { piece: Piece; within: number } {
		const { piece: index, within } = this.locate(at);
		const piece = this.pieces[index];
		if (piece === undefined) {
			const first = { label: 0, entries: [] };
			this.pieces.push(first);
			return { piece: first, within: 0 };
		}
		if (piece.entries.length < LONGEST_PIECE) return { piece, within };
		// Rules are mostly put behind each other: the piece stays whole then.
		const cut = within === LONGEST_PIECE ? within : LONGEST_PIECE / 2;
		const label = labelAt(this.pieces, index + 1);
		const next: Piece = { label, entries: piece.entries.splice(cut) };
		for (const entry of next.entries) entry.piece = next;
		this.pieces.splice(index + 1, 0, next);
		return within < cut
			? { piece, within }
			: { piece: next, within: within - cut };
	}

	private locate(at: number): { piece: number; within: number } {
		let within = at;
		const last = this.pieces.length - 1;
		if (at === this.length && last >= 0)
			return { piece: last, within: this.pieces[last]?.entries.length ?? 0 };
		let piece = 0;
		for (; piece < last; piece++) {
			const { length } = (this.pieces[piece] as Piece).entries;
			if (within < length) break;
			within -= length;
		}
		return { piece, within };
	}
}

/** A label between those of the neighbours; where there is none, all are given anew. */
function labelAt(all: readonly { label: number }[], at: number): number {
	const before = all[at - 1];
	const behind = all[at];
	if (before === undefined)
		return behind === undefined ? 0 : behind.label - LABEL_STEP;
	if (behind === undefined) return before.label + LABEL_STEP;
	if (behind.label - before.label < 2)
		for (const [index, one] of all.entries()) one.label = index * LABEL_STEP;
	return Math.floor((before.label + behind.label) / 2);
}

/** Index of what has this label. */
function placeOf(all: readonly { readonly label: number }[], label: number) {
	let low = 0;
	let high = all.length;
	while (high - low > 1) {
		const middle = (low + high) >> 1;
		if ((all[middle]?.label ?? 0) <= label) low = middle;
		else high = middle;
	}
	return low;
}

function standsBefore(a: Entry, b: Entry): boolean {
	return a.piece === b.piece
		? a.label < b.label
		: a.piece.label < b.piece.label;
}

function current({ rule, to, since }: Entry, zeroedAt: number): Rule {
	const { target } = rule;
	const renamed =
		to !== null &&
		(target?.kind === "jump" || target?.kind === "goto") &&
		target.chain !== to.name;
	const { packets, bytes } = rule.counters;
	const zeroed = since < zeroedAt && (packets !== 0 || bytes !== 0);
	if (!renamed && !zeroed) return rule;
	return {
		...(zeroed ? begunAnew(rule) : rule),
		target: renamed ? { ...target, chain: to.name } : target,
	};
}

/** The rule in a rule's place that is zeroed: what was counted and what it remembers are gone (`NLM_F_REPLACE`). */
export function begunAnew({ handle: _, ...rule }: Rule): Rule {
	return { ...rule, counters: NO_COUNTERS };
}

function pushOnto(heap: Entry[], entry: Entry): void {
	let at = heap.push(entry) - 1;
	while (at > 0) {
		const parent = (at - 1) >> 1;
		const above = heap[parent] as Entry;
		if (!standsBefore(entry, above)) break;
		heap[at] = above;
		at = parent;
	}
	heap[at] = entry;
}

function popLeast(heap: Entry[]): void {
	const last = heap.pop();
	if (last === undefined || heap.length === 0) return;
	let at = 0;
	for (;;) {
		let child = 2 * at + 1;
		const right = heap[child + 1];
		if (right !== undefined && standsBefore(right, heap[child] as Entry))
			child++;
		const below = heap[child];
		if (below === undefined || !standsBefore(below, last)) break;
		heap[at] = below;
		at = child;
	}
	heap[at] = last;
}
