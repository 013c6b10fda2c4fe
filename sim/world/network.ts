/**
 * The links around the gateway. Hosts behind the same interface of the gateway share a network and
 * reach each other directly; everything else goes through the gateway, as an ask, unless a host has a default route of
 * its own.
 */
import type { Clock } from "../clock/clock.ts";
import type { Emission } from "../contract/gateway.ts";
import { Host, type Redirect } from "../endpoint/host.ts";
import { formatAddress, isInNetwork } from "../packet/address.ts";
import type { Address, Packet } from "../packet/packet.ts";
import type { Connection, Request } from "./connections.ts";
import { OwnPrograms } from "./own-programs.ts";
import {
	Announced,
	type OtherRouter,
	Redirects,
	type RouterState,
} from "./own-route.ts";
import type { LinkNetwork } from "./setup/networks.ts";
import { LOOPBACK } from "./setup/services.ts";
import { knows, type Station } from "./station.ts";
import type { LinkEvent, LinkWatch } from "./watch.ts";

/** Whoever keeps the account: asks tell it of everything but what neighbours say to each other. */
interface NeighbourWatch {
	/** A packet goes from one host to another, past the gateway. */
	passes(from: Station, packet: Packet): void;
	/** The other one has received it. */
	arrived(from: Station, to: Station, packet: Packet): void;
}

export interface Network {
	/** Who is told of packets that go past the gateway. */
	neighbours: NeighbourWatch | null;
	readonly stations: readonly Station[];
	/** What the gateway has to be told; whoever plays the world takes it from here. */
	readonly requests: Queue<Request>;
	add(
		fields: Pick<
			Station,
			| "kind"
			| "name"
			| "interface"
			| "address"
			| "latencyMs"
			| "boundTo"
			| "via"
			| "ownRoute"
			| "owner"
		>,
	): Station;
	/** Programs of the gateway's own. */
	readonly programs: OwnPrograms;
	/** Who owns the destination of a packet, on the same link as its sender? */
	neighbourOf(interfaceName: string, packet: Packet): Station | undefined;
	/** What is far comes by a router of the link: are they all dead? */
	isCutOff(from: Station, packet: Packet): boolean;
	/** By which interface does what the host sends to the address come in? */
	entranceOf(from: Station, destination: number): string;
	/** Who is far, and has the address? Routers of any link lead there. */
	farOwnerOf(destination: Address): Station | undefined;
	/** For whom is a packet that comes out by the interface? Routers on any link lead to hosts that are far. */
	receiverOf(interfaceName: string, packet: Packet): Station | undefined;
	/** Who owns the address from which a packet comes in by the interface? */
	senderOf(interfaceName: string, packet: Packet): Station | undefined;
	/** Routers that lead to hosts that are far. */
	readonly routers: Routers;
	/** Who has announced an address on a link by gratuitous ARP. */
	readonly announced: Announced;
	/** The packet leaves the gateway, or a neighbour, towards the station; its link carries it, or loses it. */
	deliver(
		station: Station,
		leaving: Leaving,
		arrive: () => void,
		lose?: () => void,
	): void;
}

/** What is known of a packet on a link: when it was put there, and for whom. */
type Leaving = Pick<Emission, "atMs" | "nextHop"> &
	Partial<Pick<Emission, "interface">>;

/** The links, and who is told of what happens on them. */
interface Links {
	readonly watch: LinkWatch | null;
	readonly networks: readonly LinkNetwork[];
}

/** The connection of a packet that a station sends. */
type ConnectionOf = (from: Station, packet: Packet) => Connection | null;

export function createNetwork(
	clock: Clock,
	connectionOf: ConnectionOf,
	{ watch, networks }: Links,
): Network {
	const stations: Station[] = [];
	const owners = new Map<string, Map<number, Station>>();
	/** On no network of the gateway's, by address. */
	const far = new Map<number, Station>();
	const linkOf = (address: number) =>
		networks.find((one) => isInNetwork(address, one))?.interface;
	const requests = createQueue<Request>();
	const routers = new Routers();
	const programs = new OwnPrograms((port) => {
		const ask = { ...port, atMs: clock.nowMs };
		requests.put({ ask, label: "", from: null, connection: null });
	});
	const announced = new Announced(networks);
	const network: Network = {
		neighbours: null,
		routers,
		announced,
		programs,
		stations,
		requests,
		add(fields) {
			const output = (packet: Packet) => send(station, packet);
			const station: Station = {
				...fields,
				index: stations.length,
				host: new Host(fields.address, clock, output),
				carries: () => true,
				redirects: fields.interface === LOOPBACK ? null : new Redirects(),
			};
			station.host.redirected = (redirect) =>
				hear(network, station, redirect, clock.nowMs);
			stations.push(station);
			if (fields.interface === LOOPBACK) {
				station.host.liveOn(programs.tableOf(station));
				return station;
			}
			const behind = owners.get(fields.interface) ?? new Map();
			owners.set(fields.interface, behind.set(fields.address, station));
			if (linkOf(fields.address) === undefined)
				far.set(fields.address, station);
			return station;
		},
		neighbourOf(interfaceName, { destination }) {
			return owners.get(interfaceName)?.get(destination);
		},
		isCutOff: (from, { destination }) =>
			far.has(from.address) &&
			routers.areAllDead(network.entranceOf(from, destination)),
		entranceOf({ interface: own, address }, destination) {
			return far.has(address) ? (linkOf(destination) ?? own) : own;
		},
		farOwnerOf: (destination) => far.get(destination),
		receiverOf(interfaceName, packet) {
			if (interfaceName === LOOPBACK) return programs.ownerOf(packet);
			const { destination } = packet;
			return (
				owners.get(interfaceName)?.get(destination) ?? far.get(destination)
			);
		},
		senderOf(interfaceName, packet) {
			const { source } = packet;
			if (interfaceName !== LOOPBACK)
				return owners.get(interfaceName)?.get(source) ?? far.get(source);
			return packet.kind === "tcp" || packet.kind === "udp"
				? programs.at(packet.kind, source, packet.sourcePort)
				: undefined;
		},
		deliver(station, { atMs, interface: name, nextHop }, arrive, lose) {
			const isOnItsWay =
				name === undefined ||
				nextHop === undefined ||
				!routers.isDead(name, nextHop);
			clock.at(Math.max(clock.nowMs, atMs) + station.latencyMs, () => {
				if (isOnItsWay && station.carries()) arrive();
				else lose?.();
			});
		},
	};
	const send = createSender(network, clock, connectionOf, watch);
	return network;
}

/** A host is told of another router. */
function hear(
	{ routers, announced, entranceOf }: Network,
	station: Station,
	redirect: Redirect,
	nowMs: number,
): void {
	const { destination, router } = redirect;
	const link = entranceOf(station, destination);
	station.redirects?.hear(
		redirect,
		announced.hopOf(station, link, destination),
		{ nowMs, answersArp: routers.answersArp(station.interface, router) },
	);
}

/** What is said of every packet that does not come to the gateway. */
type About = (
	from: Station,
	packet: Packet,
) => Pick<LinkEvent, "atMs" | "packet" | "connection">;

/** Ways past the gateway. */
function createBypass(
	network: Network,
	clock: Clock,
	aboutOf: About,
	watch: LinkWatch | null,
) {
	/** @param nextHop a router on the way */
	function sendStraight(
		from: Station,
		to: Station,
		packet: Packet,
		nextHop?: Address,
	): void {
		const arrive = () => {
			watch?.({
				...aboutOf(from, packet),
				kind: "arrives",
				at: to.name,
				from: from.name,
				isKnown: knows(to, packet),
				interface: from.interface,
			});
			to.host.receive(packet);
			network.neighbours?.arrived(from, to, packet);
		};
		const lose = () =>
			watch?.({
				...aboutOf(from, packet),
				kind: "lost",
				host: to.name,
				isFrom: false,
			});
		network.neighbours?.passes(from, packet);
		const atMs = clock.nowMs + from.latencyMs;
		const by =
			nextHop === undefined ? {} : { interface: from.interface, nextHop };
		network.deliver(to, { atMs, ...by }, arrive, lose);
	}

	/** A router that the gateway has named in a redirect leads to hosts that are far; what is for others it takes away. */
	function sendByRedirect(from: Station, packet: Packet, router: Address) {
		const to = network.farOwnerOf(packet.destination);
		if (to !== undefined) sendStraight(from, to, packet, router);
		else
			sendElsewhere(from, packet, {
				via: formatAddress(router),
				because: "redirected",
			});
	}

	/** The other router is none of the hosts here. */
	function sendElsewhere(from: Station, packet: Packet, to: OtherRouter): void {
		const event = { ...aboutOf(from, packet), ...to, host: from.name };
		watch?.({ ...event, kind: "elsewhere" });
		network.neighbours?.passes(from, packet);
	}

	return { sendStraight, sendByRedirect, sendElsewhere };
}

/** Sends what hosts send: to the gateway, as an ask, or straight to a neighbour on the same link. */
function createSender(
	network: Network,
	clock: Clock,
	connectionOf: ConnectionOf,
	watch: LinkWatch | null,
): (from: Station, packet: Packet) => void {
	const aboutOf: About = (from, packet) => ({
		atMs: clock.nowMs,
		packet,
		connection: connectionOf(from, packet)?.id ?? null,
	});
	const past = createBypass(network, clock, aboutOf, watch);

	function sendToGateway(from: Station, packet: Packet): void {
		const connection = connectionOf(from, packet);
		const enter = () => {
			const atMs = clock.nowMs;
			network.requests.put({
				ask: {
					kind: "packet",
					atMs,
					interface: network.entranceOf(from, packet.destination),
					packet,
					connection: connection?.id ?? null,
				},
				label: "",
				from,
				connection,
			});
		};
		if (from.latencyMs === 0) enter();
		else clock.after(from.latencyMs, enter);
	}

	return (from, packet) => {
		if (!from.carries() || network.isCutOff(from, packet)) {
			watch?.({
				...aboutOf(from, packet),
				kind: "lost",
				host: from.name,
				isFrom: true,
			});
			return;
		}
		const isOwn = from.interface === LOOPBACK;
		const neighbour = isOwn
			? undefined
			: network.neighbourOf(from.interface, packet);
		const router =
			from.redirects?.routerTo(packet.destination, clock.nowMs) ?? null;
		const link = network.entranceOf(from, packet.destination);
		const other = isOwn
			? null
			: network.announced.pastGateway(from, link, packet.destination);
		if (neighbour !== undefined) past.sendStraight(from, neighbour, packet);
		else if (router !== null) past.sendByRedirect(from, packet, router);
		else if (other !== null) past.sendElsewhere(from, packet, other);
		else sendToGateway(from, packet);
	};
}

/** Neighbours that a setup names, which lead to hosts that are far, and which of them are dead. */
class Routers {
	/** By interface, then by address. */
	readonly #states = new Map<string, Map<Address, RouterState>>();

	set(interfaceName: string, address: Address, state: RouterState): void {
		const ofLink = this.#states.get(interfaceName) ?? new Map();
		this.#states.set(interfaceName, ofLink.set(address, state));
	}

	/** Is lost what comes to it? */
	isDead(interfaceName: string, address: Address): boolean {
		return isDead(this.#states.get(interfaceName)?.get(address));
	}

	answersArp(interfaceName: string, address: Address): boolean {
		return this.#states.get(interfaceName)?.get(address) !== "vanish";
	}

	/** Has every neighbour of the link died that the setup names? Where it names none, routers are there, and alive. */
	areAllDead(interfaceName: string): boolean {
		const ofLink = this.#states.get(interfaceName);
		return ofLink !== undefined && [...ofLink.values()].every(isDead);
	}
}

/** One that the setup does not name is alive. */
function isDead(state: RouterState | undefined): boolean {
	return state !== undefined && state !== "up";
}

/** First in, first out, at the same small price whether one thing waits or a hundred thousand do. */
interface Queue<Item> {
	put(item: Item): void;
	/** The oldest one; `undefined` when nothing waits. */
	take(): Item | undefined;
}

interface Link<Item> {
	readonly item: Item;
	next: Link<Item> | null;
}

function createQueue<Item>(): Queue<Item> {
	let first: Link<Item> | null = null;
	let last: Link<Item> | null = null;
	return {
		put(item) {
			const link = { item, next: null };
			if (last === null) first = link;
			else last.next = link;
			last = link;
		},
		take() {
			if (first === null) return undefined;
			const { item } = first;
			first = first.next;
			if (first === null) last = null;
			return item;
		},
	};
}
