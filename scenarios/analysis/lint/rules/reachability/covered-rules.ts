/**
 * Rules that no packet comes to, because one in front of them in the same chain takes all of their packets
 * and does not let them go on. What a rule takes is compared as sets of headers, where its matches ask for
 * nothing else; other matches have to stand in both rules.
 */
import type {
	Chain,
	InterfaceMatch,
	Rule,
	Ruleset,
	Table,
} from "../../../../../sim/contract/ruleset.ts";
import type { HeaderField } from "../../../../../sim/extension/traits.ts";
import { matches } from "../../../../../sim/matches/index.ts";
import {
	comparisonsOf,
	endOf,
	marksOf,
} from "../../../../../sim/ruleset/rule-traits.ts";
import { targets } from "../../../../../sim/targets/index.ts";
import {
	ALL,
	complement,
	type Intervals,
	intersection,
	isAll,
	isWithin,
} from "../../../spaces/intervals.ts";
import { GREATEST_OF } from "../../../spaces/space.ts";
import { eachRule, type PlacedRule } from "../../each-rule.ts";
import { ChainEnds } from "./chain-ends.ts";

export interface Covered {
	readonly placed: PlacedRule;
	/** The rule that takes its packets. */
	readonly by: PlacedRule;
}

const known = new WeakMap<Ruleset, readonly Covered[]>();

export function coveredRules(ruleset: Ruleset): readonly Covered[] {
	const found = known.get(ruleset) ?? findCovered(ruleset);
	known.set(ruleset, found);
	return found;
}

function findCovered(ruleset: Ruleset): readonly Covered[] {
	const byChain = new Map<Chain, PlacedRule[]>();
	const ends = new Map<Table, ChainEnds>();
	const tables = new Map<Chain, Table>();
	for (const placed of eachRule(ruleset)) {
		const list = byChain.get(placed.chain);
		if (list === undefined) byChain.set(placed.chain, [placed]);
		else list.push(placed);
		tables.set(placed.chain, placed.table);
		if (!ends.has(placed.table))
			ends.set(placed.table, new ChainEnds(placed.table));
	}
	return [...byChain].flatMap(([chain, rules]) =>
		coveredIn(rules, ends.get(tables.get(chain) as Table) as ChainEnds),
	);
}

/** What a rule takes, as far as headers go. */
interface Taken {
	readonly placed: PlacedRule;
	readonly fields: Readonly<Record<HeaderField, Intervals>>;
	/** Matches that ask for something else, as JSON. */
	readonly others: readonly string[];
	/** Where it stands among the rules of the chain. */
	readonly index: number;
}

function coveredIn(
	rules: readonly PlacedRule[],
	ends: ChainEnds,
): readonly Covered[] {
	const found: Covered[] = [];
	const covers = new Covers();
	/** Behind how many rules the last one stands that may change what matches ask. */
	let changed = -1;
	for (const [index, placed] of rules.entries()) {
		if (placed.rule.asWritten !== undefined) continue;
		const taken = takenOf(placed, index);
		const by = covers.of(taken, changed);
		if (by !== null) found.push({ placed, by });
		else if (ends.endsChain(placed.rule) && isExact(placed.rule))
			covers.add(taken);
		if (mayChange(placed.rule)) changed = index;
	}
	return found;
}

/** Its packets may come back marked, or with another TOS. */
function mayChange({ target }: Rule): boolean {
	if (target?.kind === "jump") return true;
	return (
		target?.kind === "extension" &&
		endOf(target) === null &&
		targets.get(target.name)?.onlyReports !== true
	);
}

const FIELDS = [
	"destination",
	"source",
	"sourcePort",
	"destinationPort",
] as const satisfies readonly HeaderField[];

function takenOf(placed: PlacedRule, index: number): Taken {
	const ports: Intervals = [[0, GREATEST_OF.destinationPort]];
	const fields = {
		destination: ALL,
		source: ALL,
		sourcePort: ports,
		destinationPort: ports,
	};
	for (const { fields: some, ranges, inverted } of comparisonsOf(placed.rule)) {
		if (some.length > 1 && !inverted) continue;
		const wanted = inverted ? complement(ranges) : ranges;
		for (const field of some)
			fields[field] = intersection(fields[field], wanted);
	}
	const others = placed.rule.matches
		.filter(({ name, options }) => {
			const match = matches.get(name);
			return !match?.alwaysMatches && !match?.comparesAll?.(options);
		})
		.map((use) => JSON.stringify(use));
	return { placed, fields, others, index };
}

/** Do its comparisons, and matches that another rule may have too, say all that it takes? */
function isExact(rule: Rule): boolean {
	const areRanges = comparisonsOf(rule).every(
		({ fields, inverted }) => fields.length === 1 || inverted,
	);
	return (
		areRanges &&
		rule.matches.every(({ name, options }) => {
			const match = matches.get(name);
			const kind = match?.question?.(options)?.kind;
			return (
				match !== undefined &&
				match.stateful !== true &&
				(kind === undefined || kind === "condition")
			);
		})
	);
}

/** Rules that end the chain for what they take, found by the network of the destination and of the source. */
class Covers {
	private readonly rules = new Map<string, Taken[]>();
	/** Lengths of prefixes that are there. */
	private readonly lengths = new Set<string>();

	add(taken: Taken): void {
		const { destination, source, destinationPort } = taken.fields;
		const [to, from] = [prefixOf(destination), prefixOf(source)];
		const port = singleOf(destinationPort);
		this.lengths.add(`${to.length} ${from.length}`);
		const key = keyOf(to, from, port);
		const list = this.rules.get(key);
		if (list === undefined) this.rules.set(key, [taken]);
		else list.push(taken);
	}

	/** @param changed rules behind which what matches ask may be another */
	of(taken: Taken, changed: number): PlacedRule | null {
		const { destination, source, destinationPort } = taken.fields;
		const to = destination[0]?.[0];
		const from = source[0]?.[0];
		if (to === undefined || from === undefined) return null;
		const ports = new Set([null, singleOf(destinationPort)]);
		for (const pair of this.lengths) {
			const [toLength = 0, fromLength = 0] = pair.split(" ").map(Number);
			for (const port of ports) {
				const key = keyOf(
					{ base: baseOf(to, toLength), length: toLength },
					{ base: baseOf(from, fromLength), length: fromLength },
					port,
				);
				for (const one of this.rules.get(key) ?? [])
					if (covers(one, taken, changed)) return one.placed;
			}
		}
		return null;
	}
}

interface Prefix {
	readonly base: number;
	readonly length: number;
}

const keyOf = (to: Prefix, from: Prefix, port: number | null) =>
	`${to.base}/${to.length} ${from.base}/${from.length} ${port ?? "any"}`;

const baseOf = (address: number, length: number) =>
	length === 0 ? 0 : (address & (-1 << (32 - length))) >>> 0;

/** The network that a set is; any, where it is none. */
function prefixOf(set: Intervals): Prefix {
	const [first] = set;
	if (first === undefined || set.length > 1 || isAll(set))
		return { base: 0, length: 0 };
	const [least, greatest] = first;
	const length = Math.clz32(least ^ greatest);
	const isNetwork =
		length > 0 &&
		baseOf(least, length) === least &&
		greatest - least + 1 === 2 ** (32 - length);
	return isNetwork ? { base: least, length } : { base: 0, length: 0 };
}

function singleOf(set: Intervals): number | null {
	const [first] = set;
	return set.length === 1 && first?.[0] === first?.[1]
		? (first?.[0] ?? null)
		: null;
}

function covers(one: Taken, other: Taken, changed: number): boolean {
	const a = one.placed.rule;
	const b = other.placed.rule;
	return (
		coversHeader(a, b) &&
		FIELDS.every((field) => isWithin(other.fields[field], one.fields[field])) &&
		one.others.every((use) => other.others.includes(use)) &&
		// What its matches ask may be another by then.
		(one.others.length === 0 ||
			(changed < one.index && marksOf(a).length === 0)) &&
		readsNoLess(a, b)
	);
}

function coversHeader({ header: a }: Rule, { header: b }: Rule): boolean {
	return (
		(a.protocol === 0 ||
			(a.protocol === b.protocol &&
				a.protocolInverted === b.protocolInverted)) &&
		coversInterface(a.inInterface, b.inInterface) &&
		coversInterface(a.outInterface, b.outInterface) &&
		(a.fragment === null || a.fragment === b.fragment)
	);
}

function coversInterface(
	a: InterfaceMatch | null,
	b: InterfaceMatch | null,
): boolean {
	if (a === null) return true;
	if (b === null || a.inverted !== b.inverted) return false;
	if (a.name === b.name) return true;
	return (
		!a.inverted &&
		a.name.endsWith("+") &&
		b.name.startsWith(a.name.slice(0, -1))
	);
}

/** A match that reads a header behind IPv4's does not take further fragments: the other rule has one as well. */
function readsNoLess(a: Rule, b: Rule): boolean {
	const reads = ({ matches: uses }: Rule) =>
		uses.some(({ name }) => matches.get(name)?.onFragments !== undefined);
	return !reads(a) || reads(b);
}
