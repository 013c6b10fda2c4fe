/**
 * Where rules tell packets of a space apart. A space that no rule on its way cuts is uniform: what becomes of
 * one of its packets becomes of all of them.
 */
import type {
	Chain,
	Rule,
	RuleHeader,
	Ruleset,
} from "../../../../sim/contract/ruleset.ts";
import type { WalkEnd } from "../../../../sim/extension/extension.ts";
import { matches } from "../../../../sim/matches/index.ts";
import { parsePrefixed } from "../../../../sim/packet/address.ts";
import {
	comparisonsOf,
	endOf,
	lookupsThatTell,
} from "../../../../sim/ruleset/rule-traits.ts";
import { targets } from "../../../../sim/targets/index.ts";
import { chainsByName } from "../../services/candidates.ts";
import {
	contains,
	type Intervals,
	intersection,
	isWithin,
	normalized,
} from "../../spaces/intervals.ts";
import type { Links } from "../../spaces/links.ts";
import {
	allBut,
	common,
	HEADER_FIELDS,
	type Space,
	takesInterface,
} from "../../spaces/space.ts";
import type { AssumedWorld } from "../../world/assumed-world.ts";

import { groupsOf, hasGaps, isExact, isOfSeveral } from "./groups.ts";

type NumberField = (typeof HEADER_FIELDS)[number] | "protocol";

/** A part of a space, to be looked at by itself. */
export type Cut =
	| { readonly field: NumberField; readonly part: Intervals }
	| { readonly field: "interfaces"; readonly part: readonly string[] };

/** Looks for a cut, and notes what tells packets apart that no cut can. */
export interface Looking {
	readonly links: Links;
	/** Rules whose answer is not the same for all packets of a uniform space, or not what one walk shows. */
	readonly blurred: Set<Rule>;
	/** Rules that read what an edit writes otherwise. */
	readonly affected: ReadonlySet<Rule>;
	/** By which packets leave; `null`: not known yet. */
	readonly outInterface: string | null;
	/** Interfaces of the gateway. */
	readonly interfaces: readonly string[];
}

/** Tables and hooks, in the order in which packets meet them. */
export type Path = readonly (readonly [table: string, hook: string])[];

/** @returns the first cut; how the packets of the space surely end; `null`: they go on */
export function cutBy(
	{ tables }: Ruleset,
	path: Path,
	space: Space,
	looking: Looking,
): Cut | WalkEnd | null {
	for (const [name, hook] of path) {
		const table = tables.find((one) => one.name === name);
		if (table === undefined) continue;
		const chains = chainsByName(table);
		const first = chains.get(hook);
		if (first === undefined) continue;
		const found = inChain(first, space, { chains, ...looking });
		if (typeof found === "object" && found !== null) return found;
		if (found === "drops" || found === "queues") return found;
	}
	return null;
}

interface InTable extends Looking {
	readonly chains: ReadonlyMap<string, Chain>;
}

/** `returns`: all packets of the space go back to the chain that jumped. */
function inChain(
	chain: Chain,
	space: Space,
	within: InTable,
): Cut | WalkEnd | null {
	for (const { rule, taken } of groupsOf(chain.rules, within.interfaces)) {
		if (common(space, taken) === null) continue;
		if (leavesByOther(rule.header, within.outInterface)) continue;
		if (isIdle(rule)) continue;
		const cut = cutOf(space, taken) ?? cutByRule(space, rule, within);
		if (cut !== null) return cut;
		if (isBlurred(rule, within)) within.blurred.add(rule);
		const isSure = isCertain(rule, space);
		const { target } = rule;
		if (target?.kind === "jump" || target?.kind === "goto") {
			const next = within.chains.get(target.chain);
			const found = next === undefined ? null : inChain(next, space, within);
			if (typeof found === "object" && found !== null) return found;
			if (isSure && (found !== null || target.kind === "goto")) return found;
			continue;
		}
		if (!isSure) continue;
		if (target?.kind === "verdict" && target.name === "RETURN") return null;
		const end = endOf(target);
		if (end !== null) return end;
	}
	return null;
}

/** Whether it matches or not, packets go on alike. */
export function isIdle({ target, matches: uses }: Rule): boolean {
	const isReport =
		target === null ||
		(target.kind === "extension" && onlyReports(target.name));
	return (
		isReport && !uses.some(({ name }) => matches.get(name)?.stateful === true)
	);
}

function onlyReports(name: string): boolean {
	const target = targets.get(name);
	return target?.onlyReports === true && target.actsUnseen !== true;
}

function leavesByOther(
	{ outInterface }: RuleHeader,
	name: string | null,
): boolean {
	if (outInterface === null || name === null) return false;
	return !takesInterface(outInterface, name);
}

/** A part of the space is taken, and a part is not. */
export function cutOf(space: Space, taken: Space): Cut | null {
	for (const field of [...HEADER_FIELDS, "protocol"] as const)
		if (!isWithin(space[field], taken[field]))
			return { field, part: intersection(space[field], taken[field]) };
	const part = space.interfaces.filter((one) => taken.interfaces.includes(one));
	return part.length < space.interfaces.length
		? { field: "interfaces", part }
		: null;
}

/** What one of several fields is compared with, and addresses that are in sets. */
function cutByRule(
	space: Space,
	rule: Rule,
	{ links: { lists } }: Looking,
): Cut | null {
	for (const { fields, ranges } of comparisonsOf(rule).filter(isOfSeveral))
		for (const field of fields) {
			const cut = partly(space, field, ranges);
			if (cut !== null) return cut;
		}
	for (const box of lists.boxesAsked(rule))
		for (const [field, values] of Object.entries(box)) {
			const cut = partly(space, field as NumberField, values);
			if (cut !== null) return cut;
		}
	return null;
}

function partly(
	space: Space,
	field: NumberField,
	ranges: Intervals,
): Cut | null {
	const part = intersection(space[field], ranges);
	const rest = intersection(space[field], allBut(field, ranges));
	return part.length === 0 || rest.length === 0 ? null : { field, part };
}

/** Its answer follows from bits of addresses, from octets or from lists that are no intervals. */
function isBlurred(
	rule: Rule,
	{ links: { lists }, affected }: Pick<Looking, "links" | "affected">,
): boolean {
	const { header } = rule;
	if (affected.has(rule)) return true;
	if (hasGaps(header.source.mask) || hasGaps(header.destination.mask))
		return true;
	const isListed = lookupsThatTell(rule).some(
		(one) =>
			(one.list === "set" && one.isCounted) || lists.membersOf(one) === null,
	);
	return (
		isListed ||
		rule.matches.some(({ name }) => matches.get(name)?.readsAnyOctet === true)
	);
}

/** Does every packet of a space that it takes match? */
function isCertain(rule: Rule, space: Space): boolean {
	return (
		isExact(rule) &&
		comparisonsOf(rule)
			.filter(isOfSeveral)
			.every(({ fields, ranges, inverted }) =>
				inverted
					? true
					: fields.some((field) => isWithin(space[field], ranges)),
			)
	);
}

/** Where the stack around the rules tells addresses apart. */
export function networksOf(
	{ setup }: AssumedWorld,
	{ ownAddresses }: Links,
): readonly Intervals[] {
	const { interfaces, routes, ip = [] } = setup;
	const named = [
		...interfaces.flatMap(({ addresses }) => addresses),
		...routes.map(({ destination }) => destination),
		...ip.flatMap((text) => text.match(/\d+(?:\.\d+){3}(?:\/\d+)?/g) ?? []),
	];
	const networks = named.flatMap((text) => {
		const parsed = parsePrefixed(text);
		if (parsed === null || parsed.length === 0) return [];
		const size = 2 ** (32 - parsed.length);
		const least = Math.floor((parsed.address >>> 0) / size) * size;
		const greatest = least + size - 1;
		const ends: Intervals = [
			[least, least],
			[greatest, greatest],
		];
		const whole: Intervals = [[least, greatest]];
		return size > 2 ? [whole, normalized(ends)] : [whole];
	});
	const multicast: Intervals = [[0xe000_0000, 0xefff_ffff]];
	const reserved: Intervals = [[0xf000_0000, 0xffff_ffff]];
	return [ownAddresses, multicast, reserved, ...networks];
}

/** The first of them that has a part of the space. */
export function cutByNetwork(
	space: Space,
	networks: readonly Intervals[],
): Cut | null {
	for (const field of ["destination", "source"] as const)
		for (const network of networks) {
			const cut = partly(space, field, network);
			if (cut !== null) return cut;
		}
	return null;
}

/**
 * A rule that has taken the packet leaves those as they are that have the destination already to which it
 * translates, and no others.
 * @param destination of the packet, unsigned: it must not stand for others where it is the one that is left
 */
export function cutByTranslation(
	space: Space,
	{ target }: Rule,
	destination: number,
): Cut | null {
	if (target?.kind !== "extension") return null;
	const extension = targets.get(target.name);
	if (extension === undefined || extension.translates === "source") return null;
	const addresses = extension.translatesTo?.(target.options) ?? null;
	const cut =
		addresses !== null && contains([addresses], destination)
			? partly(space, "destination", [addresses])
			: null;
	if (cut !== null) return cut;
	const { ports = null, basePort = null } =
		extension.destinationPorts?.(target.options) ?? {};
	if (ports === null) return null;
	return (
		partly(space, "destinationPort", [[ports.min, ports.max]]) ??
		(basePort === null
			? null
			: partly(space, "destinationPort", [[basePort, 0xffff]]))
	);
}

/** Both parts of a space. */
export function partsOf(space: Space, { field, part }: Cut): readonly Space[] {
	if (field === "interfaces") {
		const rest = space.interfaces.filter((one) => !part.includes(one));
		return [
			{ ...space, interfaces: part },
			{ ...space, interfaces: rest },
		];
	}
	const rest = intersection(space[field], allBut(field, part));
	return [
		{ ...space, [field]: part },
		{ ...space, [field]: rest },
	];
}
