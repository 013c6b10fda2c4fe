/**
 * The links around the gateway. Hosts behind the same interface of the gateway share a network and
 * reach each other directly; everything else goes through the gateway, as an ask, unless a host has a default route of
 * its own.
 */
import type { Clock, Row } from "../clock/clock.ts";
import type { Ask } from "../contract/ask.ts";
import type { Emission } from "../contract/gateway.ts";
import { Host, type Redirect } from "../endpoint/host.ts";
import { invariant } from "../invariant.ts";
import { formatAddress, isInNetwork } from "../packet/address.ts";
import type { Address, Packet } from "../packet/packet.ts";
import type { Connection, Request } from "./connections.ts";
import { OwnPrograms } from "./own-programs.ts";
import {
	Announced,
	type OtherRouter,
	Redirects,
	Routers,
} from "./own-route.ts";
import type { ArpAnswers } from "./setup/arp-answers.ts";
import type { LinkNetwork } from "./setup/networks.ts";
import { LOOPBACK } from "./setup/services.ts";
import { knows, type Station } from "./station.ts";
import type { LinkWatch } from "./watch.ts";

/** Whoever keeps the account: asks tell it of everything but what neighbours say to each other. */
interface NeighbourWatch {
	/** A packet goes from one host to another, past the gateway. */
	passes(from: Station, packet: Packet): void;
	/** The other one has received it. */
	arrived(from: Station, to: Station, packet: Packet): void;
}

/** What is said of a host when it is given its place. */
type Settled = Pick<
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
>;

/** A packet on the link of the station that it goes to. There is one for each packet: fields, and no closures. */
export abstract class Passage {
	readonly station: Station;
	readonly packet: Packet;
	/** Is its next hop alive? */
	isOnItsWay = true;

	constructor(station: Station, packet: Packet) {
		this.station = station;
		this.packet = packet;
	}

	fire(): void {
		if (this.isOnItsWay && this.station.carries()) this.arrive();
		else this.lose();
	}

	/** The link has carried it. */
	protected abstract arrive(): void;
	protected abstract lose(): void;
}

/** The links, and who is told of what happens on them. */
interface Links {
	readonly watch: LinkWatch | null;
	readonly networks: readonly LinkNetwork[];
	/** Left out: something answers for every address. */
	readonly arp?: ArpAnswers;
}

/** The connection of a packet that a station sends. */
type ConnectionOf = (from: Station, packet: Packet) => Connection | null;

/** A class, since every packet asks several of its methods, in play after play. */
export class Network {
	/** Who is told of packets that go past the gateway. */
	neighbours: NeighbourWatch | null = null;
	readonly stations: Station[] = [];
	/** What the gateway has to be told; whoever plays the world takes it from here. */
	readonly requests = new Queue<Request>();
	/** Routers that lead to hosts that are far. */
	readonly routers = new Routers();
	/** Who has announced an address on a link by gratuitous ARP. */
	readonly announced: Announced;
	/** For which addresses something answers ARP, where no host of the world has them. */
	readonly arp: ArpAnswers | null;
	/** Programs of the gateway's own. */
	readonly programs: OwnPrograms;
	readonly #clock: Clock;
	readonly #networks: readonly LinkNetwork[];
	readonly #sender: Sender;
	readonly #linkWith: (latencyMs: number) => Row;
	readonly #owners = new Owners();
	/** On no network of the gateway's, by address. */
	readonly #far = new Map<number, Station>();

	constructor(
		clock: Clock,
		connectionOf: ConnectionOf,
		{ watch, networks, arp }: Links,
	) {
		this.#clock = clock;
		this.#networks = networks;
		this.#linkWith = createLinks(clock);
		this.announced = new Announced(networks);
		this.arp = arp ?? null;
		this.programs = new OwnPrograms((port) => {
			const ask = { ...port, atMs: clock.nowMs };
			this.requests.put({ ask, label: "", from: null, connection: null });
		});
		this.#sender = new Sender(this, clock, connectionOf, watch);
	}

	/** Gives a host its place. */
	add(fields: Settled): Station {
		const station = this.#stationOf(fields);
		station.host.redirected = (redirect) =>
			hear(this, station, redirect, this.#clock.nowMs);
		station.alone.push(station);
		this.stations.push(station);
		if (fields.interface === LOOPBACK) {
			station.host.liveOn(this.programs.tableOf(station));
			return station;
		}
		this.#owners.add(station);
		if (this.#linkOf(fields.address) === undefined)
			this.#far.set(fields.address, station);
		return station;
	}

	/** Field by field: what is spread gets a hidden class of its own in each play (V8). */
	#stationOf(fields: Settled): Station {
		const sender = this.#sender;
		const output = (packet: Packet) => sender.send(station, packet);
		const station: Station = {
			kind: fields.kind,
			name: fields.name,
			interface: fields.interface,
			address: fields.address,
			latencyMs: fields.latencyMs,
			boundTo: fields.boundTo,
			via: fields.via,
			ownRoute: fields.ownRoute,
			owner: fields.owner,
			index: this.stations.length,
			link: this.#linkWith(fields.latencyMs),
			alone: [],
			host: new Host(fields.address, this.#clock, output),
			carries: () => true,
			redirects: fields.interface === LOOPBACK ? null : new Redirects(),
		};
		return station;
	}

	/** Who owns the destination of a packet, on the same link as its sender? */
	neighbourOf(
		interfaceName: string,
		{ destination }: Packet,
	): Station | undefined {
		return this.#owners.of(interfaceName, destination);
	}

	/** What is far comes by a router of the link: are they all dead? */
	isCutOff(from: Station, { destination }: Packet): boolean {
		return (
			this.#far.size > 0 &&
			this.#far.has(from.address) &&
			this.routers.areAllDead(this.entranceOf(from, destination))
		);
	}

	/** By which interface does what the host sends to the address come in? */
	entranceOf(
		{ interface: own, address }: Station,
		destination: number,
	): string {
		return this.#far.size > 0 && this.#far.has(address)
			? (this.#linkOf(destination) ?? own)
			: own;
	}

	/** Who is far, and has the address? Routers of any link lead there. */
	farOwnerOf(destination: Address): Station | undefined {
		return this.#far.get(destination);
	}

	/** For whom is a packet that comes out by the interface? Routers on any link lead to hosts that are far. */
	receiverOf(interfaceName: string, packet: Packet): Station | undefined {
		if (interfaceName === LOOPBACK) return this.programs.ownerOf(packet);
		const { destination } = packet;
		return (
			this.#owners.of(interfaceName, destination) ?? this.#far.get(destination)
		);
	}

	/** Who owns the address from which a packet comes in by the interface? */
	senderOf(interfaceName: string, packet: Packet): Station | undefined {
		const { source } = packet;
		if (interfaceName !== LOOPBACK)
			return this.#owners.of(interfaceName, source) ?? this.#far.get(source);
		return packet.kind === "tcp" || packet.kind === "udp"
			? this.programs.at(packet.kind, source, packet.sourcePort)
			: undefined;
	}

	/** The packet leaves the gateway by the interface towards a station; the link carries it, or loses it. */
	deliver(
		passage: Passage,
		{ atMs, interface: name, nextHop }: Emission,
	): void {
		if (nextHop !== undefined && this.routers.isDead(name, nextHop))
			passage.isOnItsWay = false;
		const { link, latencyMs } = passage.station;
		link.put(Math.max(this.#clock.nowMs, atMs) + latencyMs, passage);
	}

	#linkOf(address: number): string | undefined {
		return this.#networks.find((one) => isInNetwork(address, one))?.interface;
	}
}

/** A host is told of another router. */
function hear(
	network: Network,
	station: Station,
	redirect: Redirect,
	nowMs: number,
): void {
	const { destination, router } = redirect;
	const { routers, announced } = network;
	const link = network.entranceOf(station, destination);
	station.redirects?.hear(
		redirect,
		announced.hopOf(station, link, destination),
		{ nowMs, answersArp: routers.answersArp(station.interface, router) },
	);
}

/** Who owns which address behind which interface of the gateway. */
class Owners {
	readonly #behind = new Map<string, Map<Address, Station>>();
	/** The interface that was asked for last, and what is behind it: a packet is asked for several times. */
	#lastName = "";
	#last: Map<Address, Station> | undefined;

	add(station: Station): void {
		const behind = this.#behind.get(station.interface) ?? new Map();
		behind.set(station.address, station);
		this.#behind.set(station.interface, behind);
	}

	of(interfaceName: string, address: Address): Station | undefined {
		if (interfaceName !== this.#lastName || this.#last === undefined) {
			this.#lastName = interfaceName;
			this.#last = this.#behind.get(interfaceName);
		}
		return this.#last?.get(address);
	}
}

/** A row for each latency, for all links that have it. */
function createLinks(clock: Clock): (latencyMs: number) => Row {
	const links = new Map<number, Row>();
	return (latencyMs) => {
		const link = links.get(latencyMs) ?? clock.createRow();
		links.set(latencyMs, link);
		return link;
	};
}

/** Sends what hosts send: to the gateway, as an ask, or straight to a neighbour on the same link. */
class Sender {
	readonly network: Network;
	readonly clock: Clock;
	readonly connectionOf: ConnectionOf;
	readonly watch: LinkWatch | null;

	constructor(
		network: Network,
		clock: Clock,
		connectionOf: ConnectionOf,
		watch: LinkWatch | null,
	) {
		this.network = network;
		this.clock = clock;
		this.connectionOf = connectionOf;
		this.watch = watch;
	}

	send(from: Station, packet: Packet): void {
		const { network } = this;
		if (!from.carries() || network.isCutOff(from, packet)) {
			this.noteLost(from, packet, { host: from.name, isFrom: true });
			return;
		}
		if (from.interface === LOOPBACK) {
			this.sendToGateway(from, packet);
			return;
		}
		const neighbour = network.neighbourOf(from.interface, packet);
		const { destination } = packet;
		const router =
			from.redirects?.routerTo(destination, this.clock.nowMs) ?? null;
		const link = network.entranceOf(from, destination);
		const other = network.announced.pastGateway(from, link, destination);
		if (neighbour !== undefined) this.sendStraight(from, neighbour, packet);
		else if (router !== null) this.sendByRedirect(from, packet, router);
		else if (other !== null) this.sendElsewhere(from, packet, other);
		else if (this.isUnanswered(from, destination))
			this.noteUnanswered(from, packet);
		else this.sendToGateway(from, packet);
	}

	/** What a host takes for an address on its link, it sends to whoever answers ARP for it. */
	private isUnanswered(from: Station, destination: Address): boolean {
		const { arp, announced } = this.network;
		return (
			arp?.isUnanswered(from, destination) === true &&
			!announced.isHeld(destination)
		);
	}

	private noteUnanswered(from: Station, packet: Packet): void {
		const { name: host, interface: at } = from;
		const about = this.aboutOf(from, packet);
		this.watch?.({ ...about, kind: "no-arp", host, interface: at });
	}

	aboutOf(from: Station, packet: Packet) {
		return {
			atMs: this.clock.nowMs,
			packet,
			connection: this.connectionOf(from, packet)?.id ?? null,
		};
	}

	/** @param at whose link loses it, and whether on the way from there */
	noteLost(
		from: Station,
		packet: Packet,
		at: { readonly host: string; readonly isFrom: boolean },
	): void {
		this.watch?.({ ...this.aboutOf(from, packet), kind: "lost", ...at });
	}

	private sendToGateway(from: Station, packet: Packet): void {
		const connection = this.connectionOf(from, packet);
		const entry = new Entry(this, from, packet, connection);
		if (from.latencyMs === 0) entry.fire();
		else from.link.put(this.clock.nowMs + from.latencyMs, entry);
	}

	/** @param nextHop a router on the way */
	private sendStraight(
		from: Station,
		to: Station,
		packet: Packet,
		nextHop?: Address,
	): void {
		const { neighbours, routers } = this.network;
		neighbours?.passes(from, packet);
		const passage = new StraightPassage(this, from, to, packet);
		passage.isOnItsWay =
			nextHop === undefined || !routers.isDead(from.interface, nextHop);
		const atMs = this.clock.nowMs + from.latencyMs + to.latencyMs;
		this.clock.at(atMs, () => passage.fire());
	}

	/** A router that the gateway has named in a redirect leads to hosts that are far; what is for others it takes away. */
	private sendByRedirect(from: Station, packet: Packet, router: Address): void {
		const to = this.network.farOwnerOf(packet.destination);
		if (to !== undefined) this.sendStraight(from, to, packet, router);
		else
			this.sendElsewhere(from, packet, {
				via: formatAddress(router),
				because: "redirected",
			});
	}

	/** The other router is none of the hosts here. */
	private sendElsewhere(from: Station, packet: Packet, to: OtherRouter): void {
		const event = { ...this.aboutOf(from, packet), ...to, host: from.name };
		this.watch?.({ ...event, kind: "elsewhere" });
		this.network.neighbours?.passes(from, packet);
	}
}

/** A packet on its way to the gateway, and what is asked for it there. */
class Entry implements Request {
	readonly label = "";
	readonly from: Station;
	readonly connection: Connection | null;
	private readonly sender: Sender;
	private readonly packet: Packet;
	private asked: Ask | null = null;

	constructor(
		sender: Sender,
		from: Station,
		packet: Packet,
		connection: Connection | null,
	) {
		this.sender = sender;
		this.from = from;
		this.packet = packet;
		this.connection = connection;
	}

	get ask(): Ask {
		invariant(this.asked !== null, "a packet is asked for on its way");
		return this.asked;
	}

	fire(): void {
		const { sender, from, packet, connection } = this;
		const { network, clock } = sender;
		this.asked = {
			kind: "packet",
			atMs: clock.nowMs,
			interface: network.entranceOf(from, packet.destination),
			packet,
			connection: connection === null ? null : connection.id,
		};
		network.requests.put(this);
	}
}

/** A packet on its way to a neighbour. */
class StraightPassage extends Passage {
	private readonly sender: Sender;
	private readonly from: Station;

	constructor(sender: Sender, from: Station, to: Station, packet: Packet) {
		super(to, packet);
		this.sender = sender;
		this.from = from;
	}

	protected arrive(): void {
		const { sender, from, station: to, packet } = this;
		sender.watch?.({
			...sender.aboutOf(from, packet),
			kind: "arrives",
			at: to.name,
			from: from.name,
			isKnown: knows(to, packet),
			interface: from.interface,
		});
		to.host.receive(packet);
		sender.network.neighbours?.arrived(from, to, packet);
	}

	protected lose(): void {
		const { sender, from, station: to, packet } = this;
		sender.noteLost(from, packet, { host: to.name, isFrom: false });
	}
}

/** First in, first out, at the same small price whether one thing waits or a hundred thousand do. */
class Queue<Item> {
	readonly #items: (Item | undefined)[] = [];
	#first = 0;
	#end = 0;

	put(item: Item): void {
		this.#items[this.#end++] = item;
	}

	/** The oldest one; `undefined` when nothing waits. */
	take(): Item | undefined {
		if (this.#first === this.#end) return undefined;
		const item = this.#items[this.#first];
		this.#items[this.#first++] = undefined;
		// All places are free: they serve once more.
		if (this.#first === this.#end) {
			this.#first = 0;
			this.#end = 0;
		}
		return item;
	}
}
