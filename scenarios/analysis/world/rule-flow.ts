/**
 * By which ways packets come to the rules of a table, and where they go from there: by which interfaces,
 * for which destinations, to a target that accepts, translates or marks. Each chain is looked at once, behind all
 * chains that jump to it, so the cost is linear in the rules.
 */
import type {
	AddressMask,
	Chain,
	Rule,
	Table,
} from "../../../sim/contract/ruleset.ts";
import { prefixLength } from "../../../sim/packet/address.ts";
import {
	comparisonsOf,
	endOf,
	marksOf,
	translatedBy,
} from "../../../sim/ruleset/rule-traits.ts";

/** Addresses from one to another, unsigned. */
export type Interval = readonly [least: number, greatest: number];

/** What is known of all packets that come by a way. */
interface Way {
	/** The built-in chains that it begins at. */
	readonly hooks: ReadonlySet<string>;
	/** As rules name them, also `eth+`; `+` is any, and may stand beside others that some of the ways name. */
	readonly inInterfaces: ReadonlySet<string>;
	readonly outInterfaces: ReadonlySet<string>;
	/** `null`: any. */
	readonly destinations: readonly Interval[] | null;
}

/** What can become of a packet that matches a rule, there or further on. */
interface Ends {
	readonly accepts: boolean;
	readonly translatesDestination: boolean;
	readonly translatesSource: boolean;
	readonly writesMarks: boolean;
}

export interface MetRule {
	readonly rule: Rule;
	readonly chain: Chain;
	/** Of the packets that match it. */
	readonly way: Way;
	readonly ends: Ends;
}

const ANY_INTERFACE: ReadonlySet<string> = new Set(["+"]);
/** More destinations than this are any. */
const MOST_DESTINATIONS = 64;

const NO_END: Ends = {
	accepts: false,
	translatesDestination: false,
	translatesSource: false,
	writesMarks: false,
};

/** All rules that packets can meet, in an order in which a chain comes behind those that jump to it. */
export function rulesMet(table: Table): readonly MetRule[] {
	const chains = new Map(table.chains.map((chain) => [chain.name, chain]));
	const inner = innermostFirst(table, chains);
	const ends = new Map<string, Ends>();
	for (const chain of inner)
		ends.set(
			chain.name,
			chain.rules.map((rule) => endsOf(rule, ends)).reduce(either, NO_END),
		);
	const ways = new Map<string, Way>();
	for (const { name, policy } of inner)
		if (policy !== null)
			ways.set(name, {
				hooks: new Set([name]),
				inInterfaces: ANY_INTERFACE,
				outInterfaces: ANY_INTERFACE,
				destinations: null,
			});
	return inner.toReversed().flatMap((chain) => {
		const into = ways.get(chain.name);
		return into === undefined
			? []
			: chain.rules.map((rule) => {
					const way = narrowed(into, rule);
					const next = jumpOf(rule);
					if (next !== null) ways.set(next, joined(ways.get(next), way));
					return { rule, chain, way, ends: endsOf(rule, ends) };
				});
	});
}

/** Chains that hooks lead to, each behind all to which it jumps. Without recursion: they may nest deeply. */
function innermostFirst(
	{ chains }: Table,
	byName: ReadonlyMap<string, Chain>,
): readonly Chain[] {
	const done: Chain[] = [];
	const seen = new Set<string>();
	for (const start of chains) {
		if (start.policy === null || seen.has(start.name)) continue;
		seen.add(start.name);
		const path = [{ chain: start, next: 0 }];
		for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
			const rule = top.chain.rules[top.next++];
			if (rule === undefined) {
				done.push(top.chain);
				path.pop();
				continue;
			}
			const to = byName.get(jumpOf(rule) ?? "");
			if (to === undefined || seen.has(to.name)) continue;
			seen.add(to.name);
			path.push({ chain: to, next: 0 });
		}
	}
	return done;
}

function jumpOf({ target }: Rule): string | null {
	return target?.kind === "jump" || target?.kind === "goto"
		? target.chain
		: null;
}

function endsOf(rule: Rule, ends: ReadonlyMap<string, Ends>): Ends {
	const { target } = rule;
	if (target?.kind === "jump" || target?.kind === "goto")
		return ends.get(target.chain) ?? NO_END;
	const translates = translatedBy(target);
	return {
		accepts: endOf(target) === "accepts",
		translatesDestination:
			translates === "destination" || translates === "either",
		translatesSource: translates === "source" || translates === "either",
		writesMarks: marksOf(rule).some(({ does }) => does === "writes"),
	};
}

function either(one: Ends, other: Ends): Ends {
	return {
		accepts: one.accepts || other.accepts,
		translatesDestination:
			one.translatesDestination || other.translatesDestination,
		translatesSource: one.translatesSource || other.translatesSource,
		writesMarks: one.writesMarks || other.writesMarks,
	};
}

function narrowed(way: Way, rule: Rule): Way {
	const { inInterface, outInterface } = rule.header;
	const named = (match: typeof inInterface, before: Way["inInterfaces"]) =>
		match === null || match.inverted ? before : new Set([match.name]);
	return {
		hooks: way.hooks,
		inInterfaces: named(inInterface, way.inInterfaces),
		outInterfaces: named(outInterface, way.outInterfaces),
		destinations: destinationsOf(rule) ?? way.destinations,
	};
}

function joined(one: Way | undefined, other: Way): Way {
	if (one === undefined) return other;
	return {
		hooks: union(one.hooks, other.hooks),
		inInterfaces: union(one.inInterfaces, other.inInterfaces),
		outInterfaces: union(one.outInterfaces, other.outInterfaces),
		destinations: joinedDestinations(one.destinations, other.destinations),
	};
}

/** The same set where nothing is new, which is so most of the time. */
function union(
	one: ReadonlySet<string>,
	other: ReadonlySet<string>,
): ReadonlySet<string> {
	for (const name of other)
		if (!one.has(name)) return new Set([...one, ...other]);
	return one;
}

function joinedDestinations(
	one: Way["destinations"],
	other: Way["destinations"],
): Way["destinations"] {
	if (one === null || other === null || one === other) return other && one;
	const all = [...one];
	for (const interval of other)
		if (!all.some(([least, greatest]) => isSame(interval, [least, greatest])))
			all.push(interval);
	return all.length > MOST_DESTINATIONS ? null : all;
}

function isSame(one: Interval, other: Interval): boolean {
	return one[0] === other[0] && one[1] === other[1];
}

/** Those that a rule asks for itself, by its header or by a match; `null`: any, or what no interval says. */
export function destinationsOf(rule: Rule): readonly Interval[] | null {
	const [found] = comparisonsOf(rule).filter(({ fields, inverted }) => {
		return !inverted && fields.length === 1 && fields[0] === "destination";
	});
	return found?.ranges ?? null;
}

/** `null` for any, for `!`, and for a mask whose ones are not all in front. */
export function intervalOf({
	address,
	mask,
	inverted,
}: AddressMask): Interval | null {
	if (inverted || mask === 0 || prefixLength(mask) === null) return null;
	return [(address & mask) >>> 0, (address | ~mask) >>> 0];
}

/** `null`: any interface, as far as the way tells. */
export function namedOf(
	interfaces: ReadonlySet<string>,
): ReadonlySet<string> | null {
	const named = [...interfaces].filter((name) => name !== "+");
	return named.length === 0 ? null : new Set(named);
}
