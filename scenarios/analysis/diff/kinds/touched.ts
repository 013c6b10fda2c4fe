/**
 * Packets that may meet another rule than before: those that fit a rule which was removed or added, or come to
 * the end of a chain whose policy is another one. All other packets take the same rules in the same order.
 */
import type { Chain, Rule, Ruleset } from "../../../../sim/contract/ruleset.ts";
import type { Lookup } from "../../../../sim/extension/traits.ts";
import { matches } from "../../../../sim/matches/index.ts";
import { ICMP, TCP } from "../../../../sim/packet/packet.ts";
import { lookupsOf } from "../../../../sim/ruleset/rule-traits.ts";
import { targets } from "../../../../sim/targets/index.ts";
import { visitRules } from "../../services/candidates.ts";
import {
	ALL,
	complement,
	type Intervals,
	intersection,
	isWithin,
} from "../../spaces/intervals.ts";
import type { Links } from "../../spaces/links.ts";
import {
	allBut,
	common,
	everything,
	HEADER_FIELDS,
	isFromGateway,
	joinedIn,
	OWN_INTERFACES,
	type Space,
} from "../../spaces/space.ts";
import { type Alignment, changesPolicy } from "./align.ts";
import { isIdle } from "./cut.ts";

/** The tables and hooks of packets that come in. */
const INCOMING = [
	["raw", "PREROUTING"],
	["mangle", "PREROUTING"],
	["nat", "PREROUTING"],
	["mangle", "INPUT"],
	["filter", "INPUT"],
	["security", "INPUT"],
	["nat", "INPUT"],
	["mangle", "FORWARD"],
	["filter", "FORWARD"],
	["security", "FORWARD"],
	["mangle", "POSTROUTING"],
	["nat", "POSTROUTING"],
] as const;

/** Those of packets that the gateway's own programs send. */
const OWN = [
	["raw", "OUTPUT"],
	["mangle", "OUTPUT"],
	["nat", "OUTPUT"],
	["filter", "OUTPUT"],
	["security", "OUTPUT"],
	["mangle", "POSTROUTING"],
	["nat", "POSTROUTING"],
	// Where the gateway has the destination itself, by `lo`.
	["raw", "PREROUTING"],
	["mangle", "PREROUTING"],
	["mangle", "INPUT"],
	["filter", "INPUT"],
	["security", "INPUT"],
] as const;

/** Those of what the gateway tells the sender of a packet that it rejects. */
const REJECTING = [
	["raw", "OUTPUT"],
	["mangle", "OUTPUT"],
	["filter", "OUTPUT"],
	["security", "OUTPUT"],
	["mangle", "POSTROUTING"],
] as const;

/** Of hosts: not 0.0.0.0/8, 127.0.0.0/8, multicast and what is reserved. */
export const HOSTS: Intervals = [
	[0x0100_0000, 0x7eff_ffff],
	[0x8000_0000, 0xdfff_ffff],
];
const LOOPBACK: Intervals = [[0x7f00_0000, 0x7fff_ffff]];
const PORTS: Intervals = [[0, 0xffff]];
const PROTOCOLS: Intervals = [[1, 0xff]];

/**
 * All first packets to one host that are compared: those that other hosts send through the gateway or to it,
 * those that its own programs send, and those that they send to each other.
 */
export function populations({ names, ownAddresses }: Links): readonly Space[] {
	const fields = {
		destination: HOSTS,
		sourcePort: PORTS,
		destinationPort: PORTS,
		protocol: PROTOCOLS,
	};
	const source = intersection(HOSTS, complement(ownAddresses));
	const own = { ...everything(OWN_INTERFACES), ...fields };
	return [
		{ ...everything(names), ...fields, source },
		{ ...own, source: ownAddresses },
		{ ...own, source: LOOPBACK, destination: LOOPBACK },
	].filter((one) => one.source.length > 0);
}

export interface Touched {
	/** Apart from each other. */
	readonly spaces: readonly Space[];
	/** Of first packets, those whose answers a rule may fit that was removed or added: it tells them from others. */
	readonly answered: readonly Space[];
	/** Not all of them: there are too many. */
	readonly isCut: boolean;
	/** Rules whose answer depends on lists and sets that rules which were removed or added write. */
	readonly affected: ReadonlySet<Rule>;
	/** Rules that were removed or added, and that only packets fit which are not compared. */
	readonly unmet: readonly Rule[];
	/** Those that do something, and that packets fit which are compared. */
	readonly acting: readonly Rule[];
}

/** With more the rest is not looked at. */
const MOST_SPACES = 6000;
const MOST_ANSWERED = 1000;

/** @param also spaces that are looked at as well, where rules meet packets whose addresses are translated */
export function touchedBy(
	alignment: Alignment,
	links: Links,
	also: readonly Space[] = [],
): Touched {
	const affected = affectedBy(alignment, links);
	const isChanged = (rule: Rule) =>
		alignment.changed.has(rule) || affected.has(rule);
	const everybody = populations(links);
	const found: Space[] = [];
	const answered = new Map<string, Space>();
	const met = new Set<Rule>();
	let isCut = false;
	let isBehind = false;
	for (const all of everybody) {
		const where = isFromGateway(all) ? OWN : INCOMING;
		const add = (space: Space | null) => {
			if (space !== null) found.push(space);
		};
		const policies = endsOtherwise(alignment, where);
		// What the end of OUTPUT is about are answers to packets that come in as well.
		if (policies || endsOtherwise(alignment, REJECTING)) {
			isBehind = true;
			add(all);
		}
		for (const at of where) {
			const isAll = visitRules(
				alignment.both,
				{ begin: all, interfaces: all.interfaces },
				({ rule, space }) => {
					if (!isChanged(rule)) return;
					met.add(rule);
					add(space);
					if (meetsFirstAlone(at)) return;
					isBehind = true;
					// Hosts answer the gateway's own programs, and these answer hosts.
					for (const one of answeredBy(space, alignment.both, links)) {
						const key = JSON.stringify(one);
						if (answered.has(key)) continue;
						answered.set(key, one);
						for (const asking of everybody) add(common(one, asking));
					}
				},
				[at],
			);
			if (!isAll) isCut = true;
		}
	}
	for (const one of rejectedFor(alignment, links, isChanged)) {
		answered.set(JSON.stringify(one), one);
		found.push(one);
	}
	// Where addresses are translated, rules behind may be about packets to any service.
	if (isBehind)
		for (const all of everybody)
			for (const one of also) {
				const both = common(one, all);
				if (both !== null) found.push(both);
			}
	const spaces = apart(joinedSpaces(found), MOST_SPACES);
	const reached = reachedBy(alignment, links);
	return {
		spaces: spaces.slice(0, MOST_SPACES),
		answered: [...answered.values()].slice(0, MOST_ANSWERED),
		isCut:
			isCut || spaces.length > MOST_SPACES || answered.size > MOST_ANSWERED,
		affected,
		unmet: reached.filter((rule) => !met.has(rule)),
		acting: reached.filter((rule) => met.has(rule) && !isIdle(rule)),
	};
}

function endsOtherwise(
	{ chains }: Alignment,
	where: readonly (readonly [table: string, hook: string])[],
): boolean {
	return where.some(([table, hook]) =>
		chains.some(
			(one) => one.table === table && one.name === hook && changesPolicy(one),
		),
	);
}

/** First packets that rules reject, where a changed rule may fit the reset or the ICMP error. */
function rejectedFor(
	{ both }: Alignment,
	links: Links,
	isChanged: (rule: Rule) => boolean,
): readonly Space[] {
	const [foreign] = populations(links);
	if (foreign === undefined) return [];
	const asking: Space[] = [];
	const begin = everything(OWN_INTERFACES);
	visitRules(
		both,
		{ begin, interfaces: OWN_INTERFACES },
		({ rule, space }) => {
			if (isChanged(rule)) asking.push(...toldBy(space, foreign));
		},
		REJECTING,
	);
	if (asking.length === 0) return [];
	const joined = joinedSpaces(asking);
	const found = new Map<string, Space>();
	visitRules(
		both,
		{ begin: foreign, interfaces: foreign.interfaces },
		({ rule: { target }, space }) => {
			if (target?.kind !== "extension") return;
			if (targets.get(target.name)?.answersItself !== true) return;
			for (const one of joined) {
				const both = common(one, space);
				if (both !== null) found.set(JSON.stringify(both), both);
			}
		},
		INCOMING,
	);
	return joinedSpaces([...found.values()]);
}

/** Packets of which the sender is told by packets of a space: with a reset, or with an error about any protocol. */
function toldBy(space: Space, all: Space): readonly Space[] {
	const { source, destination, sourcePort, destinationPort } = space;
	const has = (protocol: number) =>
		intersection(space.protocol, [[protocol, protocol]]);
	const reset: Space = {
		...all,
		source: destination,
		destination: source,
		sourcePort: destinationPort,
		destinationPort: sourcePort,
		protocol: has(TCP),
	};
	const error: Space = { ...all, source: destination };
	return [
		...(reset.protocol.length > 0 ? [reset] : []),
		...(has(ICMP).length > 0 ? [error] : []),
	];
}

/** First packets alone come here, before anything of them is translated. */
function meetsFirstAlone([table, hook]: readonly [
	table: string,
	hook: string,
]): boolean {
	return table === "nat" && (hook === "PREROUTING" || hook === "OUTPUT");
}

/** Rules that were removed or added, and that some packet fits, be it one that is not compared. */
function reachedBy(
	{ both, changed }: Alignment,
	{ names }: Links,
): readonly Rule[] {
	const named = [...eachRuleOf(both)].flatMap(({ header }) =>
		header.inInterface === null
			? []
			: [header.inInterface.name.replace(/\+$/, "0")],
	);
	const interfaces = [...new Set([...names, ...OWN_INTERFACES, ...named])];
	const found = new Set<Rule>();
	const begin = { begin: everything(interfaces), interfaces };
	for (const where of [INCOMING, OWN])
		visitRules(
			both,
			begin,
			({ rule }) => {
				if (changed.has(rule)) found.add(rule);
			},
			where,
		);
	return [...found];
}

/** First packets whose answers lie in a space, where addresses are not translated, or the source alone. */
function answeredBy(
	space: Space,
	ruleset: Ruleset,
	links: Links,
): readonly Space[] {
	const translated = translatedSources(ruleset, links);
	const isHidden = intersection(space.destination, translated).length > 0;
	return [links.names, OWN_INTERFACES].map((interfaces) => ({
		source: isHidden ? ALL : space.destination,
		destination: space.source,
		sourcePort: isHidden ? ALL : space.destinationPort,
		destinationPort: space.sourcePort,
		protocol: space.protocol,
		interfaces: [...interfaces].sort(),
	}));
}

const known = new WeakMap<Ruleset, Intervals>();

/** Addresses that connections get for a source. */
function translatedSources(
	ruleset: Ruleset,
	{ ownAddresses }: Links,
): Intervals {
	const before = known.get(ruleset);
	if (before !== undefined) return before;
	let found: Intervals = [];
	for (const { target } of eachRuleOf(ruleset)) {
		if (target?.kind !== "extension") continue;
		const extension = targets.get(target.name);
		if (extension?.translates === undefined) continue;
		if (extension.translates === "destination") continue;
		const to = extension.translatesTo?.(target.options) ?? null;
		found = [...found, ...(to === null ? ownAddresses : [to])];
		if (to === null && extension.translates === "either") found = ALL;
	}
	known.set(ruleset, found);
	return found;
}

function* eachRuleOf({ tables }: Ruleset): Generator<Rule> {
	for (const { chains } of tables)
		for (const { rules } of chains as readonly Chain[]) yield* rules;
}

/** Rules that use a list or a set to which packets write, and that changed ones use as well. */
function affectedBy(
	{ changed, both }: Alignment,
	{ lists }: Links,
): ReadonlySet<Rule> {
	const rules = [...eachRuleOf(both)];
	const filled = new Set(
		rules.flatMap((rule) =>
			setsOf(rule, ["adds", "deletes"]).flatMap((name) => lists.joined(name)),
		),
	);
	// A set to which no packet writes has for each client what it was given.
	const usedBy = (rule: Rule) => [
		...listsOf(rule),
		...setsOf(rule, ["asks", "maps", "adds", "deletes"]).flatMap((name) =>
			lists
				.joined(name)
				.flatMap((one) => (filled.has(one) ? `set ${one}` : [])),
		),
	];
	const used = new Set([...changed].flatMap(usedBy));
	return used.size === 0
		? new Set()
		: new Set(
				rules.filter((rule) => usedBy(rule).some((one) => used.has(one))),
			);
}

/** Lists that its matches read and write: `recent DEFAULT`. */
function listsOf({ matches: uses }: Rule): readonly string[] {
	return uses.flatMap(({ name, options }) =>
		matches.get(name)?.stateful === true && "name" in options
			? [`${name} ${options.name}`]
			: [],
	);
}

function setsOf(rule: Rule, hows: readonly Lookup["how"][]): readonly string[] {
	return lookupsOf(rule).flatMap((one) =>
		one.list === "set" && hows.includes(one.how) ? [one.name] : [],
	);
}

/** The same packets, each in one space alone. */
function apart(spaces: readonly Space[], most: number): readonly Space[] {
	const found: Space[] = [];
	for (const space of spaces) {
		let left: readonly Space[] = [space];
		for (const other of found) {
			left = left.flatMap((one) => without(one, other));
			if (left.length === 0) break;
		}
		found.push(...left);
		if (found.length > most) break;
	}
	return found;
}

/** A space less another one: parts that have nothing in common. */
function without(space: Space, other: Space): readonly Space[] {
	const both = common(space, other);
	if (both === null) return [space];
	const parts: Space[] = [];
	let rest = space;
	for (const field of [...HEADER_FIELDS, "protocol"] as const) {
		if (isWithin(rest[field], other[field])) continue;
		const outside = intersection(rest[field], allBut(field, other[field]));
		if (outside.length > 0) parts.push({ ...rest, [field]: outside });
		rest = { ...rest, [field]: both[field] };
	}
	const away = rest.interfaces.filter(
		(name) => !other.interfaces.includes(name),
	);
	return away.length === 0 ? parts : [...parts, { ...rest, interfaces: away }];
}

/** Spaces that differ in one field alone are one. */
export function joinedSpaces(spaces: readonly Space[]): readonly Space[] {
	let found = spaces;
	for (const field of [...HEADER_FIELDS, "protocol", "interfaces"] as const) {
		const groups = new Map<string, Space[]>();
		for (const space of found) {
			const key = JSON.stringify({ ...space, [field]: null });
			groups.set(key, [...(groups.get(key) ?? []), space]);
		}
		found = [...groups.values()].map((group): Space => {
			const [first] = group as [Space];
			if (group.length === 1) return first;
			return field === "interfaces"
				? {
						...first,
						interfaces: [
							...new Set(group.flatMap(({ interfaces }) => interfaces)),
						].sort(),
					}
				: {
						...first,
						[field]: joinedIn(
							field,
							group.map((one) => one[field]),
						),
					};
		});
	}
	return found;
}
