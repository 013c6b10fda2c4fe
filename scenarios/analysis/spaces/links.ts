/** The links of a world: its interfaces, addresses and routes, and what is in its sets, as spaces of packets need them. */
import {
	parseAddress,
	parsePrefixed,
	prefixMask,
} from "../../../sim/packet/address.ts";
import type { FibEntry } from "../../../sim/routing/fib/fib-entry.ts";
import { tryIpCommands } from "../../../sim/routing/iproute/try-commands.ts";
import { Routes } from "../../../sim/routing/routes.ts";
import type { AssumedWorld } from "../world/assumed-world.ts";
import {
	complement,
	contains,
	type Intervals,
	normalized,
} from "./intervals.ts";
import { Lists } from "./lists.ts";

/** The interfaces of a world, with what is known of their links. */
export interface Links {
	readonly names: readonly string[];
	/** Addresses of the gateway, unsigned, with the interface that has each. */
	readonly own: readonly {
		readonly address: number;
		readonly interface: string;
		/** The first and the last address of its network. */
		readonly network: readonly [least: number, greatest: number];
	}[];
	/** The addresses alone. */
	readonly ownAddresses: Intervals;
	/** What other hosts may have: no address that stands for a network, or for all of its hosts. */
	readonly hosts: Intervals;
	/** Those of the Internet that are on no link. */
	readonly farHosts: Intervals;
	/** Some of these to stand for all, that no ruleset should have a rule of its own about. */
	readonly farSamples: readonly number[];
	/** A host of each link, behind the gateway's own address there. */
	readonly neighbours: readonly number[];
	readonly clientInterfaces: readonly string[];
	/** Interfaces over which a default route leads, in any table. */
	readonly uplinks: ReadonlySet<string>;
	/** Those and 127.0.0.0/8: what the gateway itself sends from. */
	readonly sourceAddresses: Intervals;
	/** What is in its sets, and in countries. */
	readonly lists: Lists;
	/** The interface behind which an address lies; `null`: nowhere, or it is the gateway's own. */
	interfaceTowards(address: number): string | null;
	/**
	 * The interface by which packets of a source come: the one behind which it lies. Those of a host that is far
	 * come by the link that has the destination, where a default route leads over that: another uplink.
	 */
	interfaceFrom(source: number, destination: number): string | null;
	/** What a program of the gateway sends from that names no address; `null`: it has no route. */
	sourceTowards(destination: number): number | null;
	isOwn(address: number): boolean;
	/** Is it an address of this interface? */
	isOwnOf(name: string, address: number): boolean;
	/**
	 * The link that a host is on, where packets for it leave by another one: by a route that is for it and for more
	 * than that link has, a default route in a table of its own, say. `null`: it is on none, or they leave by it.
	 */
	linkMissed(address: number, by: string): string | null;
}

const knownLinks = new WeakMap<AssumedWorld, Links>();

/** It is asked for each service, and made once. */
export function linksOf(world: AssumedWorld): Links {
	const links = knownLinks.get(world) ?? makeLinks(world);
	knownLinks.set(world, links);
	return links;
}

function makeLinks({ setup, clientInterfaces }: AssumedWorld): Links {
	const routes = new Routes(setup);
	const own = setup.interfaces.flatMap(({ name, addresses }) =>
		addresses.map((text) => {
			const { address, length } = parsePrefixed(text) ?? NO_ADDRESS;
			const mask = prefixMask(length);
			return {
				address: address >>> 0,
				interface: name,
				network: [(address & mask) >>> 0, (address | ~mask) >>> 0] as const,
			};
		}),
	);
	const hosts = hostsBeside(own);
	const farHosts = complement(
		normalized([
			...NO_HOSTS,
			...NOT_PUBLIC,
			...own.map(({ network }) => network),
		]),
	);
	const { fib } = tryIpCommands(routes, setup.ip ?? []).state;
	const entries = [...fib.values()].flat();
	const uplinks = uplinksOf(entries, routes);
	const towards = (address: number) => {
		const route = routes.lookup(address | 0);
		return route?.type === "unicast" ? route : null;
	};
	const nameOf = (route: ReturnType<typeof towards>) =>
		route === null ? null : (routes.interfaces[route.interface] ?? null);
	return {
		names: setup.interfaces.map(({ name }) => name),
		own,
		ownAddresses: normalized(own.map(({ address }) => [address, address])),
		hosts,
		farHosts,
		farSamples: samplesOf(farHosts),
		neighbours: own.flatMap(({ address, network: [, greatest] }) =>
			address + 41 < greatest ? [address + 41] : [],
		),
		sourceAddresses: normalized([
			...own.map(({ address }) => [address, address] as const),
			LOOPBACK,
		]),
		clientInterfaces,
		uplinks,
		lists: new Lists(setup),
		interfaceTowards: (address) => nameOf(towards(address)),
		interfaceFrom(source, destination) {
			const route = towards(source);
			const isFar = route !== null && route.via !== null;
			const link = own.find(({ address }) => address === destination);
			return isFar && link !== undefined && uplinks.has(link.interface)
				? link.interface
				: nameOf(route);
		},
		sourceTowards(destination) {
			const route = routes.lookup(destination | 0);
			return route === null ? null : route.source >>> 0;
		},
		isOwn: (address) => routes.lookup(address | 0)?.type === "local",
		isOwnOf: (name, address) =>
			own.some((one) => one.interface === name && one.address === address),
		linkMissed(address, by) {
			const route = towards(address);
			const link = nameOf(route);
			if (route === null || route.via !== null) return null;
			if (link === null || link === by) return null;
			const [own, its] = [by, link].map((name) =>
				narrowestOver(name, address, { entries, routes }),
			) as [number, number];
			return own < its ? link : null;
		},
	};
}

const NO_ADDRESS = { address: 0, length: 32 };
/** 127.0.0.0/8 */
export const LOOPBACK = [0x7f00_0000, 0x7fff_ffff] as const;

/** Besides 127.0.0.0/8, what no host sends from: 0.0.0.0/8, multicast, and what is reserved (RFC 6890). */
const NO_HOSTS: Intervals = [
	[0, 0x00ff_ffff],
	LOOPBACK,
	[0xe000_0000, 0xffff_ffff],
];

/** Networks that are not for the Internet (RFC 6890): a client from far has no address of them. */
const NOT_PUBLIC: Intervals = (
	[
		["10.0.0.0", 8],
		["100.64.0.0", 10],
		["169.254.0.0", 16],
		["172.16.0.0", 12],
		["192.0.0.0", 24],
		["192.168.0.0", 16],
		["198.18.0.0", 15],
	] as const
).map(([text, length]) => {
	const first = (parseAddress(text) ?? 0) >>> 0;
	return [first, (first | ~prefixMask(length)) >>> 0];
});

/** Networks for documentation (RFC 5737). */
const DOCUMENTED = ["198.51.100.7", "192.0.2.7", "203.0.113.7"].map(
	(text) => (parseAddress(text) ?? 0) >>> 0,
);

/** Where links take up all networks for documentation, the first of the others. */
function samplesOf(farHosts: Intervals): readonly number[] {
	const found = DOCUMENTED.filter((one) => contains(farHosts, one));
	const others = farHosts.map(([least, greatest]) =>
		Math.min(least + 10, greatest),
	);
	return found.length > 0 ? found : others.slice(0, 2);
}

/** May a host of the Internet answer to this address? */
export function isPublic(address: number): boolean {
	return !contains(NO_HOSTS, address) && !contains(NOT_PUBLIC, address);
}

/** All hosts but the gateway, whose addresses and networks these are. */
function hostsBeside(
	own: readonly {
		readonly address: number;
		readonly network: readonly [least: number, greatest: number];
	}[],
): Intervals {
	return complement(
		normalized([
			...NO_HOSTS,
			...own.flatMap(({ address, network: [least, greatest] }) =>
				// Of two addresses (RFC 3021), both are hosts.
				[address, ...(greatest - least > 1 ? [least, greatest] : [])].map(
					(one) => [one, one] as const,
				),
			),
		]),
	);
}

/** How long the prefix is of the narrowest route to an address over an interface, in any table; -1: there is none. */
function narrowestOver(
	name: string,
	address: number,
	{
		entries,
		routes,
	}: { readonly entries: readonly FibEntry[]; readonly routes: Routes },
): number {
	const leads = ({ network, mask, type, nexthops }: FibEntry) =>
		type === "unicast" &&
		((address ^ network) & mask) === 0 &&
		nexthops.some((one) => routes.interfaces[one.interface] === name);
	return Math.max(-1, ...entries.filter(leads).map(({ length }) => length));
}

/** Interfaces over which a default route leads, in any table. */
function uplinksOf(
	entries: readonly FibEntry[],
	routes: Routes,
): ReadonlySet<string> {
	const defaults = entries.filter(
		({ length, type }) => length === 0 && type === "unicast",
	);
	return new Set(
		defaults.flatMap(({ nexthops }) =>
			nexthops.flatMap((one) => routes.interfaces[one.interface] ?? []),
		),
	);
}
