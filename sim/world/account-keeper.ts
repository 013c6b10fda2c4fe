import type { Answer, Ask } from "../contract/ask.ts";
import type { Emission, Unknown } from "../contract/gateway.ts";
import { meaningOf } from "../endpoint/udp/udp-sockets.ts";
import { protocolOf } from "../packet/bytes/bytes.ts";
import { printPacket } from "../packet/notation/notation.ts";
import {
	ACK,
	FIN,
	type IcmpPacket,
	type Packet,
	RST,
	SYN,
	type TcpPacket,
	type UdpPacket,
} from "../packet/packet.ts";
import type { Account, PacketRecord } from "./account/account.ts";
import { nameOfAnswer } from "./account/answer-names.ts";
import { describeOperation } from "./account/describe-operation.ts";
import { DrawNotes } from "./account/draw-notes.ts";
import { recordOf } from "./connection-record.ts";
import {
	and,
	type Connection,
	connectionOf,
	flowCourseOf,
	noteContact,
	noteSource,
	type Request,
} from "./connections.ts";
import { Passage } from "./network.ts";
import { LinkStates } from "./setup/link-states.ts";
import { LOOPBACK } from "./setup/services.ts";
import type { Stage } from "./stage.ts";
import { knows, type Station } from "./station.ts";

/** Writes down what the gateway answers, and passes on what it sends. */
export class AccountKeeper {
	private readonly stage: Stage;
	private readonly keepPackets: boolean;
	private readonly packets: PacketRecord[] = [];
	private readonly observations: Account["observations"][number][] = [];
	private readonly draws: DrawNotes;
	private readonly links: LinkStates;
	/** When the first packet of each protocol came in. */
	private readonly cameIn: Record<string, number> = {};
	/** Resets that clients and backends sent and that have not come out on the other side. */
	private readonly resets = new Set<string>();
	/** The same of ICMP errors about datagrams. */
	private readonly errors = new Set<string>();

	constructor(stage: Stage, keepPackets: boolean) {
		this.stage = stage;
		this.keepPackets = keepPackets;
		this.links = new LinkStates(stage.setup);
		const addresses = stage.network.stations
			.filter(({ kind }) => kind === "backend")
			.map(({ address }) => address);
		this.draws = new DrawNotes(new Set(addresses).size < addresses.length);
		stage.network.neighbours = {
			passes: (from, packet) => this.notePast(from, packet),
			arrived: (from, to, packet) => this.noteMeeting(from, to, packet),
		};
	}

	/**
	 * @param request what was answered; `null` for the passing of time
	 * @returns what the gateway does not know
	 */
	take(request: Request | null, answer: Answer): Unknown | null {
		const ask = request?.ask;
		const label = request?.label ?? "";
		if (request !== null && ask?.kind === "packet") this.noteIn(request, ask);
		if (request !== null && ask?.kind === "race")
			for (const one of ask.packets)
				this.noteIn(request, { kind: "packet", atMs: ask.atMs, ...one });
		if (ask?.kind === "carrier")
			this.links.noteCarrier(ask.interface, ask.isThere);
		if (ask?.kind === "operation" && answer.outcome?.ok === true)
			this.links.note(ask.operation);
		if (answer.outcome !== null && ask?.kind === "operation")
			this.stage.operations.push({
				label,
				atMs: answer.nowMs,
				text: describeOperation(ask.operation),
				outcome: answer.outcome,
				...(answer.isIdle ? { isIdle: true } : {}),
			});
		if (answer.observation !== null)
			this.observations.push({
				label,
				atMs: answer.nowMs,
				observation: answer.observation,
			});
		const metBefore = request?.connection?.met.length ?? 0;
		for (const emission of answer.emissions) this.passOn(emission, request);
		if (request !== null && answer.chance !== undefined)
			this.noteChance(request, answer.chance, metBefore);
		if (answer.unknown === null) request?.onAnswer?.(answer);
		return answer.unknown;
	}

	account(unknown: Unknown | null): Account {
		const { connections, events, operations, clock } = this.stage;
		return {
			connections: connections.all.map(recordOf),
			events,
			packets: this.packets,
			observations: this.observations,
			operations,
			cameIn: this.cameIn,
			unknown,
			endedMs: clock.nowMs,
		};
	}

	private noteIn(
		{ from, connection }: Request,
		ask: Ask & { readonly kind: "packet" },
	): void {
		const { packet } = ask;
		const isIn = this.links.takes(ask.interface);
		if (isIn) this.cameIn[protocolOf(packet)] ??= ask.atMs;
		const isHosts = from?.kind === "backend" || from?.kind === "client";
		if (isHosts && packet.kind === "tcp" && packet.flags & RST)
			if (from.interface !== LOOPBACK || isOfSocket(packet))
				this.resets.add(resetKey(packet.seq, packet.ack));
		if (isHosts && packet.kind === "icmp" && packet.about?.kind === "udp")
			this.errors.add(errorKey(packet, packet.about));
		if (this.keepPackets)
			this.packets.push({
				atMs: ask.atMs,
				direction: "in",
				interface: ask.interface,
				packet,
				connection: connection?.id ?? null,
				...(isIn ? {} : { isLost: true }),
			});
	}

	/**
	 * Of what a client's SYN met: where it goes, everything after it goes, a SYN that is sent again too. Of a flow,
	 * any datagram may go elsewhere.
	 */
	private noteChance(
		{ ask, from, connection }: Request,
		parts: NonNullable<Answer["chance"]>,
		metBefore: number,
	): void {
		if (connection === null || from?.kind !== "client") return;
		if (ask.kind !== "packet") return;
		const { packet } = ask;
		const isFirst =
			packet.kind === "udp" ||
			(packet.kind === "tcp" && (packet.flags & SYN) !== 0);
		if (!isFirst && packet.kind !== "tcp") return;
		const decides =
			isFirst && (metBefore === 0 || connection.met.length > metBefore);
		this.draws.note(connection, parts, decides);
	}

	private passOn(emission: Emission, cause: Request | null): void {
		const { packet, interface: interfaceName, atMs } = emission;
		const { network } = this.stage;
		const station = network.receiverOf(interfaceName, packet);
		let connection: Connection | null = null;
		if (station?.kind === "client")
			connection = this.towardsClient(station, emission, cause);
		else if (station?.kind === "backend" && packet.kind === "tcp")
			connection = this.towardsBackend(station, packet, emission, cause);
		else if (station?.kind === "backend" && packet.kind === "udp")
			connection = this.datagramTowardsBackend(station, packet, emission);
		else if (station?.kind === "backend" && packet.kind === "icmp")
			connection = this.errorTowardsBackend(station, packet, emission);
		else if (station !== undefined)
			network.deliver(new PlainPassage(station, packet), emission);
		else {
			this.noteNowhere(emission, cause);
			if (interfaceName === "lo" && isSyn(packet))
				this.stage.unknown ??= unknownProgram(packet);
		}
		if (this.keepPackets)
			this.packets.push({
				atMs,
				direction: "out",
				interface: interfaceName,
				packet,
				connection: connection?.id ?? null,
			});
	}

	private towardsClient(
		station: Station,
		emission: Emission,
		cause: Request | null,
	): Connection | null {
		const { connections, network } = this.stage;
		const { packet } = emission;
		const about = packet.kind === "icmp" ? packet.about : packet;
		let connection: Connection | null = null;
		if (about?.kind === "tcp") {
			const isError = packet.kind === "icmp";
			const port = isError ? about.sourcePort : about.destinationPort;
			connection = connections.atClient(station, port);
		} else if (about?.kind === "udp") {
			connection = connections.ofDatagram(about);
			if (connection !== null && packet.kind === "icmp")
				noteFailure(connection, packet);
		}
		if (connection !== null && this.isGateways(packet, station, cause))
			noteAnswer(connection, packet);
		const sender = cause === null ? null : cause.from;
		const passage = new NotedPassage(this, emission, station);
		passage.connection = connection;
		passage.sender = sender;
		network.deliver(passage, emission);
		return connection;
	}

	/**
	 * Did the gateway say this of its own accord? ICMP errors about TCP are always its own here, those about
	 * datagrams unless a host has sent them.
	 * Anything that comes back to a host at once, when the host's own packet went in, is too; and so is
	 * a RST that nobody on the other side has sent.
	 */
	private isGateways(
		packet: Packet,
		to: Station,
		cause: Request | null,
	): boolean {
		if (packet.kind === "icmp")
			return (
				packet.about?.kind !== "udp" ||
				!this.errors.delete(errorKey(packet, packet.about))
			);
		if (cause?.from === to) return true;
		if (packet.kind !== "tcp" || (packet.flags & RST) === 0) return false;
		return !this.resets.delete(resetKey(packet.seq, packet.ack));
	}

	private towardsBackend(
		station: Station,
		packet: Packet & { readonly kind: "tcp" },
		emission: Emission,
		cause: Request | null,
	): Connection | null {
		const { connections } = this.stage;
		const connection = connections.towardsBackend(station, packet, cause);
		if (
			connection !== null &&
			packet.flags & RST &&
			this.isGateways(packet, station, cause)
		)
			noteAnswer(connection, packet);
		this.deliver(emission, station, connection);
		return connection;
	}

	/** A backend is met by what reaches it: what a dead next hop loses meets none. */
	private deliver(
		emission: Emission,
		station: Station,
		connection: Connection | null,
	): boolean {
		const passage = new NotedPassage(this, emission, station);
		passage.connection = connection;
		this.stage.network.deliver(passage, emission);
		if (connection !== null && passage.isOnItsWay) noteMet(connection, station);
		else if (connection !== null) noteLostAs(connection, emission.packet);
		return passage.isOnItsWay;
	}

	private datagramTowardsBackend(
		station: Station,
		packet: UdpPacket,
		emission: Emission,
	): Connection | null {
		const { connections } = this.stage;
		const connection = connections.ofDatagram(packet);
		const isOnItsWay = this.deliver(emission, station, connection);
		if (connection !== null && isOnItsWay)
			noteSource(connection, station, packet);
		return connection;
	}

	/** What the gateway complains of to a server is about what the server has sent; a client's host may as well. */
	private errorTowardsBackend(
		station: Station,
		packet: Packet & { readonly kind: "icmp" },
		emission: Emission,
	): Connection | null {
		const { connections, network } = this.stage;
		const { about } = packet;
		let connection: Connection | null = null;
		if (about?.kind === "tcp")
			connection = connections.fromBackend(station, about);
		else if (about?.kind === "udp") connection = connections.ofDatagram(about);
		if (connection !== null && this.isGateways(packet, station, null))
			noteAnswer(connection, packet);
		network.deliver(new PlainPassage(station, packet), emission);
		return connection;
	}

	/** A host sends it to its neighbour: the gateway has no part in it. */
	private notePast(from: Station, packet: Packet): void {
		if (!this.keepPackets) return;
		const { connections, clock } = this.stage;
		this.packets.push({
			atMs: clock.nowMs,
			direction: "past",
			interface: from.interface,
			packet,
			connection: connectionOf(connections, from, packet)?.id ?? null,
		});
	}

	/** A client on the link of a backend has to do with it without the gateway. */
	private noteMeeting(from: Station, to: Station, packet: Packet): void {
		if (packet.kind === "udp") {
			const flow = connectionOf(this.stage.connections, from, packet);
			if (flow !== null && to.kind === "backend") noteMet(flow, to);
			noteServed(flow, from);
			return;
		}
		if (packet.kind !== "tcp" || (packet.flags & SYN) === 0) return;
		if (from.kind !== "client" || to.kind !== "backend") return;
		const connection = connectionOf(this.stage.connections, from, packet);
		if (connection === null) return;
		noteMet(connection, to);
		noteContact(connection, to, packet, true);
	}

	/** It has arrived, and was received. */
	noteReceived({ station, packet, connection, sender }: NotedPassage): void {
		if (station.kind === "client") noteServed(connection, sender);
		else if (connection !== null && packet.kind === "tcp")
			noteContact(connection, station, packet, true);
	}

	/** It arrives, and is received next. */
	noteArrival({ station, packet, connection }: NotedPassage): void {
		const { watch, clock } = this.stage;
		watch?.({
			kind: "arrives",
			atMs: clock.nowMs,
			packet,
			at: station.name,
			from: null,
			isKnown: knows(station, packet),
			interface: station.interface,
			connection: connection?.id ?? null,
		});
	}

	noteLoss(passage: NotedPassage): void {
		const { station, packet, connection, isOnItsWay } = passage;
		const { watch, clock } = this.stage;
		watch?.({
			kind: "lost",
			atMs: clock.nowMs,
			packet,
			host: station.name,
			isFrom: false,
			connection: connection?.id ?? null,
		});
		if (station.kind === "backend" && connection !== null && isOnItsWay)
			if (packet.kind === "tcp")
				noteContact(connection, station, packet, false);
	}

	/** What was made of a packet at once is of its connection. */
	private noteNowhere(
		{ atMs, packet, interface: name }: Emission,
		cause: Request | null,
	): void {
		this.stage.watch?.({
			kind: "nowhere",
			atMs,
			packet,
			interface: name,
			connection: cause?.connection?.id ?? null,
		});
	}
}

/** A packet that the gateway has sent to a host, of which nothing is written down. */
class PlainPassage extends Passage {
	protected arrive(): void {
		this.station.host.receive(this.packet);
	}

	protected lose(): void {}
}

/** A packet of a connection, or of what may become one, that the gateway has sent to its client or to a backend. */
class NotedPassage extends Passage {
	private readonly keeper: AccountKeeper;
	connection: Connection | null = null;
	/** The host whose packet the gateway answered when it sent this one. */
	sender: Station | null = null;

	constructor(keeper: AccountKeeper, { packet }: Emission, station: Station) {
		super(station, packet);
		this.keeper = keeper;
	}

	protected arrive(): void {
		this.keeper.noteArrival(this);
		this.station.host.receive(this.packet);
		this.keeper.noteReceived(this);
	}

	protected lose(): void {
		this.keeper.noteLoss(this);
	}
}

/** A listening socket drops everything else without a word, SYN|FIN as well (`tcp_rcv_state_process`). */
function isSyn(packet: Packet): boolean {
	const flags = SYN | ACK | RST | FIN;
	return packet.kind === "tcp" && (packet.flags & flags) === SYN;
}

/**
 * Does a socket send this reset? Where there is none, a kernel answers with an acknowledgement and no sequence number
 * of its own, or without an acknowledgement (`tcp_v4_send_reset`). Under a program of the gateway's own that kernel
 * is the gateway's.
 */
function isOfSocket({ flags, seq }: TcpPacket): boolean {
	return (flags & ACK) !== 0 && seq !== 0;
}

function unknownProgram(packet: Packet): Unknown {
	const line = printPacket(packet, { payload: "length" });
	const reason = `what a program of the gateway's own answers is not known (${line})`;
	return { rule: "", text: "", line: 0, reason };
}

/** A client that awaits no answer may have closed its socket before the error comes. */
function noteFailure({ datagrams }: Connection, error: IcmpPacket): void {
	const meaning = meaningOf(error);
	if (datagrams === null || meaning === null || meaning === "too-long") return;
	datagrams.failure ??= meaning;
}

function noteAnswer(connection: Connection, packet: Packet): void {
	const name = nameOfAnswer(packet);
	connection.gatewayAnswers = and(connection.gatewayAnswers, name);
}

/** The first answer that comes to a flow says who serves it; where the gateway kept it for a while, the last one met. */
function noteServed(connection: Connection | null, from: Station | null): void {
	const datagrams = connection?.datagrams ?? null;
	if (connection === null || datagrams === null) return;
	if (datagrams.servedBy !== null) return;
	if ((flowCourseOf(datagrams)?.answers ?? 0) === 0) return;
	datagrams.servedBy =
		from?.kind === "backend" ? from : (connection.met.at(-1) ?? null);
}

function noteMet(connection: Connection, station: Station): void {
	const { met } = connection;
	if (met.length === 0) connection.met = station.alone;
	else if (!met.includes(station)) connection.met = and(met, station);
}

/** What source it was given is seen in what left, whoever lost it then. */
function noteLostAs(connection: Connection, packet: Packet): void {
	const decides =
		packet.kind === "udp" || (packet.kind === "tcp" && packet.flags & SYN);
	if (decides) connection.lostAs = packet.source;
}

function resetKey(seq: number, ack: number): string {
	return `${seq} ${ack}`;
}

/** A router that translates an error leaves the payload that it quotes alone. */
function errorKey(error: IcmpPacket, about: UdpPacket): string {
	return `${error.type} ${error.code} ${about.payload}`;
}
