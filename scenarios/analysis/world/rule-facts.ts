/** What a ruleset says of the machine on which it is loaded: interfaces, addresses, and what is behind what. */
import type { Rule, Ruleset } from "../../../sim/contract/ruleset.ts";
import { matches } from "../../../sim/matches/index.ts";
import { marksOf, translatedBy } from "../../../sim/ruleset/rule-traits.ts";
import { targets } from "../../../sim/targets/index.ts";
import {
	destinationsOf,
	type Interval,
	intervalOf,
	type MetRule,
	namedOf,
	rulesMet,
} from "./rule-flow.ts";

/** Addresses that a rule names, and the interfaces that belong to them (`null`: any). */
export interface NamedAddresses {
	readonly interval: Interval;
	readonly interfaces: ReadonlySet<string> | null;
	readonly line: number;
}

/** A network or a host that rules let through by an interface. */
export interface Behind {
	readonly interval: Interval;
	readonly interface: string;
	readonly line: number;
}

export interface RuleFacts {
	/** As rules name them, also `eth+`, in the order of the rules. */
	readonly interfaces: readonly string[];
	/** Destinations on the way to a translation, where the address is the gateway's own. */
	readonly services: readonly NamedAddresses[];
	/** What destinations are translated to, where that is another host. */
	readonly backends: readonly NamedAddresses[];
	/** What sources are translated to. */
	readonly sources: readonly NamedAddresses[];
	readonly behind: readonly Behind[];
	/** Networks whose connections leave with another source. */
	readonly leaving: readonly Omit<Behind, "interface">[];
	/** By which packets come that are translated. */
	readonly clientInterfaces: readonly string[];
	/** Packets are also translated that come by any interface. */
	readonly clientsAnywhere: boolean;
	/** By which packets come that are marked. */
	readonly markedInterfaces: readonly string[];
	/** Packets are also marked that come by any interface. */
	readonly marksAnywhere: boolean;
	/** By which packets leave with another source, whatever their destination is. */
	readonly masqueraded: readonly string[];
	/** By which packets come that are let through to the gateway itself. */
	readonly deliveredFrom: readonly string[];
	/** By which packets are let through to others. */
	readonly forwardedTo: readonly string[];
}

export function ruleFacts(ruleset: Ruleset): RuleFacts {
	const met = new Map(
		ruleset.tables.map((table) => [table.name, rulesMet(table)]),
	);
	const all = [...met.values()].flat();
	const arriving = (met.get("nat") ?? []).filter(({ way }) =>
		way.hooks.has("PREROUTING"),
	);
	const leaving = (met.get("nat") ?? []).filter(({ way }) =>
		way.hooks.has("POSTROUTING"),
	);
	const translating = arriving.filter(({ rule, ends }) => {
		return ends.translatesDestination && rule.target?.kind === "extension";
	});
	// Marks of nat are for what comes behind it: masquerading, mostly.
	const marking = [...met]
		.flatMap(([table, rules]) => (table === "nat" ? [] : rules))
		.filter(({ way, ends }) => ends.writesMarks && way.hooks.has("PREROUTING"));
	const services = servicesOf(arriving, translating, marking);
	return {
		interfaces: interfacesOf(ruleset),
		services,
		backends: backendsOf(met.get("nat") ?? [], services),
		sources: leaving.flatMap(translatedTo),
		behind: all.flatMap(behindOf),
		leaving: leaving
			.filter(({ ends }) => ends.translatesSource)
			.flatMap(({ rule: { header, line } }) => {
				const interval = intervalOf(header.source);
				return interval === null ? [] : [{ interval, line }];
			}),
		clientInterfaces: names(translating, "inInterfaces"),
		clientsAnywhere: translating.some(
			({ way }) => namedOf(way.inInterfaces) === null,
		),
		markedInterfaces: names(
			marking.filter(({ rule }) => rule.target?.kind === "extension"),
			"inInterfaces",
		),
		marksAnywhere: marking.some(
			({ rule, way }) =>
				rule.target?.kind === "extension" &&
				way.inInterfaces.has("+") &&
				marksOf(rule).some(({ does, copies }) => does === "writes" && !copies),
		),
		masqueraded: names(leaving.filter(isForAll), "outInterfaces"),
		deliveredFrom: names(
			(met.get("filter") ?? []).filter(
				({ ends, way }) => ends.accepts && way.hooks.has("INPUT"),
			),
			"inInterfaces",
		),
		forwardedTo: names(
			(met.get("filter") ?? []).filter(
				({ ends, way }) => ends.accepts && way.hooks.has("FORWARD"),
			),
			"outInterfaces",
		),
	};
}

/** Of every rule, whether packets can meet it or not. */
function interfacesOf({ tables }: Ruleset): readonly string[] {
	const found = new Set<string>();
	for (const { chains } of tables)
		for (const { rules } of chains)
			for (const { header } of rules)
				for (const match of [header.inInterface, header.outInterface])
					if (match !== null) found.add(match.name);
	return [...found];
}

function names(
	rules: readonly MetRule[],
	key: "inInterfaces" | "outInterfaces",
): readonly string[] {
	return [
		...new Set(rules.flatMap(({ way }) => [...(namedOf(way[key]) ?? [])])),
	];
}

/**
 * Where a chain asks by another rule whether the destination is the gateway's own, its rules for single
 * addresses are for those that are not: so are kube-proxy's for cluster addresses.
 */
function servicesOf(
	arriving: readonly MetRule[],
	translating: readonly MetRule[],
	marking: readonly MetRule[],
): readonly NamedAddresses[] {
	const tellApart = new Set(
		arriving
			.filter(({ rule, chain }) => chain.policy === null && asksForOwn(rule))
			.map(({ chain }) => chain),
	);
	const named = arriving
		.filter(({ ends, chain }) => {
			return ends.translatesDestination && !tellApart.has(chain);
		})
		.flatMap(destinations);
	// What is translated goes by its mark, and only the rules that mark it know its destination.
	const goesByMark = translating.some(({ way }) => way.destinations === null);
	return goesByMark ? [...named, ...marking.flatMap(destinations)] : named;
}

function asksForOwn({ matches: uses }: Rule): boolean {
	return uses.some(
		({ name, options }) =>
			matches.get(name)?.asksForOwnDestination?.(options) === true,
	);
}

function destinations({ rule, way }: MetRule): readonly NamedAddresses[] {
	return (destinationsOf(rule) ?? []).map((interval) => ({
		interval,
		interfaces: namedOf(way.inInterfaces),
		line: rule.line,
	}));
}

function translatedTo({ rule, way }: MetRule): readonly NamedAddresses[] {
	const { target } = rule;
	if (target?.kind !== "extension") return [];
	const interval = targets.get(target.name)?.translatesTo?.(target.options);
	return interval
		? [{ interval, interfaces: namedOf(way.outInterfaces), line: rule.line }]
		: [];
}

/** A service whose rules only change the port stays on the gateway: its own address is no other host. */
function backendsOf(
	nat: readonly MetRule[],
	services: readonly NamedAddresses[],
): readonly NamedAddresses[] {
	const own = new Set(
		services.flatMap(({ interval }) => (isHost(interval) ? interval : [])),
	);
	const found = nat
		.filter(({ way, ends }) => {
			const { hooks } = way;
			return (
				ends.translatesDestination &&
				(hooks.has("PREROUTING") || hooks.has("OUTPUT"))
			);
		})
		.flatMap((met) =>
			translatedTo(met).map((backend) => ({
				...backend,
				interfaces: null,
				staysHere:
					isHost(backend.interval) &&
					own.has(backend.interval[0]) &&
					(met.way.destinations ?? []).some((one) =>
						isWithin(backend.interval, one),
					),
			})),
		);
	const elsewhere = new Set(
		found.flatMap(({ staysHere, interval }) =>
			staysHere ? [] : [interval[0]],
		),
	);
	return found
		.filter(({ staysHere, interval }) => {
			return !staysHere || elsewhere.has(interval[0]);
		})
		.map(({ staysHere: _, ...backend }) => backend);
}

/** `-d NETWORK -o IF`, `-s NETWORK -i IF`; and `-s NETWORK ! -o IF`: what leaves it elsewhere. */
function behindOf({ rule, way, ends }: MetRule): readonly Behind[] {
	if (!ends.accepts && !ends.writesMarks) return [];
	const { line, header } = rule;
	const found: Behind[] = [];
	const add = (interval: Interval | null, name: string | undefined) => {
		if (interval !== null && name !== undefined)
			found.push({ interval, interface: name, line });
	};
	const source = intervalOf(header.source);
	add(intervalOf(header.destination), onlyOne(way.outInterfaces));
	add(source, onlyOne(way.inInterfaces));
	if (header.outInterface?.inverted) add(source, header.outInterface.name);
	return found;
}

function onlyOne(some: ReadonlySet<string>): string | undefined {
	const [name] = some;
	return some.size === 1 && name !== "+" ? name : undefined;
}

/** Translates the source of packets to any destination. */
function isForAll({ rule, way }: MetRule): boolean {
	const { target, header } = rule;
	return (
		translatedBy(target) === "source" &&
		way.destinations === null &&
		header.destination.mask === 0
	);
}

export function isHost([least, greatest]: Interval): boolean {
	return least === greatest;
}

export function isWithin(inner: Interval, outer: Interval): boolean {
	return inner[0] >= outer[0] && inner[1] <= outer[1];
}
