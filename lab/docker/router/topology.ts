/**
 * Who stands where around the router, and the commands that wire it: a bridge for each of the router's
 * interfaces, all of them in the network namespace of one container, the switch. The host's own
 * namespace never sees an interface, an address or a rule of it.
 */

import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import type { GatewaySetup } from "../../../sim/contract/gateway.ts";
import {
	formatAddress,
	isInNetwork,
	parseAddress,
	parsePrefixed,
} from "../../../sim/packet/address.ts";
import { linksFirst } from "../../../sim/routing/fib/routing-state.ts";
import { ownRouteOf } from "../../../sim/world/own-route.ts";
import { ipWords } from "../../kernel/linux-gateway.ts";
import { LabError } from "../../lab-error.ts";

type SeatKind = "client" | "backend" | "checker";

/** A host on one of the router's networks. */
export interface LabHost {
	readonly kind: SeatKind;
	readonly name: string;
	/** Number of the router's interface behind which it is. */
	readonly bridge: number;
	readonly address: string;
	readonly prefixLength: number;
	/** Where its default route leads: to the router's own address on that network, or to another router. */
	readonly gateway: string;
	/** The gateway is another router. */
	readonly isElsewhere: boolean;
}

/** The hosts of a scenario. @throws LabError (`unsupported`) for one whose address fits none of the router's networks */
export function seatsOf({
	setup,
}: Pick<PlayableScenario, "setup">): readonly LabHost[] {
	const seat = (
		kind: SeatKind,
		who: {
			readonly name: string;
			readonly interface: string;
			readonly address: string;
			readonly defaultVia?: string;
		},
	): LabHost => {
		const network = networkOf(setup.gateway, who);
		const via = ownRouteOf(who, setup)?.via;
		return {
			kind,
			name: who.name,
			address: who.address,
			bridge: network.bridge,
			prefixLength: network.prefixLength,
			gateway: via ?? network.gateway,
			isElsewhere: via !== undefined,
		};
	};
	const { healthCheck } = setup;
	return [
		...setup.clients.map((client) => seat("client", client)),
		...setup.backends.map((backend) => seat("backend", backend)),
		...(healthCheck === null
			? []
			: [seat("checker", { name: "checker", ...healthCheck })]),
	];
}

function networkOf(
	{ interfaces }: GatewaySetup,
	who: {
		readonly name: string;
		readonly interface: string;
		readonly address: string;
	},
): Pick<LabHost, "bridge" | "prefixLength" | "gateway"> {
	const bridge = interfaces.findIndex(({ name }) => name === who.interface);
	const address = parseAddress(who.address);
	for (const own of interfaces[bridge]?.addresses ?? []) {
		const network = parsePrefixed(own);
		if (address === null || network === null) continue;
		if (!isInNetwork(address, network)) continue;
		const gateway = formatAddress(network.address);
		return { bridge, prefixLength: network.length, gateway };
	}
	throw new LabError({
		code: "unsupported",
		place: who.name,
		message: `its address ${who.address} is on no network of the router's interface ${who.interface}`,
		remedy: "In containers every host stands on a network of the router's.",
	});
}

/** A router beside the one under test, which takes packets away. */
export type OtherRouter = Pick<LabHost, "bridge" | "prefixLength" | "gateway">;

/** Where default routes of hosts lead that are not the router's, each once. Hosts of the lab are there by themselves. */
export function otherRouters(
	seats: readonly LabHost[],
): readonly OtherRouter[] {
	const isHost = new Set(seats.map(({ address }) => address));
	const others = new Map<string, OtherRouter>();
	for (const seat of seats)
		if (seat.isElsewhere && !isHost.has(seat.gateway))
			others.set(`${seat.bridge} ${seat.gateway}`, seat);
	return [...others.values()];
}

/** A tap of a router whose kernel is a virtual machine: port of a bridge. */
export function tapName(router: number, bridge: number): string {
	return `tap${router}n${bridge}`;
}

/** Where a host's cable is plugged in, in the switch. */
export function plugName(seat: number): string {
	return `plug${seat}`;
}

/** Where a cable to a router on the host's kernel is plugged in, in the switch. */
function cableName(router: number, bridge: number): string {
	return `cable${router}n${bridge}`;
}

/** One MAC address for each network card of each router: they must not change when one takes over. */
export function routerMac(router: number, bridge: number): string {
	return `52:54:00:6d:74:${hex(router * 16 + bridge)}`;
}

function hex(octet: number): string {
	return octet.toString(16).padStart(2, "0");
}

export interface Pids {
	readonly switch: number;
	/** By seat. */
	readonly seats: readonly number[];
}

/** How routers are plugged in: each has a port in every bridge. */
export type SwitchPorts =
	/** Virtual machines', in the switch's own namespace. */
	| { readonly kind: "taps"; readonly count: number }
	/** Into other namespaces, where they are called as the router's interfaces are. */
	| {
			readonly kind: "cables";
			readonly pids: readonly number[];
			readonly names: readonly string[];
	  };

/**
 * The whole wiring as a script for a container that sees the host's processes. Nothing of it outlives
 * the containers: bridges, cables and taps go with the namespaces that they are in.
 */
export function wiringScript(
	seats: readonly LabHost[],
	{
		bridges,
		others,
		routers,
		pids,
	}: {
		readonly bridges: number;
		readonly others: readonly OtherRouter[];
		readonly routers: SwitchPorts;
		readonly pids: Pids;
	},
): string {
	const inSwitch = `nsenter -t ${pids.switch} -n`;
	return [
		"set -e",
		`${inSwitch} ip link set lo up`,
		...range(bridges).flatMap((bridge) => [
			`${inSwitch} ip link add br${bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
			`${inSwitch} ip link set br${bridge} up`,
			...portLines(routers, bridge).map((line) => `${inSwitch} ip ${line}`),
		]),
		// The switch forwards nothing: what comes for others is lost there, without a word.
		...others.map(
			({ bridge, gateway, prefixLength }) =>
				`${inSwitch} ip addr add ${gateway}/${prefixLength} dev br${bridge}`,
		),
		...seats.flatMap((seat, index) => {
			const pid = pids.seats[index] ?? 0;
			const inside = `nsenter -t ${pid} -n`;
			const plug = plugName(index);
			return [
				`${inSwitch} ip link add ${plug} type veth peer name eth0 netns ${pid}`,
				`${inSwitch} ip link set ${plug} master br${seat.bridge} up`,
				`${inside} ip link set lo up`,
				`${inside} ip addr add ${seat.address}/${seat.prefixLength} dev eth0`,
				`${inside} ip link set eth0 up`,
				`${inside} ip route add default via ${seat.gateway}`,
			];
		}),
	].join("\n");
}

/** What `ip` is told in the switch, for the routers' ports in one bridge. */
function portLines(routers: SwitchPorts, bridge: number): readonly string[] {
	switch (routers.kind) {
		case "taps":
			return range(routers.count).flatMap((router) => {
				const tap = tapName(router, bridge);
				return [
					`tuntap add dev ${tap} mode tap vnet_hdr user 0`,
					`link set ${tap} master br${bridge} txqueuelen 10000`,
					`link set ${tap} up`,
				];
			});
		case "cables":
			return routers.pids.flatMap((pid, router) => {
				const cable = cableName(router, bridge);
				const there = `name ${routers.names[bridge]} address ${routerMac(router, bridge)}`;
				return [
					`link add ${cable} type veth peer ${there} netns ${pid}`,
					`link set ${cable} master br${bridge} up`,
				];
			});
	}
}

function range(count: number): readonly number[] {
	return Array.from({ length: count }, (_, at) => at);
}

/** What the router is told to do to its own interfaces, program by program: it runs in its namespace. */
export function routerCommands(
	{ interfaces, routes, ip = [] }: GatewaySetup,
	cards: readonly string[],
): readonly (readonly string[])[] {
	return [
		["ip", "link", "set", "lo", "up"],
		...interfaces.flatMap(({ name, addresses, mtu }, index) => {
			const card = cards[index] ?? "";
			return [
				["ip", "link", "set", card, "down"],
				...(card === name ? [] : [["ip", "link", "set", card, "name", name]]),
				["ip", "link", "set", name, "mtu", `${mtu}`],
				...addresses.map((own) => ["ip", "addr", "add", own, "dev", name]),
				["ip", "link", "set", name, "up"],
			];
		}),
		...linksFirst(routes).map(({ destination, via, interface: name }) => [
			"ip",
			"route",
			"add",
			destination,
			...(via === null ? [] : ["via", via]),
			"dev",
			name,
		]),
		...ip.map(ipWords),
	];
}

/** So that everybody learns at once where an address is now (`arping -U`). */
export function announcements({
	interfaces,
}: GatewaySetup): readonly (readonly string[])[] {
	return interfaces.flatMap(({ name, addresses }) =>
		addresses.map((own) => [
			"arping",
			"-U",
			"-c",
			"1",
			"-w",
			"1",
			"-I",
			name,
			formatAddress(parsePrefixed(own)?.address ?? 0),
		]),
	);
}
