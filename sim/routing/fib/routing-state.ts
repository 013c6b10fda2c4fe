/** All of a gateway's routing as one record, and how a setup and its links make it. */
import type { GatewaySetup, RouteSetup } from "../../contract/gateway.ts";
import { SetupError } from "../../contract/setup-error.ts";
import { LOOPBACK_IFINDEX, LOOPBACK_MTU } from "../../kernel.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import { parseAddress, prefixMask } from "../../packet/address.ts";
import type { Address } from "../../packet/packet.ts";
import {
	broadcastsOf,
	connectedEntries,
	insertAddress,
	isOnNetwork,
	type OwnAddress,
} from "./addresses.ts";
import { type Carriers, passedOverBy, rebalanced } from "./carriers.ts";
import { deleteEntry, type Fib, insertEntry, mapEntries } from "./fib.ts";
import {
	type FibEntry,
	SCOPE_HOST,
	SCOPE_LINK,
	SCOPE_UNIVERSE,
	TABLE_LOCAL,
	TABLE_MAIN,
} from "./fib-entry.ts";
import { DEFAULT_RULES, type IpRule } from "./ip-rules.ts";

export interface RoutingState extends Carriers {
	/** By index of the interface: whether its link is up. */
	readonly up: readonly boolean[];
	/** By index of the interface, octets. */
	readonly mtus: readonly number[];
	/** By index of the interface, the primary one first. */
	readonly addresses: readonly (readonly OwnAddress[])[];
	/** What the lowest address of a network is; left out: a host's. */
	readonly lowestAddress?: "broadcast" | undefined;
	/** By index: broadcast addresses of the interface's networks. */
	readonly broadcasts: readonly (readonly Address[])[];
	readonly fib: Fib;
	readonly rules: readonly IpRule[];
	/** Rules were changed, so that they are asked, and not those that were there from the beginning (`fib_has_custom_rules`). */
	readonly isSplit: boolean;
	/** A local route was added (`fib_has_custom_local_routes`). */
	readonly hasLocalRoutes: boolean;
}

const LOOPBACK: OwnAddress = {
	address: (127 << 24) | 1,
	peer: (127 << 24) | 1,
	length: 8,
	scope: SCOPE_HOST,
	broadcast: null,
	metric: 0,
	hasNoRoute: false,
};

/**
 * @param names of interfaces, by index
 * @throws SetupError
 */
export function stateOf(
	{ interfaces, routes }: Pick<GatewaySetup, "interfaces" | "routes">,
	names: readonly string[],
	lowestAddress?: Behaviour["lowestAddress"],
): RoutingState {
	let state: RoutingState = {
		up: names.map(() => true),
		carriers: names.map(() => true),
		ignoresLinkDown: null,
		passedOver: null,
		mtus: [LOOPBACK_MTU, LOOPBACK_MTU, ...interfaces.map(({ mtu }) => mtu)],
		addresses: names.map(() => []),
		lowestAddress: lowestAddress === "broadcast" ? lowestAddress : undefined,
		broadcasts: names.map(() => []),
		fib: new Map(),
		rules: DEFAULT_RULES,
		isSplit: false,
		hasLocalRoutes: false,
	};
	state = withAddresses(state, LOOPBACK_IFINDEX, [LOOPBACK]);
	for (const [position, { name, addresses }] of interfaces.entries()) {
		mustBeName(name);
		let own: readonly OwnAddress[] = [];
		for (const text of addresses) {
			const more = insertAddress(own, parseOwn(text));
			// The same address twice is once.
			if (typeof more !== "string") own = more;
		}
		state = withAddresses(state, position + 2, own);
	}
	for (const route of linksFirst(routes)) {
		const entry = entryOf(state, names, route);
		const fib = insertEntry(state.fib, TABLE_MAIN, entry, "prepend");
		if (typeof fib !== "string") state = { ...state, fib };
	}
	return state;
}

/** Other addresses for an interface, and the routes that they bring along and take away. */
export function withAddresses(
	state: RoutingState,
	index: number,
	own: readonly OwnAddress[],
): RoutingState {
	const { lowestAddress } = state;
	const isUp = state.up[index] === true;
	const how = { index, isUp, lowestAddress };
	const before = connectedEntries(state.addresses[index] ?? [], how);
	const after = connectedEntries(own, how);
	return {
		...state,
		fib: exchanged(state.fib, before, after),
		addresses: state.addresses.with(index, own),
		broadcasts: state.broadcasts.with(
			index,
			own
				.filter(hasBroadcast)
				.flatMap((one) => broadcastsOf(one, lowestAddress)),
		),
	};
}

type Connected = ReturnType<typeof connectedEntries>;

function exchanged(fib: Fib, before: Connected, after: Connected): Fib {
	let changed = fib;
	for (const [table, entry] of before) {
		if (isAmong(after, table, entry)) continue;
		const text = JSON.stringify(entry);
		const fits = (one: FibEntry) => JSON.stringify(one) === text;
		changed = deleteEntry(changed, table, fits) ?? changed;
	}
	for (const [table, entry] of after) {
		if (isAmong(before, table, entry)) continue;
		const inserted = insertEntry(changed, table, entry, "append");
		if (typeof inserted !== "string") changed = inserted;
	}
	return changed;
}

function isAmong(some: Connected, table: number, entry: FibEntry): boolean {
	const text = JSON.stringify(entry);
	return some.some(
		([its, one]) => its === table && JSON.stringify(one) === text,
	);
}

/**
 * `ip link set … up|down`: next hops on it die (`fib_sync_down_dev`), and with its last next hop a route
 * goes for good; a multipath route gets its next hop back (`fib_sync_up`).
 */
export function withLink(
	state: RoutingState,
	index: number,
	up: boolean,
): RoutingState {
	if (state.up[index] === up) return state;
	const own = state.addresses[index] ?? [];
	const changed = { ...state, up: state.up.with(index, up) };
	if (up) {
		const { lowestAddress } = state;
		const fib = exchanged(
			state.fib,
			connectedEntries(own, { index, isUp: false, lowestAddress }),
			connectedEntries(own, { index, isUp: true, lowestAddress }),
		);
		return { ...changed, fib: revived({ ...changed, fib }, index) };
	}
	return { ...changed, fib: withoutLink(state, index, false) };
}

/**
 * The link of an interface that is up loses its carrier, or gets it back: shares of multipath routes by it
 * are computed anew (`fib_sync_down_dev`, `fib_sync_up`). Of one that is down nothing is seen before it comes up.
 */
export function withCarrier(
	state: RoutingState,
	index: number,
	isThere: boolean,
): RoutingState {
	const carriers = state.carriers.with(index, isThere);
	const changed = withPassedOver({ ...state, carriers });
	if (!state.up[index]) return changed;
	const fib = mapEntries(state.fib, (entry) =>
		entry.nexthops.some((one) => one.interface === index)
			? rebalanced(entry, changed.passedOver)
			: entry,
	);
	return { ...changed, fib };
}

/** @param ignoresLinkDown `ignore_routes_with_linkdown` by index of the interface: shares stay as they are */
export function withSetting(
	state: RoutingState,
	ignoresLinkDown: readonly boolean[],
): RoutingState {
	const isAsBefore = ignoresLinkDown.every(
		(value, index) => value === (state.ignoresLinkDown?.[index] ?? false),
	);
	return isAsBefore ? state : withPassedOver({ ...state, ignoresLinkDown });
}

function withPassedOver(state: RoutingState): RoutingState {
	return { ...state, passedOver: passedOverBy(state) };
}

/** @param force local routes go as well: the last address is gone */
export function withoutLink(
	{ fib, passedOver }: Pick<RoutingState, "fib" | "passedOver">,
	index: number,
	force: boolean,
): Fib {
	return mapEntries(fib, (entry) => {
		if (!force && entry.scope === SCOPE_HOST) return entry;
		if (!entry.nexthops.some((one) => one.interface === index)) return entry;
		const nexthops = entry.nexthops.map((one) =>
			one.interface === index ? { ...one, isDead: true } : one,
		);
		return nexthops.every(({ isDead }) => isDead)
			? null
			: rebalanced({ ...entry, nexthops }, passedOver);
	});
}

/** Next hops by it live again. */
export function revived(
	{ fib, passedOver }: Pick<RoutingState, "fib" | "passedOver">,
	index: number,
): Fib {
	return mapEntries(fib, (entry) => {
		if (!entry.nexthops.some((one) => one.isDead && one.interface === index))
			return entry;
		const nexthops = entry.nexthops.map((one) =>
			one.interface === index ? { ...one, isDead: false } : one,
		);
		return rebalanced({ ...entry, nexthops }, passedOver);
	});
}

/** In the order in which a kernel takes them: a next hop may be on a link that a route alone tells of (`fib_check_nh`). */
export function linksFirst(
	routes: readonly RouteSetup[],
): readonly RouteSetup[] {
	const isLink = ({ via }: RouteSetup) => via === null;
	return [
		...routes.filter(isLink),
		...routes.filter((route) => !isLink(route)),
	];
}

/** Networks of up to 30 bits have one (`fib_add_ifaddr`). */
function hasBroadcast({ length }: OwnAddress): boolean {
	return length < 31;
}

function entryOf(
	state: RoutingState,
	names: readonly string[],
	setup: RouteSetup,
): FibEntry {
	const [text = "", length = "32"] = setup.destination.split("/");
	const destination = parseAddress(text);
	const bits = Number(length);
	const index = names.indexOf(setup.interface);
	const via = setup.via === null ? null : parseAddress(setup.via);
	if (destination === null || !(bits >= 0 && bits <= 32))
		throw new SetupError(
			`route "${setup.destination}": not a network; write e.g. 192.168.0.0/24`,
		);
	if (index < 0)
		throw new SetupError(
			`route "${setup.destination}": no interface "${setup.interface}"; there are ${names.slice(2).join(", ")}`,
		);
	if (setup.via !== null && (via === null || !isOnLink(state, via, index)))
		throw new SetupError(
			`route "${setup.destination}": next hop "${setup.via}" is not on ${setup.interface}'s network`,
		);
	const own = state.addresses[index] ?? [];
	const near = own.find((one) => isOnNetwork(via ?? destination, one));
	const source = near ?? own[0];
	if (source === undefined)
		throw new SetupError(
			`route "${setup.destination}": ${setup.interface} has no address`,
		);
	const mask = prefixMask(bits);
	return {
		network: destination & mask,
		length: bits,
		mask,
		tos: 0,
		metric: 0,
		type: "unicast",
		scope: via === null ? SCOPE_LINK : SCOPE_UNIVERSE,
		source: null,
		mtu: 0,
		nexthops: [
			{
				interface: index,
				via,
				scope: via === null ? SCOPE_HOST : SCOPE_LINK,
				weight: 1,
				onlink: false,
				isDead: false,
				isLeftOut: false,
			},
		],
		isKernel: false,
	};
}

/** IFNAMSIZ without the octet that ends it, and what else `dev_valid_name` (net/core/dev.c, 6.1) refuses. */
const DEVICE_NAME = /^(?!\.{1,2}$)[^\s/:]{1,15}$/;

function mustBeName(name: string): void {
	if (!DEVICE_NAME.test(name))
		throw new SetupError(
			`interface "${name}": no interface has such a name; write 1 to 15 characters, without blanks, "/" and ":"`,
		);
}

/** Is it on a link that its addresses or its routes tell of? */
function isOnLink(
	{ fib }: RoutingState,
	address: Address,
	index: number,
): boolean {
	const fits = (one: FibEntry) => ((address ^ one.network) & one.mask) === 0;
	if ((fib.get(TABLE_LOCAL) ?? []).some(fits)) return false;
	const found = (fib.get(TABLE_MAIN) ?? []).find(fits)?.nexthops[0];
	return found?.via === null && found.interface === index;
}

function parseOwn(text: string): OwnAddress {
	const [dotted = "", length = "32"] = text.split("/");
	const address = parseAddress(dotted);
	const bits = Number(length);
	if (/^\d+$/.test(length) && bits > 32)
		throw new SetupError(
			`interface address "${text}": a prefix length is at most 32`,
		);
	if (address === null || !Number.isInteger(bits) || bits < 0)
		throw new SetupError(
			`interface address "${text}": write it with its prefix length, e.g. 10.0.0.1/8`,
		);
	return {
		address,
		peer: address,
		length: bits,
		scope: SCOPE_UNIVERSE,
		broadcast: null,
		metric: 0,
		hasNoRoute: false,
	};
}
