/**
 * Which packets are worth walking: those that rules with a say in balancing ask for. A rule has a say when
 * it translates destinations, picks a source from a range, takes turns or draws, or picks a mark.
 */
import type {
	Chain,
	Rule,
	Ruleset,
	Table,
} from "../../../sim/contract/ruleset.ts";
import type { Question } from "../../../sim/extension/traits.ts";
import { matches } from "../../../sim/matches/index.ts";
import { keysOfMatches } from "../../../sim/ruleset/check/assumable.ts";
import {
	lookupsOf,
	lookupsThatTell,
	marksOf,
	translatedBy,
} from "../../../sim/ruleset/rule-traits.ts";
import {
	ALL,
	complement,
	type Intervals,
	intersection,
	normalized,
} from "../spaces/intervals.ts";
import { type Links, linksOf } from "../spaces/links.ts";
import type { Box } from "../spaces/lists.ts";
import {
	common,
	everything,
	isFromGateway,
	OWN_INTERFACES,
	type Space,
	spaceText,
	takenBy,
} from "../spaces/space.ts";
import type { Walker } from "../walk/walker.ts";
import type { AssumedWorld } from "../world/assumed-world.ts";
import { leavesMarksOpen } from "./rules-that-matter.ts";

/** Where a first packet that comes in meets rules before it is routed, and where its source is translated. */
const LOOKED_AT = [
	["raw", "PREROUTING"],
	["mangle", "PREROUTING"],
	["nat", "PREROUTING"],
	["mangle", "FORWARD"],
	["mangle", "POSTROUTING"],
	["nat", "POSTROUTING"],
] as const;

/** Where one that the gateway itself sends does. */
const OWN_AT = [
	["raw", "OUTPUT"],
	["mangle", "OUTPUT"],
	["nat", "OUTPUT"],
	["mangle", "POSTROUTING"],
	["nat", "POSTROUTING"],
] as const;

/** Where it may be refused once it is known where it goes. */
const FILTERED_AT = [
	["filter", "FORWARD"],
	["filter", "INPUT"],
] as const;

const OWN_FILTERED_AT = [
	["filter", "OUTPUT"],
	["filter", "INPUT"],
] as const;

type Hooks = readonly (readonly [table: string, hook: string])[];

/** Which rules packets of a space meet, and by which interfaces they may come. */
export function metBy(
	space: Space,
	links: Links,
): {
	readonly interfaces: readonly string[];
	readonly where: Hooks;
	readonly filtered: Hooks;
} {
	return isFromGateway(space)
		? {
				interfaces: OWN_INTERFACES,
				where: OWN_AT,
				filtered: OWN_FILTERED_AT,
			}
		: { interfaces: links.names, where: LOOKED_AT, filtered: FILTERED_AT };
}

/** All first packets: those that come in, and those that the gateway itself sends. */
function beginnings({ names, sourceAddresses }: Links): readonly Space[] {
	const own = everything(OWN_INTERFACES);
	return [everything(names), { ...own, source: sourceAddresses }];
}

/** Steps through chains: with this many a ruleset is looked at no further. */
const MOST_STEPS = 2_000_000;
/** Pairs of spaces whose common part is looked for. */
const MOST_PAIRS = 200_000;

/** What `candidates` found. */
export interface Candidates {
	/** The narrowest first. */
	readonly spaces: readonly Space[];
	/** Not all rules were looked at. */
	readonly isCut: boolean;
}

/** A rule, the packets that come to it, and where it stands. */
export interface Visited {
	readonly rule: Rule;
	readonly chain: string;
	readonly table: Table["name"];
	/** Of the packets that come there, those that its header takes. */
	readonly space: Space;
	/** By which interfaces packets come there. */
	readonly comingBy: readonly string[];
}

/** Where a visit begins. */
export interface Begin {
	readonly begin: Space;
	/** All interfaces of the gateway. */
	readonly interfaces: readonly string[];
}

/**
 * Visits all rules that packets of a space may match, with the packets that may.
 * @returns false when it stopped before all were visited
 */
export function visitRules(
	{ tables }: Ruleset,
	{ begin, interfaces }: Begin,
	visit: (visited: Visited) => void,
	where: Hooks = LOOKED_AT,
): boolean {
	let steps = 0;
	for (const [tableName, hook] of where) {
		const table = tables.find(({ name }) => name === tableName);
		if (table === undefined) continue;
		const chains = chainsByName(table);
		const seen = new Set<string>();
		const enter = (chain: Chain, space: Space): void => {
			const key = `${chain.name}|${spaceText(space)}`;
			if (seen.has(key) || steps > MOST_STEPS) return;
			seen.add(key);
			const takes = takenBy(chain.rules, interfaces);
			steps += takes.length;
			// A plain loop: kube-proxy has a rule for each service, and each service comes by here.
			for (let index = 0; index < takes.length; index++) {
				const wanted = takes[index] as Space | null;
				const taken = wanted === null ? null : common(space, wanted);
				if (taken === null) continue;
				const rule = chain.rules[index] as Rule;
				visit({
					rule,
					chain: chain.name,
					table: table.name,
					space: taken,
					comingBy: space.interfaces,
				});
				const { target } = rule;
				if (target?.kind !== "jump" && target?.kind !== "goto") continue;
				enter(chains.get(target.chain) as Chain, taken);
			}
		};
		const first = chains.get(hook);
		if (first !== undefined) enter(first, begin);
	}
	return steps <= MOST_STEPS;
}

const named = new WeakMap<Table, ReadonlyMap<string, Chain>>();

/** Large tables are visited for each of their services. */
export function chainsByName(table: Table): ReadonlyMap<string, Chain> {
	const known =
		named.get(table) ??
		new Map(table.chains.map((chain) => [chain.name, chain]));
	named.set(table, known);
	return known;
}

/** The packets that rules with a say in balancing ask for. */
export function candidates(ruleset: Ruleset, links: Links): Candidates {
	const found = beginnings(links).map((begin) =>
		candidatesIn(ruleset, begin, links),
	);
	return {
		spaces: narrowestFirst(found.flatMap(({ spaces }) => spaces)),
		isCut: found.some(({ isCut }) => isCut),
	};
}

/** @returns in no order */
function candidatesIn(
	ruleset: Ruleset,
	begin: Space,
	links: Links,
): Candidates {
	const { interfaces, where } = metBy(begin, links);
	const here = links.ownAddresses;
	const byTable = new Map<string, Map<string, Space>>();
	const leavesOpen = leavesMarksOpen(ruleset);
	const isWhole = visitRules(
		ruleset,
		{ begin, interfaces },
		({ rule, table, space, comingBy }) => {
			if (!hasASay(rule) && !leavesOpen(table, rule)) return;
			const known = byTable.get(table) ?? new Map<string, Space>();
			// Clients at an interface that a rule leaves out ask for the same service.
			const isLeftOut = rule.header.inInterface?.inverted === true;
			const asked = isLeftOut ? { ...space, interfaces: comingBy } : space;
			for (const wanted of withinLists(asked, rule, links))
				for (const one of apart(wanted, here)) known.set(spaceText(one), one);
			byTable.set(table, known);
		},
		where,
	);
	const spaces = new Map<string, Space>();
	for (const ofTable of byTable.values())
		for (const [text, space] of ofTable) spaces.set(text, space);
	let pairs = 0;
	const tables = [...byTable.values()];
	for (const [index, one] of tables.entries())
		for (const other of tables.slice(index + 1))
			for (const space of one.values())
				for (const second of other.values()) {
					if (++pairs > MOST_PAIRS) break;
					const both = common(space, second);
					if (both !== null) spaces.set(spaceText(both), both);
				}
	return {
		spaces: joined([...spaces.values()]),
		isCut: !isWhole || pairs > MOST_PAIRS,
	};
}

/**
 * Where a rule asks for any destination, or for any but some, packets for the gateway itself are one matter,
 * and those that pass another.
 */
function apart(space: Space, here: Intervals): readonly Space[] {
	if (countOf(space.destination) < 2 ** 31) return [space];
	const parts = [here, complement(here)]
		.map((some) => intersection(some, space.destination))
		.filter((destination) => destination.length > 0);
	return parts.map((destination) => ({ ...space, destination }));
}

/** Lists are taken apart up to so many boxes. */
const MOST_BOXES = 64;

/**
 * Destinations and ports alone that are in the lists which the rule asks: a space for each box of a set. Where no
 * packet is in them, and where there are too many, the space stays as it is.
 */
function withinLists(
	space: Space,
	rule: Rule,
	{ lists }: Links,
): readonly Space[] {
	let spaces: readonly Space[] = [space];
	for (const lookup of lookupsOf(rule)) {
		if (lookup.how !== "asks" || lookup.inverted) continue;
		const members = lists.membersOf(lookup);
		if (members === null) continue;
		const isOfExceptions = lookup.list === "set" && lookup.returnNomatch;
		const boxes = isOfExceptions ? members.excepted : members.inside;
		const narrower = spaces.flatMap((one) =>
			boxes.flatMap((box) => withinBox(one, box) ?? []),
		);
		const apart = new Map(narrower.map((one) => [spaceText(one), one]));
		if (apart.size > 0 && apart.size <= MOST_BOXES)
			spaces = [...apart.values()];
	}
	return spaces;
}

/** Which clients there are is for their classes to tell. */
function withinBox(space: Space, box: Box): Space | null {
	let narrower = space;
	for (const field of ["destination", "destinationPort", "protocol"] as const) {
		const wanted = box[field];
		if (wanted === undefined) continue;
		const both = intersection(narrower[field], wanted);
		if (both.length === 0) return null;
		narrower = { ...narrower, [field]: both };
	}
	return narrower;
}

/**
 * The rules that say where connections go and that no packet met, also about connections that the gateway itself
 * opens, and those for interfaces and own addresses that the machine does not have.
 */
export function unmetWithASay(
	ruleset: Ruleset,
	links: Links,
	isMet: (rule: Rule) => boolean,
): readonly Rule[] {
	const found = new Set<Rule>();
	const turns = new Set<string>();
	const look = ({ rule, table, chain, space }: Visited): void => {
		if (isMet(rule)) return;
		// What takes the rest of turns for another source has a part in them.
		const { outInterface } = rule.header;
		const place = `${table} ${chain} ${spaceText(space)} ${JSON.stringify(outInterface)}`;
		const isSource = translatedBy(rule.target) === "source";
		if (isSource && takesTurns(rule)) turns.add(place);
		if (decidesWhereTo(rule) || (isSource && turns.has(place))) found.add(rule);
	};
	for (const begin of beginnings(links)) {
		const { interfaces, where } = metBy(begin, links);
		visitRules(ruleset, { begin, interfaces }, look, where);
	}
	const named = [...new Set([...links.names, ...namesIn(ruleset)])];
	const anywhere = { begin: everything(named), interfaces: named };
	if (named.length > links.names.length) visitRules(ruleset, anywhere, look);
	const ownBegin = everything(OWN_INTERFACES);
	const fromAny = { begin: ownBegin, interfaces: OWN_INTERFACES };
	visitRules(ruleset, fromAny, look, OWN_AT);
	return [...found];
}

/** Is it assumed what one of its matches says, or given that no packet is in what it asks for? */
export function isTold(
	rule: Rule,
	{ world, walker }: { readonly world: AssumedWorld; readonly walker: Walker },
): boolean {
	const { lists } = linksOf(world);
	return (
		keysOfMatches(rule).some((key) => Object.hasOwn(world.assume, key)) ||
		lookupsOf(rule).some(
			(lookup) =>
				!lookup.inverted &&
				lists.isEmpty(lookup) &&
				!(lookup.list === "set" && walker.packetsWriteTo(lookup.name)),
		)
	);
}

/** Does it ask a list or a set to which packets of other connections write? */
export function asksWhoCame(
	rule: Rule,
	walker: Pick<Walker, "packetsWriteTo">,
): boolean {
	return (
		rule.matches.some(
			({ name, options }) => matches.get(name)?.asksWhoCame?.(options) === true,
		) ||
		lookupsThatTell(rule).some(
			(one) => one.list === "set" && walker.packetsWriteTo(one.name),
		)
	);
}

/** Interfaces by which rules let packets in; of those that end with `+`, one. */
function namesIn({ tables }: Ruleset): readonly string[] {
	return tables.flatMap(({ chains }) =>
		chains.flatMap(({ rules }) =>
			rules.flatMap(({ header: { inInterface } }) =>
				inInterface === null ? [] : [inInterface.name.replace(/\+$/, "0")],
			),
		),
	);
}

/** What only gives packets another source is for those that the others let come so far. */
function decidesWhereTo(rule: Rule): boolean {
	return translatedBy(rule.target) === "source"
		? takesTurns(rule)
		: hasASay(rule);
}

/**
 * Rules that the gateway's own packets meet on their way out. Those for itself come in by `lo` as well, where
 * they say nothing about others.
 */
export function rulesOnTheWayOut(
	ruleset: Ruleset,
	links: Links,
): readonly Rule[] {
	const found: Rule[] = [];
	const begin = everything(OWN_INTERFACES);
	const { interfaces, where } = metBy(begin, links);
	visitRules(
		ruleset,
		{ begin, interfaces },
		({ rule }) => found.push(rule),
		where,
	);
	return found;
}

function hasASay(rule: Rule): boolean {
	return (
		takesTurns(rule) ||
		picksMark(rule) ||
		translatedBy(rule.target) !== undefined
	);
}

/** Takes turns, or draws. */
function takesTurns(rule: Rule): boolean {
	return asks(rule, ["turn", "draw"]);
}

function asks(
	{ matches: uses }: Rule,
	kinds: readonly Question["kind"][],
): boolean {
	return uses.some(({ name, options }) => {
		const question = matches.get(name)?.question?.(options) ?? null;
		return question !== null && kinds.includes(question.kind);
	});
}

/** Writes a mark of several, or one that a condition chooses. */
function picksMark(rule: Rule): boolean {
	const isChosen = asks(rule, ["condition"]);
	return marksOf(rule).some(
		({ does, copies, value }) =>
			does === "writes" && !copies && (isChosen || value === null),
	);
}

/** Spaces that differ in their clients alone are one: classes of clients are told apart later. */
function joined(spaces: readonly Space[]): readonly Space[] {
	const byService = new Map<string, Space>();
	for (const space of spaces) {
		const key = spaceText({ ...space, source: ALL, sourcePort: ALL });
		const known = byService.get(key);
		byService.set(
			key,
			known === undefined
				? space
				: {
						...space,
						source: normalized([...known.source, ...space.source]),
						sourcePort: normalized([...known.sourcePort, ...space.sourcePort]),
					},
		);
	}
	return [...byService.values()];
}

/** By the size of the space. */
function narrowestFirst(spaces: readonly Space[]): readonly Space[] {
	const sizes = new Map(spaces.map((space) => [space, sizeOf(space)]));
	return [...spaces].sort(
		(one, other) => (sizes.get(one) ?? 0) - (sizes.get(other) ?? 0),
	);
}

/** The logarithm of how many packets a space has, so that no subspace comes behind what contains it. */
function sizeOf(space: Space): number {
	const count = (set: Intervals) => Math.log2(countOf(set));
	return (
		count(space.source) +
		count(space.destination) +
		count(space.sourcePort) +
		count(space.destinationPort) +
		count(space.protocol) +
		Math.log2(space.interfaces.length)
	);
}

function countOf(set: Intervals): number {
	return set.reduce((sum, [least, most]) => sum + most - least + 1, 0);
}
