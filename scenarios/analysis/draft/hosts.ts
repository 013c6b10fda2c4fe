/** Hosts around the gateway that play a service: its backends, a client of each class, next hops. */
import {
	formatAddress,
	isInNetwork,
	parseAddress,
} from "../../../sim/packet/address.ts";
import { Routes } from "../../../sim/routing/routes.ts";
import { networksOf } from "../../../sim/world/setup/networks.ts";
import type { ClientClass, Ranges, Service } from "../services/service.ts";
import { contains } from "../spaces/intervals.ts";
import { linksOf } from "../spaces/links.ts";
import { askedIn } from "../walk/ends-of.ts";
import { OWN_INTERFACE } from "../walk/walker.ts";
import type { AssumedWorld } from "../world/assumed-world.ts";

interface DraftBackend {
	/** `b1` */
	readonly name: string;
	/** Of the service's backend. */
	readonly key: string;
	readonly address: string;
	readonly interface: string;
	/** `null`: the service's. */
	readonly port: number | null;
}

export interface DraftClient {
	/** `c1` */
	readonly name: string;
	readonly of: ClientClass;
	readonly address: string;
	readonly interface: string;
	/** Whose program it is, where it is one of the gateway's own and rules ask for it: otherwise root's. */
	readonly owner: Owner;
}

interface Owner {
	readonly user?: string | number;
	readonly group?: string | number;
}

export interface Hosts {
	readonly service: { readonly address: string; readonly port: number };
	readonly protocol: "tcp" | "udp";
	readonly clients: readonly DraftClient[];
	readonly backends: readonly DraftBackend[];
	readonly neighbours: readonly {
		readonly interface: string;
		readonly address: string;
	}[];
	/** Classes without a client, and why. */
	readonly absent: ReadonlyMap<ClientClass, string>;
	/** Do connections leave by the interface by which they came? */
	readonly hasHairpin: boolean;
}

/** What a scenario cannot play, in words. */
export interface Unplayable {
	readonly why: string;
}

/** Networks for documentation (RFC 5737): hosts that no ruleset has a rule of its own about. */
const OUTSIDE = ["198.51.100.7", "192.0.2.7", "203.0.113.7"];

/** @param each so many clients of each class */
export function hostsOf(
	service: Service,
	world: AssumedWorld,
	each: number,
): Hosts | Unplayable {
	const why = whyUnplayable(service);
	if (why !== null) return { why };
	const { packet } = service.sample;
	const { kind: protocol } = packet;
	if (protocol !== "tcp" && protocol !== "udp") return { why: NEITHER };
	const port = packet.destinationPort;
	const address = formatAddress(packet.destination);
	const routes = new Routes(world.setup);
	const backends = backendsOf(service, routes, port);
	if ("why" in backends) return backends;
	const taken = new Set([
		address,
		...backends.list.map((one) => one.address),
		...world.setup.interfaces.flatMap(({ addresses }) =>
			addresses.map((one) => one.split("/")[0] ?? ""),
		),
	]);
	const around = { world, routes, taken, backends: backends.list };
	const { clients, absent } = clientsOf(service, around, each);
	if (clients.length === 0)
		return { why: [...new Set(absent.values())].join("; ") };
	return {
		service: { address, port },
		protocol,
		clients,
		backends: backends.list,
		neighbours: nextHops(routes, [...clients, ...backends.list]),
		absent,
		hasHairpin: clients.some((client) =>
			backends.list.some((one) => one.interface === client.interface),
		),
	};
}

const NEITHER = "scenarios play services over TCP and UDP";

function whyUnplayable(service: Service): string | null {
	const { balances, protocol, backends } = service;
	if (balances !== "destination")
		return `scenarios play connections to backends, and this balances the ${balances === "mark" ? "mark that routing reads" : "source address"}`;
	if (protocol !== "tcp" && protocol !== "udp" && protocol !== "any")
		return `${NEITHER}: it is ${protocol}`;
	if (backends.length === 0) return "it has no backend";
	return null;
}

function backendsOf(
	{ backends }: Service,
	routes: Routes,
	servicePort: number,
): { readonly list: readonly DraftBackend[] } | Unplayable {
	const list: DraftBackend[] = [];
	const sorted = backends.toSorted(
		(one, other) =>
			numberOf(one.address ?? "") - numberOf(other.address ?? "") ||
			(one.port ?? 0) - (other.port ?? 0),
	);
	for (const { key, address, port } of sorted) {
		const route = routes.lookup(parseAddress(address ?? "") ?? 0);
		if (address === null || route === null)
			return { why: `there is no route to ${key}` };
		if (route.type !== "unicast")
			return { why: `its backend ${key} is the gateway itself` };
		if (list.some((one) => one.address === address))
			return {
				why: `it has several backends at ${address}, and hosts of a scenario listen on one port`,
			};
		list.push({
			name: `b${list.length + 1}`,
			key,
			address,
			interface: routes.interfaces[route.interface] ?? "",
			port: port === servicePort ? null : port,
		});
	}
	return { list };
}

function numberOf(address: string): number {
	return (parseAddress(address) ?? 0) >>> 0;
}

interface Around {
	readonly world: AssumedWorld;
	readonly routes: Routes;
	/** Addresses of hosts that there are already. */
	readonly taken: Set<string>;
	readonly backends: readonly DraftBackend[];
}

function clientsOf(
	service: Service,
	around: Around,
	each: number,
): Pick<Hosts, "clients" | "absent"> {
	const { classes } = service;
	const clients: DraftClient[] = [];
	const absent = new Map<ClientClass, string>();
	for (const of of classes) {
		const places = interfacesFor(of, service, around.world).map((name) => ({
			name,
			addresses: clientAddresses({ of, name }, around, each),
		}));
		const possible = places.filter(({ addresses }) => addresses.length > 0);
		const at = possible.find(
			({ name, addresses }) =>
				!standsBesideOthers(name, addresses[0] ?? 0, around),
		);
		if (at === undefined)
			absent.set(
				of,
				possible.length === 0
					? noAddress(of)
					: `whether answers find back to a client at ${of.interface} depends on routers between it and the backends, which the assumed addresses and routes do not have`,
			);
		else
			for (const address of at.addresses) {
				const text = formatAddress(address | 0);
				around.taken.add(text);
				const name = `c${clients.length + 1}`;
				const owner = at.name === OWN_INTERFACE ? ownerOf(of) : {};
				clients.push({ name, of, address: text, interface: at.name, owner });
			}
	}
	return { clients, absent };
}

/** A class that stands for all clients may come by another interface, too. */
function interfacesFor(
	of: ClientClass,
	{ classes, interfaces }: Service,
	{ clientInterfaces }: AssumedWorld,
): readonly string[] {
	if (classes.length > 1) return [of.interface];
	const others = clientInterfaces.filter(
		(name) =>
			name !== of.interface &&
			(interfaces === null || interfaces.includes(name)),
	);
	return [of.interface, ...others];
}

function clientAddresses(
	{ of, name }: { readonly of: ClientClass; readonly name: string },
	{ world, routes, taken }: Around,
	count: number,
): readonly number[] {
	if (name === OWN_INTERFACE) return ownAddresses(of, world).slice(0, count);
	const links = networksOn(world, name).map(
		({ address }) => (address >>> 0) + 40,
	);
	const wanted = [of.packet.source >>> 0, ...OUTSIDE.map(numberOf), ...links];
	const isUsable = (address: number) => {
		const route = routes.lookup(address | 0);
		return (
			isHost(address) &&
			isIn(address, of.sources) &&
			route?.type === "unicast" &&
			routes.interfaces[route.interface] === name
		);
	};
	const first = wanted.find(isUsable);
	const found: number[] = [];
	for (
		let address = first ?? 0;
		found.length < count && isUsable(address);
		address++
	)
		if (!taken.has(formatAddress(address | 0))) found.push(address);
	return found;
}

/** Of a program of the gateway's own: the one that was walked is the first. */
function ownAddresses(
	{ packet, sources }: ClientClass,
	world: AssumedWorld,
): readonly number[] {
	const { own, sourceAddresses } = linksOf(world);
	const walked = packet.source >>> 0;
	const isOwn = contains(sourceAddresses, walked);
	const others = own
		.map(({ address }) => address)
		.filter((address) => address !== walked);
	return [...(isOwn ? [walked] : []), ...others].filter((address) =>
		isIn(address, sources),
	);
}

/** How a scenario names what the services of the rules do not have. */
export const OWN_CLIENT = `a program on the gateway is clientAt(NAME, ADDRESS, { interface: "${OWN_INTERFACE}" })`;

function noAddress(of: ClientClass): string {
	return of.interface === OWN_INTERFACE
		? `the gateway has no address of such a client, as far as is known (--addresses tells); ${OWN_CLIENT}`
		: "no address for such a client could be found";
}

/** The user and group that the first rule asks for which asks for them (`-m owner`). */
function ownerOf({ decision }: ClientClass): Owner {
	const wanted = (option: string) => {
		const pattern = new RegExp(`(?<!! )--${option} ([^\\s-]+)`);
		for (const { at } of askedIn(decision)) {
			const [, value] = pattern.exec(at.text) ?? [];
			if (value !== undefined) return /^\d+$/.test(value) ? +value : value;
		}
		return null;
	};
	const [user, group] = [wanted("uid-owner"), wanted("gid-owner")];
	return {
		...(user === null ? {} : { user }),
		...(group === null ? {} : { group }),
	};
}

/** On a backend's link by an assumed route or address alone, where there is a router between them for all that is known. */
function standsBesideOthers(
	name: string,
	address: number,
	{ world, backends }: Around,
): boolean {
	const isAssumed = world.assumptions.some(
		({ kind, text }) => kind === "address" && text.startsWith(`${name} has `),
	);
	const network = isAssumed
		? undefined
		: networksOn(world, name).find((one) => isInNetwork(address, one));
	return backends.some(
		(one) =>
			one.interface === name &&
			(network === undefined || !isInNetwork(numberOf(one.address), network)),
	);
}

function networksOn({ setup }: AssumedWorld, name: string) {
	const all = networksOf({ gateway: setup });
	return all.filter((one) => one.interface === name);
}

/** Not of this host's network, not a loopback or multicast address, and not the last of 256. */
function isHost(address: number): boolean {
	const net = Math.floor(address / 2 ** 24);
	return net > 0 && net !== 127 && net < 224 && address % 256 !== 255;
}

function isIn(address: number, ranges: Ranges): boolean {
	return (
		ranges === null ||
		ranges.some(([least, greatest]) => address >= least && address <= greatest)
	);
}

/** Routers on the way to hosts that are not on a link of the gateway. */
function nextHops(
	routes: Routes,
	hosts: readonly { readonly address: string; readonly interface: string }[],
): Hosts["neighbours"] {
	const found = new Map<string, Hosts["neighbours"][number]>();
	for (const { address } of hosts) {
		const route = routes.lookup(parseAddress(address) ?? 0);
		if (route === null || route.via === null) continue;
		const via = formatAddress(route.via);
		if (hosts.some((one) => one.address === via)) continue;
		const name = routes.interfaces[route.interface] ?? "";
		found.set(via, { interface: name, address: via });
	}
	return [...found.values()];
}
