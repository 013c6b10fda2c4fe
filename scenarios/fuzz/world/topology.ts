/**
 * The box that everything is played on, and who stands around it. Few addresses and few ports, so that
 * rules meet packets, and connections get in each other's way.
 */
import { interfaceInName } from "../../../sim/conntrack/settings/sysctl-name.ts";
import type { GatewaySetup } from "../../../sim/contract/gateway.ts";
import type { Linux } from "../../../sim/linux/linux.ts";
import type { SocketOwner } from "../../../sim/packet/socket-owner.ts";
import { ANY_ADDRESS, LOOPBACK } from "../../../sim/world/setup/services.ts";
import type {
	BackendSetup,
	ServiceSetup,
	WorldSetup,
} from "../../../sim/world/setup/setup.ts";
import { backendAt, clientAt, service } from "../../language/build/build.ts";

export const OUTSIDE = "bond0.204";
const INSIDE = "bond0.205";
export const SIDE = "eth2";
export const INTERFACES = [OUTSIDE, INSIDE, SIDE] as const;
export type InterfaceName = (typeof INTERFACES)[number];

/** Somebody with an address, behind an interface of the box's; the box itself speaks on `lo`. */
export interface Place {
	readonly interface: InterfaceName | "lo";
	readonly address: string;
}

/** Hosts; the last one is reached by the default route. */
export const HOSTS = [
	{ interface: OUTSIDE, address: "10.0.0.10" },
	{ interface: OUTSIDE, address: "10.0.0.11" },
	{ interface: INSIDE, address: "192.168.0.1" },
	{ interface: INSIDE, address: "192.168.0.2" },
	{ interface: SIDE, address: "172.16.0.5" },
	{ interface: SIDE, address: "203.0.113.7" },
] as const satisfies readonly Place[];

/** Addresses of the box's own; the first is the one that clients know. */
export const OWN_ADDRESSES = [
	"10.0.0.1",
	"10.0.0.2",
	"192.168.0.254",
	"172.16.0.1",
] as const;

/**
 * The one that another router may take. With the first one all of the network would go, and the kernel would not know
 * by which broadcasts hosts on it still address each other.
 */
export const MOVING_ADDRESS = OWN_ADDRESSES[1];

/** The box itself, by each of its names. */
export const BOX: readonly Place[] = OWN_ADDRESSES.map((address) => ({
	interface: "lo",
	address,
}));

/** Nobody answers for it. */
export const VANISHED: Place = { interface: INSIDE, address: "192.168.0.9" };

/** The router of the default route. */
export const NEXT_HOP = "172.16.0.9";

export const SERVICE_PORTS = [25, 80, 587] as const;
export const CLIENT_PORTS = [40_000, 40_001, 1_024, 1_023, 25] as const;

/** A program of the box's own that has a port open. */
export interface ProgramPlan {
	readonly protocol: "tcp" | "udp";
	readonly port: number;
	/** `0.0.0.0`: at all addresses. */
	readonly address: string;
	/** `null`: root's, as `gateway.listeners` has them. */
	readonly owner: SocketOwner | null;
}

/** Numbers for which rules with `-m owner` ask. */
const USER: SocketOwner = { user: 1000, group: 5 };

/** Which programs there may be; no two have the same port. */
export const PROGRAMS: readonly ProgramPlan[] = [
	{ protocol: "tcp", port: 25, address: ANY_ADDRESS, owner: null },
	{ protocol: "tcp", port: 80, address: ANY_ADDRESS, owner: USER },
	{ protocol: "tcp", port: 587, address: "10.0.0.1", owner: USER },
	{ protocol: "udp", port: 25, address: ANY_ADDRESS, owner: null },
	{
		protocol: "udp",
		port: 80,
		address: ANY_ADDRESS,
		owner: { user: 1000, group: 1000 },
	},
	{ protocol: "udp", port: 587, address: "192.168.0.254", owner: USER },
];

/** The backend that stands for a program; `null`: nothing does, so it never ends. */
export function backendOf({
	protocol,
	port,
	owner,
}: ProgramPlan): string | null {
	if (owner !== null) return `${protocol}-${port}`;
	return protocol === "tcp" ? `gateway:${port}` : null;
}

/** A program of the box's own that sends a first packet, and that is bound to no address before. */
export interface UnboundPlan {
	readonly protocol: "tcp" | "udp";
	readonly target: string;
	readonly port: number;
}

/** The client that stands for such programs. */
export const UNBOUND = "unbound";

/** The service that it asks: a program's, where one is there. */
export function serviceAsked(
	{ protocol, target, port }: UnboundPlan,
	programs: readonly ProgramPlan[],
): string {
	const asked = programs.find(
		(one) =>
			one.owner !== null &&
			one.protocol === protocol &&
			one.port === port &&
			addressAsked(one) === target,
	);
	return (asked && backendOf(asked)) ?? `${protocol} ${target}:${port}`;
}

/** By which clients know a program. */
function addressAsked({ address }: ProgramPlan): string {
	return address === ANY_ADDRESS ? OWN_ADDRESSES[0] : address;
}

const USUAL_MTU = 1500;
/** MTUs that links may have besides. */
export const MTUS = [1400, 1280, 600] as const;

/** Between which hosts and this box; an address that stands nowhere is sent the way of the default route. */
export function interfaceTo(address: string): InterfaceName {
	if (address.startsWith("10.")) return OUTSIDE;
	return address.startsWith("192.168.0.") ? INSIDE : SIDE;
}

export function gatewaySetup(
	sysctls: GatewaySetup["sysctls"] = {},
	{
		programs = [],
		mtus = {},
		sets = "",
		ip = [],
		linux = null,
	}: {
		readonly programs?: readonly ProgramPlan[];
		/** Of interfaces whose links do not take the usual 1500 octets. */
		readonly mtus?: Readonly<Partial<Record<InterfaceName, number>>>;
		readonly sets?: string;
		readonly ip?: readonly string[];
		/** `null`: the one that is followed where none is named. */
		readonly linux?: Linux | null;
	} = {},
): GatewaySetup {
	const link = (name: InterfaceName, addresses: readonly string[]) => {
		return { name, addresses, mtu: mtus[name] ?? USUAL_MTU };
	};
	return {
		...(linux === null ? {} : { linux }),
		interfaces: [
			link(OUTSIDE, ["10.0.0.1/8", "10.0.0.2/8"]),
			link(INSIDE, ["192.168.0.254/24"]),
			link(SIDE, ["172.16.0.1/24"]),
		],
		routes: [{ destination: "0.0.0.0/0", via: NEXT_HOP, interface: SIDE }],
		sysctls: {
			"ipv4.ip_forward": 1,
			// The model does not know ICMP redirects, and with three interfaces they would be everywhere.
			"ipv4.conf.all.send_redirects": 0,
			[redirectsOf(OUTSIDE)]: 0,
			[redirectsOf(INSIDE)]: 0,
			[redirectsOf(SIDE)]: 0,
			// What an error costs of the bucket for all is drawn at random (icmp_global_consume).
			"ipv4.icmp_msgs_per_sec": 100_000,
			"ipv4.icmp_msgs_burst": 100_000,
			// Fragments wait longer than any case: a kernel gives them up a little before the model or after it.
			"ipv4.ipfrag_time": 100_000,
			// A kernel goes through all of them to find what has expired, and to tell what there is.
			"netfilter.nf_conntrack_buckets": 1024,
			...sysctls,
		},
		sets,
		...(ip.length === 0 ? {} : { ip }),
		listeners: programs
			.filter(({ owner }) => owner === null)
			.map(({ protocol, port }) => ({ protocol, port })),
		epochMs: Date.UTC(2026, 0, 1, 12),
	};
}

function redirectsOf(name: InterfaceName): string {
	return `ipv4.conf.${interfaceInName(name)}.send_redirects`;
}

/** Nobody but the packets by hand and unbound programs speaks; everybody answers ARP but one. */
export function worldSetup(
	programs: readonly ProgramPlan[],
	unbound: readonly UnboundPlan[],
): WorldSetup {
	const vanished = backendAt("vanished", VANISHED.address, {
		interface: VANISHED.interface,
		behaviour: { kind: "vanish" },
	});
	const owned = programs.filter(({ owner }) => owner !== null);
	const ofPrograms = owned.map((one) => serviceOf(one));
	const known = new Set(ofPrograms.map(({ name }) => name));
	const asked = new Map(
		unbound.map((one) => [serviceAsked(one, programs), one] as const),
	);
	const others = [...asked]
		.filter(([name]) => !known.has(name))
		.map(([name, { protocol, target: address, port }]) =>
			service(name, { protocol, address, port, backends: [] }),
		);
	const clients = { address: OWN_ADDRESSES[0], port: SERVICE_PORTS[0] };
	const isTaken = asked.has(`tcp ${clients.address}:${clients.port}`);
	return {
		services: [
			...(isTaken
				? []
				: [service("clients", { ...clients, backends: [vanished.name] })]),
			...ofPrograms,
			...others,
		],
		clients:
			unbound.length === 0
				? []
				: [clientAt(UNBOUND, ANY_ADDRESS, { interface: LOOPBACK, ...USER })],
		backends: [vanished, ...owned.map((one) => backendOfProgram(one))],
		healthCheck: null,
		neighbours: [{ interface: SIDE, address: NEXT_HOP }],
	};
}

function serviceOf(program: ProgramPlan): ServiceSetup {
	const { protocol, port } = program;
	const name = backendOf(program) ?? "";
	return service(name, {
		protocol,
		address: addressAsked(program),
		port,
		backends: [name],
		speaks: "silent",
	});
}

function backendOfProgram(program: ProgramPlan): BackendSetup {
	const { port, address, owner } = program;
	const at = { interface: LOOPBACK, latencyMs: 0, port, ...owner };
	return backendAt(backendOf(program) ?? "", address, at);
}
