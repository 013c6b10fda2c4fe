/**
 * The links around the gateway. Hosts behind the same interface of the gateway share a network and
 * reach each other directly; everything else goes through the gateway, as an ask.
 */
import type { Clock } from "../clock/clock.ts";
import type { Ask } from "../contract/ask.ts";
import { Host } from "../endpoint/host.ts";
import type { Packet } from "../packet/packet.ts";
import type { Connection } from "./connections.ts";
import { createQueue, type Queue } from "./queue.ts";
import type { LinkWatch } from "./watch.ts";

/** A host and the link that it is on. */
export interface Station {
	/** Number among all stations. */
	readonly index: number;
	readonly kind: "client" | "backend" | "checker";
	readonly name: string;
	readonly interface: string;
	readonly address: number;
	readonly host: Host;
	/** Between it and the gateway. */
	readonly latencyMs: number;
	/** Does its link carry the packet that is on it now? To be asked once for each: it may be a matter of chance. */
	carries: () => boolean;
}

/** Something that the gateway has to be told, and what to remember about it until it has answered. */
export interface Request {
	readonly ask: Ask;
	/** Label of an operation or observation. */
	readonly label: string;
	/** Who sent the packet; `null` for what is no packet, or one by hand. */
	readonly from: Station | null;
	/** The connection that the packet belongs to, as far as its sender knows. */
	readonly connection: Connection | null;
}

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
			"kind" | "name" | "interface" | "address" | "latencyMs"
		>,
	): Station;
	/** Who owns the address behind the interface? */
	ownerOf(interfaceName: string, address: number): Station | undefined;
	/** The packet leaves the gateway, or a neighbour, towards the station; its link carries it, or loses it. */
	deliver(
		station: Station,
		atMs: number,
		arrive: () => void,
		lose?: () => void,
	): void;
}

/**
 * @param connectionOf which connection does a packet belong to that a station sends?
 */
export function createNetwork(
	clock: Clock,
	connectionOf: (from: Station, packet: Packet) => Connection | null,
	watch: LinkWatch | null,
): Network {
	const stations: Station[] = [];
	const owners = new Map<string, Map<number, Station>>();
	const requests = createQueue<Request>();

	function send(from: Station, packet: Packet): void {
		if (!from.carries()) {
			watch?.({
				kind: "lost",
				atMs: clock.nowMs,
				packet,
				host: from.name,
				isFrom: true,
				connection: connectionOf(from, packet)?.id ?? null,
			});
			return;
		}
		const neighbour = network.ownerOf(from.interface, packet.destination);
		if (neighbour !== undefined) {
			sendStraight(from, neighbour, packet);
			return;
		}
		const connection = connectionOf(from, packet);
		const enter = () => {
			const atMs = clock.nowMs;
			requests.put({
				ask: {
					kind: "packet",
					atMs,
					interface: from.interface,
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

	function sendStraight(from: Station, to: Station, packet: Packet): void {
		const arrive = () => {
			watch?.({
				kind: "arrives",
				atMs: clock.nowMs,
				packet,
				at: to.name,
				from: from.name,
				isKnown: knows(to, packet),
				interface: from.interface,
				connection: connectionOf(from, packet)?.id ?? null,
			});
			to.host.receive(packet);
			network.neighbours?.arrived(from, to, packet);
		};
		const lose = () =>
			watch?.({
				kind: "lost",
				atMs: clock.nowMs,
				packet,
				host: to.name,
				isFrom: false,
				connection: connectionOf(from, packet)?.id ?? null,
			});
		network.neighbours?.passes(from, packet);
		network.deliver(to, clock.nowMs + from.latencyMs, arrive, lose);
	}

	const network: Network = {
		neighbours: null,
		stations,
		requests,
		add(fields) {
			const output = (packet: Packet) => send(station, packet);
			const station: Station = {
				...fields,
				index: stations.length,
				host: new Host(fields.address, clock, output),
				carries: () => true,
			};
			stations.push(station);
			let behind = owners.get(fields.interface);
			if (behind === undefined) {
				behind = new Map();
				owners.set(fields.interface, behind);
			}
			behind.set(fields.address, station);
			return station;
		},
		ownerOf(interfaceName, address) {
			return owners.get(interfaceName)?.get(address);
		},
		deliver(station, atMs, arrive, lose) {
			clock.at(Math.max(clock.nowMs, atMs) + station.latencyMs, () => {
				if (station.carries()) arrive();
				else lose?.();
			});
		},
	};
	return network;
}

/** Does a socket of the host have the addresses and ports of a packet that comes to it? */
export function knows({ host }: Station, packet: Packet): boolean {
	if (packet.kind !== "tcp") return true;
	const { destinationPort, source, sourcePort } = packet;
	return host.find(destinationPort, source, sourcePort) !== undefined;
}
