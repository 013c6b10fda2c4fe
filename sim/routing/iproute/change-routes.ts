/** What `ip route` does to the tables (`fib_create_info`, `fib_check_nh`, `fib_table_insert`, net/ipv4/fib_semantics.c, 6.1). */
import { prefixMask } from "../../packet/address.ts";
import type { Address } from "../../packet/packet.ts";
import { rebalanced } from "../fib/carriers.ts";
import {
	deleteEntry,
	type FibHit,
	type InsertMode,
	insertEntry,
	lookupTable,
	mapEntries,
} from "../fib/fib.ts";
import {
	type FibEntry,
	leadsNowhere,
	type Nexthop,
	SCOPE_HOST,
	SCOPE_LINK,
	SCOPE_NOWHERE,
	SCOPE_UNIVERSE,
	TABLE_LOCAL,
	TABLE_MAIN,
} from "../fib/fib-entry.ts";
import { type Flow, flowTo } from "../fib/flow.ts";
import type { RoutingState } from "../fib/routing-state.ts";
import { searchRules } from "../fib/search-rules.ts";
import { answers, done, type IpOutcome, noDevice, refused } from "./answers.ts";
import type { FlushSpec, NexthopSpec, RouteSpec } from "./ip-command.ts";

/** @param names of interfaces, by index */
export function insertRoute(
	state: RoutingState,
	names: readonly string[],
	spec: RouteSpec,
	mode: InsertMode,
): IpOutcome {
	const missing = missingDevice(names, spec);
	if (missing !== null) return noDevice(missing);
	const type = spec.type ?? "unicast";
	const table = tableOf(spec);
	const mask = prefixMask(spec.to.length);
	if ((spec.to.address & ~mask) !== 0)
		return refused("Invalid prefix for given prefix length");
	const scope = spec.scope ?? scopeOf(spec);
	const nexthops = leadsNowhere(type)
		? []
		: nexthopsOf(state, names, spec, { table, scope, type });
	if (leadsNowhere(type) && spec.nexthops.length > 0)
		return refused(
			"Gateway, device and multipath can not be specified for this route type",
		);
	if ("kind" in nexthops) return nexthops;
	if (spec.source !== null && !isLocal(state, spec.source))
		return refused("Invalid prefsrc address");
	const given: FibEntry = {
		network: spec.to.address,
		length: spec.to.length,
		mask,
		tos: spec.tos,
		metric: spec.metric,
		type,
		scope,
		source: spec.source,
		mtu: spec.mtu,
		nexthops,
		isKernel: spec.isKernel === true,
	};
	const entry = rebalanced(given, state.passedOver);
	const fib = insertEntry(state.fib, table, entry, mode);
	if (typeof fib === "string") return answers(fib);
	const hasLocalRoutes = state.hasLocalRoutes || type === "local";
	return done({ ...state, fib, hasLocalRoutes });
}

export function deleteRoute(
	state: RoutingState,
	names: readonly string[],
	spec: RouteSpec,
): IpOutcome {
	const missing = missingDevice(names, spec);
	if (missing !== null) return noDevice(missing);
	const table = tableOf(spec);
	if (!hasTable(state, table)) return refused("ipv4: FIB table does not exist");
	const fits = (entry: FibEntry) => isNamed(entry, spec, names);
	const fib = deleteEntry(state.fib, table, fits);
	return fib === null ? answers("No such process") : done({ ...state, fib });
}

export function flushRoutes(
	state: RoutingState,
	names: readonly string[],
	what: FlushSpec,
): IpOutcome {
	if (what.dev !== "" && !names.includes(what.dev)) return noDevice(what.dev);
	if (what.table !== null && !hasTable(state, what.table))
		return {
			kind: "refused",
			message: "Error: ipv4: FIB table does not exist.\nFlush terminated",
		};
	const fib = mapEntries(state.fib, (entry, table) => {
		if (what.table !== null && table !== what.table) return entry;
		return isFlushed(entry, names, what) ? null : entry;
	});
	return done({ ...state, fib });
}

function isFlushed(
	entry: FibEntry,
	names: readonly string[],
	{ dev, via, to, isKernel }: FlushSpec,
): boolean {
	const [hop, ...more] = entry.nexthops;
	const isBy = (name: string) =>
		more.length === 0 && hop !== undefined && names[hop.interface] === name;
	const isTo =
		to === null ||
		(to.isExact
			? entry.length === to.length && entry.network === to.address
			: entry.length >= to.length &&
				((entry.network ^ to.address) & prefixMask(to.length)) === 0);
	return (
		isTo &&
		(dev === "" || isBy(dev)) &&
		(via === null || hop?.via === via) &&
		(isKernel === null || entry.isKernel === isKernel)
	);
}

/** Tables come into being with their first route; main and local are there from the beginning. */
function hasTable({ fib }: RoutingState, table: number): boolean {
	return fib.has(table) || table === TABLE_MAIN || table === TABLE_LOCAL;
}

function tableOf({ table, type }: RouteSpec): number {
	if (table !== null) return table;
	return type === "local" || type === "broadcast" ? TABLE_LOCAL : TABLE_MAIN;
}

/** Where none is named (`iproute_modify`). */
function scopeOf({ type, nexthops }: RouteSpec): number {
	if (type === "local") return SCOPE_HOST;
	if (type === "broadcast") return SCOPE_LINK;
	const isDirect = nexthops.length === 1 && nexthops[0]?.via === null;
	const isNone = nexthops.length === 0;
	const isUnicast = type === null || type === "unicast";
	return isUnicast && (isDirect || isNone) ? SCOPE_LINK : SCOPE_UNIVERSE;
}

function missingDevice(
	names: readonly string[],
	{ nexthops }: RouteSpec,
): string | null {
	return (
		nexthops.find(({ dev }) => dev !== "" && !names.includes(dev))?.dev ?? null
	);
}

interface RouteFrame {
	readonly table: number;
	readonly scope: number;
	readonly type: FibEntry["type"];
}

function nexthopsOf(
	state: RoutingState,
	names: readonly string[],
	{ nexthops }: RouteSpec,
	frame: RouteFrame,
): readonly Nexthop[] | IpOutcome {
	if (nexthops.length === 0) return answers("No such device");
	if (frame.scope === SCOPE_HOST) {
		const [hop, more] = nexthops;
		if (more !== undefined)
			return refused("Route with host scope can not have multiple nexthops");
		if (hop?.via !== null)
			return refused("Route with host scope can not have a gateway");
	}
	const found: Nexthop[] = [];
	for (const hop of nexthops) {
		const checked = checkNexthop(state, names, hop, frame);
		if ("kind" in checked) return checked;
		found.push(checked);
	}
	return found;
}

/** `fib_check_nh` */
function checkNexthop(
	state: RoutingState,
	names: readonly string[],
	hop: NexthopSpec,
	frame: RouteFrame,
): Nexthop | IpOutcome {
	const { via, weight, onlink } = hop;
	const index = hop.dev === "" ? 0 : names.indexOf(hop.dev);
	const alive = { isDead: false, isLeftOut: false };
	const nexthop = { interface: index, via, weight, onlink, ...alive };
	if (frame.scope === SCOPE_HOST) {
		if (index === 0) return answers("No such device");
		return { ...nexthop, scope: SCOPE_NOWHERE };
	}
	if (via === null) {
		if (index === 0) return answers("No such device");
		if (!state.up[index]) return refused("Device for nexthop is not up");
		return { ...nexthop, scope: SCOPE_HOST };
	}
	if (onlink) {
		if (frame.scope >= SCOPE_LINK) return refused("Nexthop has invalid scope");
		if (index === 0) return refused("Nexthop device required for onlink");
		if (!state.up[index]) return refused("Nexthop device is not up");
		if (isKnown(state, via)) return refused("Nexthop has invalid gateway");
		return { ...nexthop, scope: SCOPE_LINK };
	}
	const found = lookupGateway(state, names, frame, { via, index });
	const hit = found?.nexthop;
	if (!found || !hit || !["unicast", "local"].includes(found.entry.type))
		return refused("Nexthop has invalid gateway");
	if (!state.up[hit.interface]) return answers("Network is down");
	return { ...nexthop, interface: hit.interface, scope: found.entry.scope };
}

/** In the route's own table first, and then as a packet would. */
function lookupGateway(
	state: RoutingState,
	names: readonly string[],
	{ table, scope }: RouteFrame,
	{ via, index }: { readonly via: Address; readonly index: number },
): FibHit | null {
	const flow: Flow = {
		...flowTo(via),
		oif: index,
		scope: Math.max(scope + 1, SCOPE_LINK),
	};
	// A link without a carrier is a link (FIB_LOOKUP_IGNORE_LINKSTATE).
	const passedOver = null;
	const own =
		table === TABLE_MAIN
			? null
			: lookupTable(state.fib.get(table) ?? [], flow, passedOver);
	if (own !== null && !leadsNowhere(own.entry.type)) return own;
	const found = searchRules({ ...state, passedOver }, flow, names);
	return "entry" in found ? found : null;
}

/** Is it an address of the gateway's own? (`inet_addr_type_table`) */
function isLocal({ fib, passedOver }: RoutingState, address: Address): boolean {
	const hit = lookupTable(
		fib.get(TABLE_LOCAL) ?? [],
		flowTo(address),
		passedOver,
	);
	return hit?.entry.type === "local";
}

/** Is it something else than an ordinary address? */
function isKnown({ fib, passedOver }: RoutingState, address: Address): boolean {
	return (
		lookupTable(fib.get(TABLE_LOCAL) ?? [], flowTo(address), passedOver) !==
		null
	);
}

/** Does the command mean this route? What it leaves out may be anything (`fib_table_delete`, `fib_nh_match`). */
function isNamed(
	entry: FibEntry,
	spec: RouteSpec,
	names: readonly string[],
): boolean {
	const { to, type, scope, source, metric, nexthops, tos, isKernel } = spec;
	return (
		entry.length === to.length &&
		entry.network === to.address &&
		entry.tos === tos &&
		(type === null || entry.type === type) &&
		(scope === null || entry.scope === scope) &&
		(source === null || entry.source === source) &&
		(metric === 0 || entry.metric === metric) &&
		(isKernel === null || entry.isKernel === isKernel) &&
		areNamed(entry.nexthops, nexthops, names)
	);
}

function areNamed(
	hops: readonly Nexthop[],
	specs: readonly NexthopSpec[],
	names: readonly string[],
): boolean {
	if (specs.length > 1 && specs.length !== hops.length) return false;
	return specs.every(({ dev, via, weight }, at) => {
		const hop = hops[at];
		if (hop === undefined) return false;
		return (
			(dev === "" || names[hop.interface] === dev) &&
			(via === null || hop.via === via) &&
			(specs.length === 1 || weight === hop.weight)
		);
	});
}
