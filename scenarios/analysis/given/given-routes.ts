/** Routes of the table `main`, as `ip route` has them. */
import type {
	InterfaceSetup,
	RouteSetup,
} from "../../../sim/contract/gateway.ts";
import {
	formatAddress,
	parseAddress,
	parsePrefixed,
} from "../../../sim/packet/address.ts";
import { Routes } from "../../../sim/routing/routes.ts";
import { peersOf } from "./given-interfaces.ts";
import type { AddressRecord, RouteRecord } from "./ip-records.ts";

type Note = (text: string) => void;

interface Machine {
	readonly records: readonly AddressRecord[];
	readonly interfaces: readonly InterfaceSetup[];
}

/** Those on a link first: next hops of the others may be behind them. */
export function givenRoutes(
	records: readonly RouteRecord[],
	machine: Machine,
	note: Note,
): readonly RouteSetup[] {
	const links: RouteSetup[] = machine.records.flatMap((record) =>
		peersOf(record).map(({ network }) => ({
			destination: network,
			via: null,
			interface: record.ifname,
		})),
	);
	const others: RouteSetup[] = [];
	for (const record of chosen(records.filter(isMain), note)) {
		const route = routeOf(record, machine, note);
		if (route === null || followsFrom(route, machine)) continue;
		if (route.via !== null) others.push(route);
		else if (!links.some((one) => one.destination === route.destination))
			links.push(route);
	}
	return reachable(links, others, machine, note);
}

/** Also where `-d` names the table. */
export function isMain({ table }: RouteRecord): boolean {
	return table === "main" || table === "254";
}

export function isIpv4({ dst, gateway, pref }: RouteRecord): boolean {
	return !dst.includes(":") && !gateway?.includes(":") && pref === undefined;
}

/** Of several to the same network, the kernel takes the one with the lowest metric. */
function chosen(
	records: readonly RouteRecord[],
	note: Note,
): readonly RouteRecord[] {
	const found = new Map<string, RouteRecord>();
	const byMetric = records
		.filter(isIpv4)
		.filter((record) => isUsed(record, note))
		.toSorted((a, b) => a.metric - b.metric);
	for (const record of byMetric) {
		const before = found.get(record.dst);
		if (before === undefined) found.set(record.dst, record);
		else
			note(
				`${capital(words(record))} is not used: ${words(before)} comes before it.`,
			);
	}
	return [...found.values()];
}

function isUsed(record: RouteRecord, note: Note): boolean {
	const { type, flags, tos } = record;
	if (type === "broadcast" || type === "multicast" || type === "anycast")
		return false;
	if (type !== "unicast")
		note(
			`${capital(words(record))} is not modelled: packets to it follow the other routes.`,
		);
	else if (tos !== undefined && tos !== "0")
		note(
			`${capital(words(record))} is for one type of service alone (${tos}), and is not modelled.`,
		);
	else if (flags.includes("dead"))
		note(`${capital(words(record))} is dead, and is not used.`);
	else return true;
	return false;
}

function capital(text: string): string {
	return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `the route default via 10.0.0.254 dev eth0`. */
function words({ type, dst, gateway, dev, metric }: RouteRecord): string {
	return [
		"the route",
		type === "unicast" ? "" : type,
		dst,
		gateway === undefined ? "" : `via ${gateway}`,
		dev === undefined ? "" : `dev ${dev}`,
		metric === 0 ? "" : `metric ${metric}`,
	]
		.filter((word) => word !== "")
		.join(" ");
}

function routeOf(
	record: RouteRecord,
	{ interfaces }: Machine,
	note: Note,
): RouteSetup | null {
	const { dst, encap } = record;
	const several = hopsOf(record);
	const [hop = record] = several;
	if (several.length > 1) {
		const isOneLink = new Set(several.map(({ dev }) => dev)).size === 1;
		const first = `${hop.gateway ?? hop.via?.host ?? "none"} dev ${hop.dev ?? "?"}`;
		note(
			`${capital(words(record))} has ${several.length} next hops, among which the kernel chooses: ${isOneLink ? `the model takes the first, ${first}` : "which one a packet takes is not known"}.`,
		);
	}
	if (encap !== undefined)
		note(
			`${capital(words(record))} is taken without its encapsulation (${encap}).`,
		);
	const name = hop.dev;
	if (name === undefined || !interfaces.some((one) => one.name === name)) {
		note(
			name === undefined
				? `${capital(words(record))} names no interface, and is not used.`
				: `${capital(words(record))} is not used: ${name} is none of the interfaces that addresses were given of.`,
		);
		return null;
	}
	if (hop.via !== undefined)
		note(
			`${capital(words(record))} has a next hop of ${hop.via.family}: its network is taken to be on the link of ${name}.`,
		);
	const destination =
		dst === "default" ? "0.0.0.0/0" : dst.includes("/") ? dst : `${dst}/32`;
	return { destination, via: hop.gateway ?? null, interface: name };
}

/** Those that the kernel chooses among; none of a route that has one. */
export function hopsOf({
	nexthops = [],
}: RouteRecord): NonNullable<RouteRecord["nexthops"]> {
	return nexthops.filter(({ flags }) => !flags.includes("dead"));
}

/** The kernel makes it when it is given the address, and so does the model. */
function followsFrom(
	{ destination, via, interface: name }: RouteSetup,
	{ interfaces }: Machine,
): boolean {
	if (via !== null) return false;
	const own = interfaces.find((one) => one.name === name)?.addresses ?? [];
	return own.some((text) => networkOf(text) === destination);
}

function networkOf(text: string): string {
	const found = parsePrefixed(text);
	if (found === null) return "";
	return `${formatAddress(found.address & found.mask)}/${found.length}`;
}

/** Next hops must be on a link; an interface without an address has no route in the model. */
function reachable(
	links: readonly RouteSetup[],
	others: readonly RouteSetup[],
	{ interfaces }: Machine,
	note: Note,
): readonly RouteSetup[] {
	const usable = links.filter((route) => hasAddress(route, interfaces, note));
	const routes = new Routes({
		interfaces,
		routes: usable,
		sysctls: {},
		listeners: [],
		epochMs: 0,
	});
	const added: RouteSetup[] = [];
	const rest = others.filter((route) => {
		const { destination, via, interface: name } = route;
		if (!hasAddress(route, interfaces, note)) return false;
		const hop = parseAddress(via ?? "");
		if (hop === null) {
			note(
				`The route ${destination} is not used: its next hop ${via} is no address.`,
			);
			return false;
		}
		if (routes.isOnLink(hop, routes.interfaces.indexOf(name))) return true;
		if (routes.lookup(hop)?.type === "local") {
			note(
				`The route ${destination} is not used: its next hop ${via} is the gateway's own address.`,
			);
			return false;
		}
		note(
			`No address of ${name} has the next hop ${via} on its network: it is taken to be on the link.`,
		);
		added.push({ destination: `${via}/32`, via: null, interface: name });
		return true;
	});
	const hops = new Map(added.map((route) => [route.destination, route]));
	return [...usable, ...hops.values(), ...rest];
}

function hasAddress(
	{ destination, interface: name }: RouteSetup,
	interfaces: readonly InterfaceSetup[],
	note: Note,
): boolean {
	const own = interfaces.find((one) => one.name === name)?.addresses ?? [];
	if (own.length > 0) return true;
	note(
		`The route ${destination} is not used: ${name} has no IPv4 address, and the model has no routes over such an interface.`,
	);
	return false;
}
