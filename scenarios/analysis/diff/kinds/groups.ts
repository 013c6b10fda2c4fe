/**
 * Rules of a chain, where a run of rules that differ in one field alone and end the walk alike is one: a list of
 * 32,000 addresses to drop is one question, and not 32,000.
 */
import type { Rule } from "../../../../sim/contract/ruleset.ts";
import type { Comparison } from "../../../../sim/extension/traits.ts";
import { matches } from "../../../../sim/matches/index.ts";
import { comparisonsOf, endOf } from "../../../../sim/ruleset/rule-traits.ts";
import {
	type Intervals,
	intervalsText,
	normalized,
} from "../../spaces/intervals.ts";
import { HEADER_FIELDS, type Space, takenBy } from "../../spaces/space.ts";

export interface Group {
	/** The first of its rules, which stands for all. */
	readonly rule: Rule;
	/** Packets that one of them takes. */
	readonly taken: Space;
}

const known = new WeakMap<
	readonly Rule[],
	Map<readonly string[], readonly Group[]>
>();

/** @returns in their order, without rules that take no packet */
export function groupsOf(
	rules: readonly Rule[],
	interfaces: readonly string[],
): readonly Group[] {
	const ofRules = known.get(rules) ?? new Map();
	known.set(rules, ofRules);
	const before = ofRules.get(interfaces);
	if (before !== undefined) return before;
	const groups = made(rules, interfaces);
	ofRules.set(interfaces, groups);
	return groups;
}

type Field = (typeof HEADER_FIELDS)[number];

interface Run extends Group {
	readonly ends: string | null;
	/** In which its rules differ; `null`: it has one rule. */
	field: Field | null;
	readonly parts: (readonly [number, number])[];
}

function made(
	rules: readonly Rule[],
	interfaces: readonly string[],
): readonly Group[] {
	const runs: Run[] = [];
	for (const [index, taken] of takenBy(rules, interfaces).entries()) {
		if (taken === null) continue;
		const rule = rules[index] as Rule;
		const ends = endText(rule);
		const last = runs.at(-1);
		const field =
			last === undefined || ends === null || ends !== last.ends
				? null
				: differingField(last.taken, taken);
		if (
			last === undefined ||
			field === null ||
			(last.field !== null && last.field !== field)
		) {
			runs.push({ rule, taken, ends, field: null, parts: [] });
			continue;
		}
		if (last.field === null) last.parts.push(...last.taken[field]);
		last.field = field;
		last.parts.push(...taken[field]);
	}
	return runs.map(({ rule, taken, field, parts }) => {
		if (field === null) return { rule, taken };
		return { rule, taken: { ...taken, [field]: normalized(parts) } };
	});
}

/** Equal for rules that end the walk alike for all packets that they take; `null`: it may go on. */
function endText(rule: Rule): string | null {
	const isPlain =
		endOf(rule.target) !== null &&
		isExact(rule) &&
		!comparisonsOf(rule).some(isOfSeveral);
	return isPlain ? JSON.stringify(rule.target) : null;
}

/** The one field in which two spaces differ; `null`: none, or another one too. */
function differingField(one: Space, other: Space): Field | null {
	const isSame =
		isEqual(one.protocol, other.protocol) &&
		one.interfaces.join() === other.interfaces.join();
	if (!isSame) return null;
	const fields = HEADER_FIELDS.filter(
		(field) => !isEqual(one[field], other[field]),
	);
	const [first = "source", ...more] = fields;
	return more.length === 0 ? first : null;
}

function isEqual(one: Intervals, other: Intervals): boolean {
	return one === other || intervalsText(one) === intervalsText(other);
}

/** Do its header and its matches ask for nothing but what they compare with constants? */
export function isExact(rule: Rule): boolean {
	const { header, matches: uses, asWritten } = rule;
	if (header.fragment !== null || header.outInterface !== null) return false;
	if (hasGaps(header.source.mask) || hasGaps(header.destination.mask))
		return false;
	if (asWritten !== undefined) return false;
	return uses.every(({ name, options }) => {
		const match = matches.get(name);
		return (
			match?.alwaysMatches === true || match?.comparesAll?.(options) === true
		);
	});
}

/** Is it no network, but some bits of an address? */
export function hasGaps(mask: number): boolean {
	const hosts = ~mask >>> 0;
	return (hosts & (hosts + 1)) !== 0;
}

/** A comparison of one field or another. */
export function isOfSeveral({ fields }: Comparison): boolean {
	return fields.length > 1;
}
