/**
 * The gateway's addresses, routing tables and rules: what is local, what is on which link, what is behind
 * which next hop (`fib_lookup`, net/ipv4/fib_rules.c and fib_trie.c, 6.1).
 */
import type { Choice } from "../chance/choice.ts";
import type { GatewaySetup } from "../contract/gateway.ts";
import { GatewayError } from "../contract/gateway-error.ts";
import { UnknownSignal } from "../contract/unknown-signal.ts";
import type { AddressType } from "../extension/host.ts";
import type { Behaviour } from "../linux/behaviour.ts";
import type { Address } from "../packet/packet.ts";
import type { Route } from "../packet/skb/route.ts";
import type { Skb } from "../packet/skb/skb.ts";
import type { Stateful } from "../stateful.ts";
import { AddressCache } from "./address-cache.ts";
import { isOnNetwork, isSecondary } from "./fib/addresses.ts";
import { isPassedOver } from "./fib/carriers.ts";
import {
	type FibEntry,
	type Nexthop,
	SCOPE_HOST,
	SCOPE_LINK,
	TABLE_DEFAULT,
	TABLE_LOCAL,
	TABLE_MAIN,
} from "./fib/fib-entry.ts";
import { type Flow, flowTo, inputFlow } from "./fib/flow.ts";
import { areAsDefault, asksForPorts, type IpRule } from "./fib/ip-rules.ts";
import { type KnownHash, Multipath } from "./fib/multipath.ts";
import {
	type RoutingState,
	stateOf,
	withCarrier,
	withLink,
	withSetting,
} from "./fib/routing-state.ts";
import { type NoRoute, rulesAsked, searchRules } from "./fib/search-rules.ts";

/** What routing heeds of the gateway's settings, and what draws. */
export interface RoutingPorts {
	readonly choice: Choice;
	/** As they are at the moment. */
	readonly settings: {
		/** `net.ipv4.fib_multipath_hash_policy` and `…_hash_fields` */
		readonly multipathPolicy: number;
		readonly multipathFields: number;
		/** Next hops whose neighbour has failed are left out (`fib_multipath_use_neigh`). */
		readonly usesNeighbours: boolean;
	};
	/** Hears of each choice among next hops by what is hashed: what has the same key has the same hash. */
	hopChosen?(key: string): void;
	/** What the lowest address of a network is; left out: a host's. */
	readonly lowestAddress?: Behaviour["lowestAddress"];
	/** The neighbour is asked for in vain, or was (not `NUD_VALID`). */
	hasFailed(interfaceIndex: number, address: Address): boolean;
}

/** How a packet's route was found, where it is not the ordinary one of `main`. @public */
export interface RouteReason {
	/** Of a routing rule; `null`: of the tables `main` and the like. */
	readonly rule: {
		readonly priority: number;
		readonly table: number;
		/** Unsigned; 0: it asks for no mark. */
		readonly mark: number;
	} | null;
	/** Of a multipath route: the next hop, and of how many; `null`: it has one. */
	readonly hop: { readonly via: Address | null; readonly of: number } | null;
}

interface SavedRoutes {
	readonly state: RoutingState;
	readonly drawn: ReadonlyMap<string, KnownHash>;
}

/** @throws SetupError on addresses that are none, and on routes to interfaces that are not there */
export class Routes implements Stateful<SavedRoutes> {
	/** By index; 0 is none, 1 is lo. */
	readonly interfaces: readonly string[];
	private now: RoutingState;
	private readonly cached = new AddressCache<Route | NoRoute>();
	/** By next hop, until something changes. */
	private made = new WeakMap<Nexthop, Route>();
	private readonly multipath = new Multipath();
	private readonly ports: RoutingPorts | null;
	/** Nothing but the destination decides where a packet goes. */
	private isPlain = true;
	// Of the state, what each packet asks for: states are spread, so each may have a hidden class of its own (V8).
	private up: RoutingState["up"] = [];
	private carriers: RoutingState["carriers"] = [];
	private mtus: RoutingState["mtus"] = [];
	private broadcasts: RoutingState["broadcasts"] = [];
	/** Of the last packet that came in, and of the last that the gateway has sent: for whoever explains its way. */
	lastReason: Record<"input" | "output", RouteReason | null> = {
		input: null,
		output: null,
	};
	/** A rule goes by protocol or ports. */
	asksForPorts = false;

	/** @param ports left out: multipath routes are not asked for */
	constructor(setup: GatewaySetup, ports: RoutingPorts | null = null) {
		this.interfaces = ["", "lo", ...setup.interfaces.map((one) => one.name)];
		this.ports = ports;
		this.now = stateOf(setup, this.interfaces, ports?.lowestAddress);
		this.change(this.now);
	}

	/** Addresses, links, tables and rules as they are now. */
	get state(): RoutingState {
		return this.now;
	}

	/** Puts changed ones in their place. */
	change(state: RoutingState): void {
		this.now = state;
		this.up = state.up;
		this.carriers = state.carriers;
		this.mtus = state.mtus;
		this.broadcasts = state.broadcasts;
		this.isPlain = isPlain(state);
		this.lastReason = { input: null, output: null };
		this.asksForPorts = rulesAsked(state).some(asksForPorts);
		this.cached.clear();
		this.made = new WeakMap();
	}

	/** No part of it is ever written to: a change makes another one. */
	save(): SavedRoutes {
		return { state: this.now, drawn: this.multipath.save() };
	}

	restore({ state, drawn }: SavedRoutes): void {
		this.multipath.restore(drawn);
		if (state !== this.now) this.change(state);
	}

	/** Where a packet that came in goes (`ip_route_input_slow`). */
	input(skb: Skb): Route | NoRoute {
		return this.isPlain
			? this.byDestination(skb.destination)
			: this.search(inputFlow(skb, this.asksForPorts), "input");
	}

	/** Where a packet of the gateway's own goes (`ip_route_output_key_hash_rcu`). */
	output(flow: Flow): Route | NoRoute {
		return this.isPlain && flow.oif === 0
			? this.byDestination(flow.destination)
			: this.search(flow, "output");
	}

	/** Where nothing is known but the destination. @returns `null` when there is no route */
	lookup(destination: Address): Route | null {
		const found = this.isPlain
			? this.byDestination(destination)
			: this.search(flowTo(destination), "any");
		return found.type === "none" ? null : found;
	}

	/** `fib_lookup`, without a choice among next hops: from where packets of a source come. */
	lookupBack(flow: Flow): Route | NoRoute {
		return this.isPlain && flow.oif === 0
			? this.byDestination(flow.destination)
			: this.search(flow, "any");
	}

	/** The same, as if every link that is up had a carrier (`FIB_LOOKUP_IGNORE_LINKSTATE`). */
	lookupBackByAnyLink(flow: Flow): Route | NoRoute {
		return this.now.passedOver === null
			? this.lookupBack(flow)
			: this.searchIn({ ...this.now, passedOver: null }, flow, "any");
	}

	/** Is something besides the destination heeded, or are local routes there that no address brought along? */
	get hasCustomRoutes(): boolean {
		return this.now.isSplit || this.now.hasLocalRoutes;
	}

	/** Is it an address of an interface? (`inet_lookup_ifaddr_rcu`) */
	isOwn(address: Address): boolean {
		return this.isPlain
			? this.byDestination(address).type === "local"
			: this.now.addresses.some((own) =>
					own.some((one) => one.address === address),
				);
	}

	/** Is it the broadcast address of a network on this interface? */
	isBroadcastOn(address: Address, index: number): boolean {
		const broadcasts = this.broadcasts[index] as readonly Address[];
		for (let at = 0; at < broadcasts.length; at++)
			if (broadcasts[at] === address) return true;
		return false;
	}

	/**
	 * The index of an interface.
	 * @throws GatewayError when there is no such interface
	 */
	indexOf(name: string): number {
		const index = this.interfaces.indexOf(name);
		if (index <= 0)
			throw new GatewayError(
				`interface "${name}": the gateway has none of this name; give one of ${this.interfaces.slice(1).join(", ")}`,
			);
		return index;
	}

	isUp(index: number): boolean {
		return this.up[index] === true;
	}

	/** Has its link a carrier? */
	hasCarrier(index: number): boolean {
		return this.carriers[index] === true;
	}

	/** Of the route, else of its link, octets. */
	mtuOf({ mtu, interface: index }: Route): number {
		return mtu || (this.mtus[index] as number);
	}

	/** `ip link set … up|down`: routes that were added by hand do not come back (`fib_disable_ip`). */
	setLink(index: number, up: boolean): void {
		this.change(withLink(this.now, index, up));
	}

	/** A cable is pulled, or plugged in: a link that is up stays up. */
	setCarrier(index: number, isThere: boolean): void {
		this.change(withCarrier(this.now, index, isThere));
	}

	/** `ignore_routes_with_linkdown` has changed, by index of the interface. */
	heed(ignoresLinkDown: readonly boolean[]): void {
		const state = withSetting(this.now, ignoresLinkDown);
		if (state !== this.now) this.change(state);
	}

	/** First address of an interface on the destination's network, else its first one (`inet_select_addr`). */
	addressOf(
		index: number,
		destination: Address,
		scope: number = SCOPE_LINK,
	): Address | null {
		const own = this.now.addresses[index] ?? [];
		const fit = own.filter((one) => one.scope <= scope);
		const near = fit.find(
			(one) => isOnNetwork(destination, one) && !isSecondary(own, one),
		);
		return (near ?? fit[0])?.address ?? null;
	}

	/** The loopback has one without being given it. */
	firstAddressOf(index: number): Address | null {
		return this.now.addresses[index]?.[0]?.address ?? null;
	}

	/** What stands for an interface that has none, as the loopback (`no_in_dev` in `inet_select_addr`). */
	get firstAddress(): Address | null {
		const all = this.now.addresses.flat();
		return all.find(({ scope }) => scope < SCOPE_LINK)?.address ?? null;
	}

	/** `inet_addr_type` (0) or `inet_dev_addr_type` (`__inet_dev_addr_type`, net/ipv4/fib_frontend.c, 6.1). */
	typeOf(address: Address, index: number): AddressType {
		const first = address >>> 24;
		if (address === -1 || first === 0) return "BROADCAST";
		if (first >= 224 && first < 240) return "MULTICAST";
		const { fib, passedOver } = this.now;
		const found = fib
			.get(TABLE_LOCAL)
			?.find(
				({ network, mask, nexthops: [hop] }) =>
					((address ^ network) & mask) === 0 &&
					!(hop && isPassedOver(hop, passedOver)),
			);
		const isThere = index === 0 || found?.nexthops[0]?.interface === index;
		// Also of addresses to which no route leads.
		if (found === undefined || !isThere) return "UNICAST";
		return found.type === "local"
			? "LOCAL"
			: found.type === "broadcast"
				? "BROADCAST"
				: "UNICAST";
	}

	/** Is the address on the interface's own network? */
	isOnLink(address: Address, index: number): boolean {
		const route = this.lookup(address);
		return (
			route !== null &&
			route.type === "unicast" &&
			route.via === null &&
			route.interface === index
		);
	}

	/** Is there a network of the interface's that has them both? (`inet_addr_onlink`) */
	areOnLink(index: number, one: Address, other: Address | null): boolean {
		const own = this.now.addresses[index] ?? [];
		return own.some(
			(its) =>
				!isSecondary(own, its) &&
				isOnNetwork(one, its) &&
				(other === null || isOnNetwork(other, its)),
		);
	}

	private byDestination(destination: Address): Route | NoRoute {
		const cached = this.cached.get(destination);
		if (cached !== undefined) return cached;
		const found = this.search(flowTo(destination), "any");
		this.cached.set(destination, found);
		return found;
	}

	private search(
		flow: Flow,
		direction: "input" | "output" | "any",
	): Route | NoRoute {
		return this.searchIn(this.now, flow, direction);
	}

	private searchIn(
		state: RoutingState,
		flow: Flow,
		direction: "input" | "output" | "any",
	): Route | NoRoute {
		if (direction !== "any") this.lastReason[direction] = null;
		const found = searchRules(state, flow, this.interfaces);
		if (!("entry" in found)) return found;
		const { entry, table, rule } = found;
		let nexthop = found.nexthop as Nexthop;
		if (entry.nexthops.length > 1 && direction !== "any" && flow.oif === 0)
			nexthop = this.selectPath(entry, flow, nexthop);
		else if (direction === "output" && hasSeveralDefaults(state, table, entry))
			throw new UnknownSignal(
				"a choice among several default routes of one metric is not modelled",
			);
		if (direction !== "any")
			this.lastReason[direction] = reasonOf(entry, nexthop, rule, table);
		return this.routeOf(entry, nexthop);
	}

	private selectPath(entry: FibEntry, flow: Flow, found: Nexthop): Nexthop {
		const { ports, interfaces } = this;
		if (ports === null)
			throw new UnknownSignal("a choice among next hops is not made here");
		const isGood = ({ via, scope, interface: index }: Nexthop) =>
			via === null || scope !== SCOPE_LINK || !ports.hasFailed(index, via);
		const by = {
			choice: ports.choice,
			policy: ports.settings.multipathPolicy,
			fields: ports.settings.multipathFields,
			names: interfaces,
			isGood: ports.settings.usesNeighbours ? isGood : null,
			chosen: ports.hopChosen,
		};
		return this.multipath.select(entry.nexthops, flow, by, found);
	}

	/** `rt_set_nexthop`, `fib_result_prefsrc` */
	private routeOf(entry: FibEntry, nexthop: Nexthop): Route {
		const known = this.made.get(nexthop);
		if (known !== undefined) return known;
		const { interface: index } = nexthop;
		const via = nexthop.scope === SCOPE_LINK ? nexthop.via : null;
		const route: Route = {
			type: entry.type as Route["type"],
			interface: index,
			via,
			source:
				entry.source ??
				this.addressOf(index, nexthop.via ?? 0, entry.scope) ??
				this.firstAddress ??
				0,
			mtu: entry.mtu,
			isNear: nexthop.scope >= SCOPE_HOST,
			interfaces: entry.nexthops.map((one) => one.interface),
		};
		this.made.set(nexthop, route);
		return route;
	}
}

/** Tables that are asked without a rule of the user's. */
const ORDINARY: ReadonlySet<number> = new Set([
	TABLE_LOCAL,
	TABLE_MAIN,
	TABLE_DEFAULT,
]);

function reasonOf(
	{ nexthops }: FibEntry,
	{ via }: Nexthop,
	{ priority, mark, markMask }: IpRule,
	table: number,
): RouteReason | null {
	const isOrdinary = ORDINARY.has(table);
	if (isOrdinary && nexthops.length < 2) return null;
	return {
		rule: isOrdinary
			? null
			: { priority, table, mark: markMask === 0 ? 0 : mark >>> 0 },
		hop: nexthops.length < 2 ? null : { via, of: nexthops.length },
	};
}

/** Default routes through gateways that a table has more than one of, with one metric (`fib_select_default`). */
function hasSeveralDefaults(
	{ fib }: RoutingState,
	table: number,
	entry: FibEntry,
): boolean {
	if (entry.length > 0 || entry.type !== "unicast") return false;
	const isAlike = (one: FibEntry) =>
		one.length === 0 &&
		one.type === "unicast" &&
		one.tos === entry.tos &&
		one.metric === entry.metric &&
		one.nexthops[0]?.scope === SCOPE_LINK &&
		!one.nexthops.every(({ isDead }) => isDead);
	return (fib.get(table) ?? []).filter(isAlike).length > 1;
}

/** Do the tables that are there from the beginning, asked in turn, decide by the destination alone? */
function isPlain(state: RoutingState): boolean {
	const { fib } = state;
	if (!areAsDefault(rulesAsked(state))) return false;
	const isByDestination = [TABLE_LOCAL, TABLE_MAIN, TABLE_DEFAULT].every(
		(table) =>
			(fib.get(table) ?? []).every(
				({ tos, nexthops }) => tos === 0 && nexthops.length <= 1,
			),
	);
	return isByDestination && !hasAlikeDefaults(fib.get(TABLE_MAIN) ?? []);
}

function hasAlikeDefaults(entries: readonly FibEntry[]): boolean {
	const defaults = entries.filter(({ length }) => length === 0);
	return defaults.some((one, at) =>
		defaults.slice(at + 1).some(({ metric }) => metric === one.metric),
	);
}
