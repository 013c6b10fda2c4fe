/**
 * Who is connected with whom: finds the connection that a packet belongs to on either side of the
 * gateway, although the gateway may have changed its addresses and ports.
 */
import type { Answer, Ask } from "../contract/ask.ts";
import type { ClientConnection, Course } from "../endpoint/client.ts";
import { requestOf } from "../endpoint/udp/datagram.ts";
import type { FlowCourse, UdpFlow } from "../endpoint/udp/udp-flow.ts";
import {
	type Address,
	type Packet,
	SYN,
	type TcpPacket,
	type UdpPacket,
} from "../packet/packet.ts";
import { type DrawnFor, UNDRAWN } from "./account/draw-notes.ts";
import type { ReadRequests } from "./account/read-requests.ts";
import type { Station } from "./station.ts";

/** Of none there is one list. */
export const NONE: readonly never[] = [];

const PORTS = 0x10000;

/** Where a SYN of the connection arrived, and what it became there. */
export interface Contact {
	readonly backend: Station;
	readonly localPort: number;
	readonly localAddress: number;
	/** The client's end as the backend sees it. */
	readonly remoteAddress: number;
	readonly remotePort: number;
	/** The backend's initial sequence number; `null` when it did not answer with a SYN/ACK. */
	readonly iss: number | null;
}

/** A connection while it is played. */
export interface Connection extends DrawnFor {
	readonly id: number;
	readonly step: string;
	readonly client: Station;
	/** Name of the service; "" where it has none. */
	readonly service: string;
	readonly sourcePort: number;
	readonly startedMs: number;
	/** A flow of UDP; `null`: it is of TCP. */
	readonly datagrams: Datagrams | null;
	/** While it can change; `null` also when there was no port for it. */
	dialogue: ClientConnection | null;
	/** Afterwards: the rest is let go, for there may be a million of them. */
	course: Course | null;
	// Few have more than one of each, and most no answer: those that are empty are one and the same.
	met: readonly Station[];
	/** The last one … */
	contact: Contact | null;
	/** … and those before it, of which there are seldom any. */
	earlier: readonly Contact[];
	/** The source with which its last SYN, or datagram, left that a dead next hop lost; `null`: there is none. */
	lostAs: Address | null;
	gatewayAnswers: readonly string[];
}

/** What is particular to a flow of UDP. */
export interface Datagrams {
	/** While it can change; `null` also when there was no port for it. */
	flow: UdpFlow | null;
	/** Afterwards. */
	course: FlowCourse | null;
	/** Of its requests, those that the program of a backend has read: what is lost on a backend's link, or waits there, is not. */
	readonly read: ReadRequests;
	/** Whose answer came first. */
	servedBy: Station | null;
	/** What an ICMP error said first that came back, also to a socket that was closed by then. */
	failure: "refused" | "unreachable" | null;
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
	/** Who waits for the answer. */
	readonly onAnswer?: (answer: Answer) => void;
}

export interface Connections {
	/** In the order in which they were opened. */
	readonly all: readonly Connection[];
	add(
		connection: Omit<
			Connection,
			| "id"
			| "dialogue"
			| "course"
			| "met"
			| "contact"
			| "earlier"
			| "lostAs"
			| "gatewayAnswers"
			| "way"
			| "given"
		>,
		/** Has it a socket of its own? One that was refused sends nothing, and its port is another one's. */
		isOpened: boolean,
	): Connection;
	/** The flow that a datagram names, on either side of the gateway. */
	ofDatagram(packet: UdpPacket): Connection | null;
	/** The connection of a packet that comes from, or arrives at, its client. */
	atClient(client: Station, localPort: number): Connection | null;
	/** The connection of a packet that a backend sends. */
	fromBackend(backend: Station, packet: TcpPacket): Connection | null;
	/**
	 * The connection of a packet that the gateway sends to a backend.
	 * @param cause what the gateway answered when it sent it
	 */
	towardsBackend(
		backend: Station,
		packet: TcpPacket,
		cause: Request | null,
	): Connection | null;
}

/** What has been seen of a flow so far; `null` when there was no port for it. */
export function flowCourseOf({ course, flow }: Datagrams): FlowCourse | null {
	return course ?? flow?.course ?? null;
}

/** Nothing of a flow can change any more. */
export function retireFlow(datagrams: Datagrams): void {
	datagrams.course = flowCourseOf(datagrams);
	datagrams.flow = null;
}

/** Of a connection that was refused before anything was sent, since no route leads there. */
export function noRouteCourse(atMs: number): Course {
	return {
		connectedMs: null,
		greetedMs: null,
		endedMs: atMs,
		outcome: "unreachable",
		accepted: false,
		greetedBy: null,
		syns: 0,
		retransmittedMs: NONE,
		iss: 0,
		irs: 0,
		sendNext: 0,
	};
}

/** The same of a flow. */
export function noRouteFlow(atMs: number, requests: number): FlowCourse {
	return {
		outcome: "unreachable",
		answeredMs: null,
		endedMs: atMs,
		retransmittedMs: NONE,
		requests,
		sent: 0,
		answers: 0,
	};
}

/** What has been seen of it so far; `null` when there was no port for it. */
export function courseOf({ course, dialogue }: Connection): Course | null {
	return course ?? dialogue?.course ?? null;
}

/** Nothing of it can change any more. */
export function retire(connection: Connection): void {
	connection.course = courseOf(connection);
	connection.dialogue = null;
}

/** An empty book of connections. */
export function createConnections(): Connections {
	const all: Connection[] = [];
	/** By the client's address, and then by its port. */
	const current = new Map<number, Map<number, Connection>>();
	const aliases = new Aliases();

	// Packets of one host come in a row.
	let lastAddress = 0;
	let lastPorts: Map<number, Connection> | undefined;
	const byAddress = (address: number, port: number) => {
		if (address !== lastAddress || lastPorts === undefined) {
			lastAddress = address;
			lastPorts = current.get(address);
		}
		return lastPorts?.get(port) ?? null;
	};

	return {
		all,
		add(fields, isOpened) {
			// Field by field: what is spread gives each of them a hidden class of its own (V8).
			const connection: Connection = {
				id: all.length,
				step: fields.step,
				client: fields.client,
				service: fields.service,
				sourcePort: fields.sourcePort,
				startedMs: fields.startedMs,
				datagrams: fields.datagrams,
				dialogue: null,
				course: null,
				met: NONE,
				contact: null,
				earlier: NONE,
				lostAs: null,
				gatewayAnswers: NONE,
				way: UNDRAWN,
				given: UNDRAWN,
			};
			all.push(connection);
			// Datagrams say themselves which flow they are of.
			if (fields.datagrams !== null) return connection;
			let ports = current.get(fields.client.address);
			if (ports === undefined) {
				ports = new Map();
				current.set(fields.client.address, ports);
			}
			if (isOpened) ports.set(fields.sourcePort, connection);
			return connection;
		},
		ofDatagram({ payload }) {
			const name = requestOf(payload);
			const named = name === null ? undefined : all[name.flow];
			return named !== undefined && named.datagrams !== null ? named : null;
		},
		atClient(client, localPort) {
			return byAddress(client.address, localPort);
		},
		fromBackend(backend, packet) {
			const { destination, destinationPort } = packet;
			return (
				aliases.of(backend, destination, destinationPort) ??
				byAddress(destination, destinationPort)
			);
		},
		towardsBackend(backend, packet, cause) {
			const { source, sourcePort } = packet;
			const named = byAddress(source, sourcePort);
			if (named !== null && isPlausible(named, packet)) return named;
			const known = aliases.of(backend, source, sourcePort);
			if (known !== undefined && isPlausible(known, packet)) return known;
			// What the gateway was given is what it passed on, under whatever name.
			const caused = cause !== null && isSame(cause, packet);
			const found = caused ? cause.connection : bySequence(all, packet);
			if (found !== null) aliases.set(backend, packet, found);
			return found ?? named;
		},
	};
}

/** Connections by the address and port that a backend knows, where the gateway made others of them than the client's. */
class Aliases {
	/** By address, and then by backend and port in one number. */
	readonly #known = new Map<number, Map<number, Connection>>();

	of(
		{ index }: Station,
		address: number,
		port: number,
	): Connection | undefined {
		if (this.#known.size === 0) return undefined;
		return this.#known.get(address)?.get(index * PORTS + port);
	}

	set(
		{ index }: Station,
		{ source, sourcePort }: TcpPacket,
		connection: Connection,
	): void {
		const ofAddress = this.#known.get(source) ?? new Map();
		ofAddress.set(index * PORTS + sourcePort, connection);
		this.#known.set(source, ofAddress);
	}
}

/** The connection of a packet that a host sends, as far as the host tells. */
export function connectionOf(
	connections: Connections,
	from: Station,
	packet: Packet,
): Connection | null {
	const { kind } = packet;
	if (kind === "udp") return connections.ofDatagram(packet);
	// Hosts complain of datagrams alone.
	if (kind === "icmp" && packet.about?.kind === "udp")
		return connections.ofDatagram(packet.about);
	if (kind !== "tcp") return null;
	if (from.kind === "client")
		return connections.atClient(from, packet.sourcePort);
	if (from.kind === "backend") return connections.fromBackend(from, packet);
	return null;
}

/** What a SYN of the connection met at a backend, or would have, had its link not lost it. */
export function noteContact(
	connection: Connection,
	backend: Station,
	packet: TcpPacket,
	isArrived: boolean,
): void {
	if ((packet.flags & SYN) === 0) return;
	const { source, sourcePort, destination: localAddress } = packet;
	const localPort = packet.destinationPort;
	const socket = isArrived
		? backend.host.find(localPort, source, sourcePort, localAddress)
		: undefined;
	addContact(connection, {
		backend,
		localPort,
		localAddress,
		iss: socket?.iss ?? null,
		remoteAddress: source,
		remotePort: sourcePort,
	});
}

function addContact(connection: Connection, contact: Contact): void {
	const { contact: last, earlier } = connection;
	if (last !== null) connection.earlier = and(earlier, last);
	connection.contact = contact;
}

/** Where a datagram of a flow seems to come from; the same as before is not noted again. */
export function noteSource(
	connection: Connection,
	backend: Station,
	packet: UdpPacket,
): void {
	const { source, sourcePort, destination, destinationPort } = packet;
	const last = connection.contact;
	if (last?.remoteAddress === source && last.backend === backend) return;
	addContact(connection, {
		backend,
		localPort: destinationPort,
		localAddress: destination,
		iss: null,
		remoteAddress: source,
		remotePort: sourcePort,
	});
}

/** No longer than it has to be: what is pushed into has room for many more. */
export function and<Item>(some: readonly Item[], one: Item): readonly Item[] {
	return some.length === 0 ? [one] : [...some, one];
}

/** Gateways change addresses and ports, but not sequence numbers. */
function isPlausible(connection: Connection, packet: TcpPacket): boolean {
	const ends = connection.dialogue?.socket ?? connection.course;
	if (ends === null) return true;
	const offset = (packet.seq - ends.iss) | 0;
	return offset >= 0 && offset <= ((ends.sendNext - ends.iss) | 0);
}

function isSame(cause: Request, packet: TcpPacket): boolean {
	if (cause.ask.kind !== "packet") return false;
	const before = cause.ask.packet;
	return (
		before.kind === "tcp" &&
		before.seq === packet.seq &&
		before.flags === packet.flags
	);
}

/** The last resort, for packets that come out late and renamed: rare, so it may search. */
function bySequence(
	all: readonly Connection[],
	packet: TcpPacket,
): Connection | null {
	for (let index = all.length - 1; index >= 0; index--) {
		const connection = all[index] as Connection;
		const isOpened = connection.dialogue !== null || connection.course !== null;
		if (isOpened && isPlausible(connection, packet)) return connection;
	}
	return null;
}
