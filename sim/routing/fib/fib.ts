/**
 * Routing tables by number, each a list in the order in which a lookup goes through it: longest prefix
 * first, then type of service, then metric (`fib_find_alias`, `fib_table_lookup`, net/ipv4/fib_trie.c, 6.1).
 * A list is never written to: a change makes another one.
 */
import { isPassedOver, type PassedOver } from "./carriers.ts";
import { type FibEntry, leadsNowhere, type Nexthop } from "./fib-entry.ts";
import type { Flow } from "./flow.ts";

export type Fib = ReadonlyMap<number, readonly FibEntry[]>;

/** A route that fits, and the first of its next hops that does. */
export interface FibHit {
	readonly entry: FibEntry;
	readonly nexthop: Nexthop | null;
}

/** Flags of the message that adds a route: `add`, `append`, `prepend`, `replace`, `change` of `ip route`. */
export type InsertMode = "add" | "append" | "prepend" | "replace" | "change";

/**
 * The first route of a table that fits; of one that leads nowhere there is no next hop.
 * @param passedOver `null`: links count as if each had a carrier (`FIB_LOOKUP_IGNORE_LINKSTATE`)
 */
export function lookupTable(
	entries: readonly FibEntry[],
	flow: Flow,
	passedOver: PassedOver,
): FibHit | null {
	for (let at = 0; at < entries.length; at++) {
		const entry = entries[at] as FibEntry;
		if (((flow.destination ^ entry.network) & entry.mask) !== 0) continue;
		if (entry.tos !== 0 && entry.tos !== flow.tos) continue;
		if (entry.scope < flow.scope) continue;
		if (leadsNowhere(entry.type)) return { entry, nexthop: null };
		const nexthop = entry.nexthops.find(
			(one) =>
				!one.isDead &&
				!isPassedOver(one, passedOver) &&
				(flow.oif === 0 || flow.oif === one.interface),
		);
		if (nexthop !== undefined) return { entry, nexthop };
	}
	return null;
}

/**
 * Puts a route into a table (`fib_table_insert`).
 * @returns an error of the kernel's as `RTNETLINK answers` spells it, or the tables
 */
export function insertEntry(
	fib: Fib,
	table: number,
	entry: FibEntry,
	mode: InsertMode,
): Fib | string {
	const entries = fib.get(table) ?? [];
	const first = entries.findIndex((one) => comesNotBefore(one, entry));
	const at = first < 0 ? entries.length : first;
	const rest = entries.slice(at);
	const count = rest.findIndex((one) => !hasSameKey(one, entry));
	const same = count < 0 ? rest : rest.slice(0, count);
	if (same.length === 0) {
		if (mode === "change") return "No such file or directory";
		return withTable(fib, table, entries.toSpliced(at, 0, entry));
	}
	if (mode === "add") return "File exists";
	const known = same.findIndex((one) => isSameRoute(one, entry));
	if (mode === "replace" || mode === "change") {
		if (known === 0) return fib;
		if (known > 0) return "File exists";
		return withTable(fib, table, entries.toSpliced(at, 1, entry));
	}
	if (known >= 0) return "File exists";
	const place = mode === "append" ? at + same.length : at;
	return withTable(fib, table, entries.toSpliced(place, 0, entry));
}

/** Takes the first route out that fits (`fib_table_delete`); `null` when there is none. */
export function deleteEntry(
	fib: Fib,
	table: number,
	fits: (entry: FibEntry) => boolean,
): Fib | null {
	const entries = fib.get(table) ?? [];
	const at = entries.findIndex(fits);
	return at < 0 ? null : withTable(fib, table, entries.toSpliced(at, 1));
}

/** Every route of every table, changed or taken out. */
export function mapEntries(
	fib: Fib,
	change: (entry: FibEntry, table: number) => FibEntry | null,
): Fib {
	return new Map(
		[...fib].map(([table, entries]) => [
			table,
			entries.flatMap((entry) => change(entry, table) ?? []),
		]),
	);
}

function withTable(fib: Fib, table: number, entries: readonly FibEntry[]): Fib {
	return new Map(fib).set(table, entries);
}

/** Does `one` stand where `entry` belongs, or behind it? */
function comesNotBefore(one: FibEntry, entry: FibEntry): boolean {
	if (one.length !== entry.length) return one.length < entry.length;
	const [a, b] = [one.network >>> 0, entry.network >>> 0];
	if (a !== b) return a > b;
	if (one.tos !== entry.tos) return one.tos < entry.tos;
	return one.metric >= entry.metric;
}

function hasSameKey(one: FibEntry, other: FibEntry): boolean {
	return (
		one.length === other.length &&
		one.network === other.network &&
		one.tos === other.tos &&
		one.metric === other.metric
	);
}

/** `fib_find_info`: all that a route says. */
function isSameRoute(one: FibEntry, other: FibEntry): boolean {
	return (
		one.type === other.type &&
		one.scope === other.scope &&
		one.source === other.source &&
		one.mtu === other.mtu &&
		one.isKernel === other.isKernel &&
		one.nexthops.length === other.nexthops.length &&
		one.nexthops.every((hop, at) => {
			const its = other.nexthops[at] as Nexthop;
			return (
				hop.interface === its.interface &&
				hop.via === its.via &&
				hop.weight === its.weight &&
				hop.onlink === its.onlink
			);
		})
	);
}
