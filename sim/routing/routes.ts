/**
 * The gateway's addresses and routes: what is local, what is on which link, what is behind which next hop. Longest
 * prefix first, as `fib_lookup` finds it (net/ipv4/fib_trie.c, 6.1); no policy routing.
 */

import type { GatewaySetup, RouteSetup } from "../contract/gateway.ts";
import { GatewayError } from "../contract/gateway-error.ts";
import type { AddressType } from "../extension/host.ts";
import { LOOPBACK_IFINDEX } from "../kernel.ts";
import { parseAddress, prefixMask } from "../packet/address.ts";
import type { Address } from "../packet/packet.ts";
import type { Stateful } from "../stateful.ts";
import { AddressCache } from "./address-cache.ts";

/** Where a packet goes. */
export interface Route {
	readonly type: "local" | "broadcast" | "unicast";
	/** Index of the interface it leaves by (local: that has the address). */
	readonly interface: number;
	/** The next hop, or `null` when the destination itself is on the link. */
	readonly via: Address | null;
	/** Source address of what the gateway itself sends this way. */
	readonly source: Address;
}

interface Entry {
	readonly network: Address;
	readonly mask: Address;
	readonly route: Route;
	/** Goes with the link and comes back with it, unlike routes that were added. */
	readonly connected: boolean;
}

interface OwnAddress {
	readonly address: Address;
	readonly mask: Address;
}

/** Which links are up, and which routes were added and not lost. */
interface SavedRoutes {
	readonly up: readonly boolean[];
	readonly added: readonly Entry[];
}

/** A mistake in a `GatewaySetup`. @public */
export class SetupError extends Error {
	override readonly name = "SetupError";
	/** The name of the setting that is wrong; `null` where it is something else. */
	readonly sysctl: string | null;

	constructor(message: string, sysctl: string | null = null) {
		super(message);
		this.sysctl = sysctl;
	}
}

const LOOPBACK: Entry = {
	network: 127 << 24,
	mask: prefixMask(8),
	route: {
		type: "local",
		interface: LOOPBACK_IFINDEX,
		via: null,
		source: (127 << 24) | 1,
	},
	connected: true,
};

/** @throws SetupError on addresses that are none, and on routes to interfaces that are not there */
export class Routes implements Stateful<SavedRoutes> {
	/** By index; 0 is none, 1 is lo. */
	readonly interfaces: readonly string[];
	private readonly addresses: readonly (readonly OwnAddress[])[];
	private up: readonly boolean[];
	private added: readonly Entry[];
	private entries: readonly Entry[] = [];
	private readonly cached = new AddressCache<Route | null>();
	/** By index: broadcast addresses of the interface's networks. */
	private readonly broadcasts: readonly (readonly Address[])[];

	constructor(setup: GatewaySetup) {
		this.interfaces = ["", "lo", ...setup.interfaces.map((one) => one.name)];
		this.addresses = [
			[],
			[],
			...setup.interfaces.map((one) => one.addresses.map(parseOwn)),
		];
		this.broadcasts = this.addresses.map((own) =>
			own.filter(hasBroadcast).map(({ address, mask }) => address | ~mask),
		);
		this.up = this.interfaces.map(() => true);
		this.added = [];
		this.rebuild();
		const routes = linksFirst(setup.routes);
		this.added = routes
			.filter(({ via }) => via === null)
			.map((route) => this.addedEntry(route));
		this.rebuild();
		this.added = routes.map((route) => this.addedEntry(route));
		this.rebuild();
	}

	/** @returns `null` when there is no route */
	lookup(destination: Address): Route | null {
		const cached = this.cached.get(destination);
		if (cached !== undefined) return cached;
		const found =
			this.entries.find(
				(entry) => ((destination ^ entry.network) & entry.mask) === 0,
			)?.route ?? null;
		this.cached.set(destination, found);
		return found;
	}

	/** Is it the broadcast address of a network on this interface? */
	isBroadcastOn(address: Address, index: number): boolean {
		const broadcasts = this.broadcasts[index] as readonly Address[];
		for (let at = 0; at < broadcasts.length; at++)
			if (broadcasts[at] === address) return true;
		return false;
	}

	/** Neither list is ever written to: a change makes another one. */
	save(): SavedRoutes {
		return { up: this.up, added: this.added };
	}

	restore({ up, added }: SavedRoutes): void {
		if (up === this.up && added === this.added) return;
		this.up = up;
		this.added = added;
		this.rebuild();
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

	/** `ip link set … up|down`: routes that were added by hand do not come back (`fib_disable_ip`). */
	setLink(index: number, up: boolean): void {
		this.up = this.up.with(index, up);
		if (!up)
			this.added = this.added.filter(
				(entry) => entry.route.interface !== index,
			);
		this.rebuild();
	}

	/** First address of an interface on the destination's network, else its first one (`inet_select_addr`). */
	addressOf(index: number, destination: Address): Address | null {
		const own = this.addresses[index] ?? [];
		const near = own.find(
			({ address, mask }) => ((address ^ destination) & mask) === 0,
		);
		return (near ?? own[0])?.address ?? null;
	}

	/** The loopback has one without being given it. */
	firstAddressOf(index: number): Address | null {
		if (index === LOOPBACK_IFINDEX) return LOOPBACK.route.source;
		return this.addresses[index]?.[0]?.address ?? null;
	}

	/** What stands for an interface that has none, as the loopback (`no_in_dev` in `inet_select_addr`). */
	get firstAddress(): Address | null {
		return this.addresses.flat()[0]?.address ?? null;
	}

	/** `inet_addr_type` (0) or `inet_dev_addr_type` (`__inet_dev_addr_type`, net/ipv4/fib_frontend.c, 6.1). */
	typeOf(address: Address, index: number): AddressType {
		const first = address >>> 24;
		if (address === -1 || first === 0) return "BROADCAST";
		if (first >= 224 && first < 240) return "MULTICAST";
		const route = this.entries.find(
			(entry) =>
				(entry.route.type !== "unicast" || entry.connected || index === 0) &&
				((address ^ entry.network) & entry.mask) === 0 &&
				(index === 0 || entry.route.interface === index),
		)?.route;
		// Also of addresses to which no route leads.
		if (!route) return "UNICAST";
		return route.type === "local"
			? "LOCAL"
			: route.type === "broadcast"
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

	private rebuild(): void {
		const entries: Entry[] = [LOOPBACK, ...this.added];
		for (const [index, own] of this.addresses.entries()) {
			for (const { address, mask } of own) {
				// A second address of a network speaks with the first one's (`prim` in fib_add_ifaddr).
				const first = own.find(
					(one) => one.mask === mask && ((one.address ^ address) & mask) === 0,
				);
				const source = first?.address ?? address;
				const route = (type: Route["type"]): Route => ({
					type,
					interface: index,
					via: null,
					source,
				});
				entries.push({
					network: address,
					mask: -1,
					route: route("local"),
					connected: true,
				});
				// A gateway answers for its addresses also while their link is down (fib_sync_down_dev).
				if (!this.up[index]) continue;
				if (hasBroadcast({ mask }))
					entries.push({
						network: address | ~mask,
						mask: -1,
						route: route("broadcast"),
						connected: true,
					});
				if (mask !== -1)
					entries.push({
						network: address & mask,
						mask,
						route: route("unicast"),
						connected: true,
					});
			}
		}
		// The table "local" is asked before "main", so a local address wins over any route of equal length.
		const rank = (entry: Entry) => (entry.route.type === "unicast" ? 1 : 0);
		this.entries = entries.sort(
			(a, b) => rank(a) - rank(b) || (b.mask >>> 0) - (a.mask >>> 0),
		);
		this.cached.clear();
	}

	private addedEntry(setup: RouteSetup): Entry {
		const [text = "", length = "32"] = setup.destination.split("/");
		const destination = parseAddress(text);
		const bits = Number(length);
		const index = this.interfaces.indexOf(setup.interface);
		const via = setup.via === null ? null : parseAddress(setup.via);
		if (destination === null || !(bits >= 0 && bits <= 32))
			throw new SetupError(
				`route "${setup.destination}": not a network; write e.g. 192.168.0.0/24`,
			);
		if (index < 0)
			throw new SetupError(
				`route "${setup.destination}": no interface "${setup.interface}"; there are ${this.interfaces.slice(2).join(", ")}`,
			);
		if (setup.via !== null && (via === null || !this.isOnLink(via, index)))
			throw new SetupError(
				`route "${setup.destination}": next hop "${setup.via}" is not on ${setup.interface}'s network`,
			);
		const mask = prefixMask(bits);
		const source = this.addressOf(index, via ?? destination);
		if (source === null)
			throw new SetupError(
				`route "${setup.destination}": ${setup.interface} has no address`,
			);
		return {
			network: destination & mask,
			mask,
			route: { type: "unicast", interface: index, via, source },
			connected: false,
		};
	}
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
function hasBroadcast({ mask }: Pick<OwnAddress, "mask">): boolean {
	return mask !== -1 && mask !== -2;
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
	return { address, mask: prefixMask(bits) };
}
