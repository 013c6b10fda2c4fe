/**
 * A host with one address, or a program of a gateway's own, at one of its addresses or at all: its sockets, and what its kernel answers when a packet belongs to none of
 * them.
 */
import type { Clock } from "../clock/clock.ts";
import {
	ICMP_DEST_UNREACH,
	ICMP_ECHO,
	ICMP_ECHOREPLY,
	ICMP_FRAG_NEEDED,
	ICMP_PARAMETERPROB,
	ICMP_PORT_UNREACH,
	ICMP_REDIRECT,
	ICMP_TIME_EXCEEDED,
} from "../kernel.ts";
import { icmpEcho, icmpError } from "../packet/build.ts";
import {
	ACK,
	type Address,
	FIN,
	type IcmpPacket,
	type Packet,
	RST,
	SYN,
	type TcpPacket,
	type UdpPacket,
} from "../packet/packet.ts";
import { after } from "../packet/sequence.ts";
import { resetFor, sequenceLength } from "../packet/tcp-reset.ts";
import { HeldPorts, type PortTable } from "./ports/held-ports.ts";
import { receiveSegment } from "./tcp/tcp-receive.ts";
import { type SocketAddress, segment } from "./tcp/tcp-segment.ts";
import type { SocketHost, SocketUser } from "./tcp/tcp-socket.ts";
import { TcpSocket } from "./tcp/tcp-socket.ts";
import type { DatagramHost } from "./udp/udp-flow.ts";
import { UdpSockets } from "./udp/udp-sockets.ts";

/**
 * Whoever listens on a port. It says who takes the connection that a SYN asks for; `null` drops the
 * SYN without a word.
 */
export type Listener = (syn: TcpPacket) => SocketUser | null;

/** What an ICMP redirect says. */
export interface Redirect {
	/** Who says it. */
	readonly from: Address;
	/** The router that is nearer. */
	readonly router: Address;
	readonly destination: Address;
}

/** The address of a program that is bound to none: whatever is delivered to its port is for it. */
const INADDR_ANY = 0;

export class Host implements SocketHost, DatagramHost {
	readonly address: number;
	readonly clock: Clock;
	private readonly output: (packet: Packet) => void;
	private readonly listeners = new Map<number, Listener>();
	/** Sockets at the host's own address. */
	private readonly sockets: Sockets = new Map();
	/** By local address: those of a program that is bound to none. */
	private readonly socketsAt = new Map<number, Sockets>();
	/** The remote address that was asked for last, and its sockets: they are never taken out. */
	private lastRemote = 0;
	private lastSockets: Map<number, TcpSocket> | undefined;
	private count = 0;
	/** Local ports that somebody drives by hand: the host does not answer for them. */
	private readonly handDriven = new Set<number>();

	/** Of a program of the gateway's own: which ports it has open. What comes for others, the gateway has refused. */
	held: HeldPorts | null = null;

	/** Sockets of UDP that its programs have connected. */
	readonly datagrams = new UdpSockets();

	/** Does a program that serves take the datagram? Else the host says that its port is closed. */
	takesDatagram: (packet: UdpPacket) => boolean = () => false;

	/** A program that serves has read the datagram: it waits in a socket no longer. */
	readDatagram: (packet: UdpPacket) => void = () => {};

	/** A router says that another one is nearer to a destination (ICMP redirect). */
	redirected: (redirect: Redirect) => void = () => {};

	/** What happens now is not modelled, and why. */
	doesNotKnow: (reason: string) => void = () => {};

	/** @param output puts a packet on the host's link */
	constructor(address: number, clock: Clock, output: (packet: Packet) => void) {
		this.address = address;
		this.clock = clock;
		this.output = output;
	}

	/** Its kernel is the gateway's, which is told of its ports. */
	liveOn(table: PortTable): void {
		const held = new HeldPorts(table);
		this.held = held;
		this.datagrams.held = held;
	}

	/** From now on, SYNs to the port are shown to the listener. */
	listen(port: number, listener: Listener): void {
		if (!this.listeners.has(port)) this.held?.hold("tcp", port);
		this.listeners.set(port, listener);
	}

	/** SYNs to the port are refused from now on, and handshakes that are not over are forgotten. */
	stopListening(port: number): void {
		if (this.listeners.delete(port)) this.held?.letGo("tcp", port);
		for (const socket of this.allSockets())
			if (socket.localPort === port && socket.state === "syn-received")
				socket.forget();
	}

	/** What arrives for the port is not answered any more: someone else speaks for it. */
	driveByHand(port: number): void {
		this.handDriven.add(port);
	}

	/** Connections that the host knows of, those in TIME_WAIT included. */
	get socketCount(): number {
		return this.count;
	}

	/** The socket of a connection from or to this host. */
	find(
		localPort: number,
		remoteAddress: number,
		remotePort: number,
		localAddress = this.address,
	): TcpSocket | undefined {
		return this.socketsWith(localAddress, remoteAddress)?.get(
			(localPort << 16) | remotePort,
		);
	}

	/** Packets of one host come in a row. */
	private socketsWith(
		localAddress: number,
		remoteAddress: number,
	): Map<number, TcpSocket> | undefined {
		if (localAddress !== this.address)
			return this.socketsAt.get(localAddress)?.get(remoteAddress);
		if (remoteAddress !== this.lastRemote || this.lastSockets === undefined) {
			this.lastRemote = remoteAddress;
			this.lastSockets = this.sockets.get(remoteAddress);
		}
		return this.lastSockets;
	}

	/** Opens a connection. A socket that has the same ports already is forgotten, as by a host that was started anew. */
	connect(
		to: { readonly address: number; readonly port: number },
		localPort: number,
		user: SocketUser,
	): TcpSocket {
		this.find(localPort, to.address, to.port)?.forget();
		const socket = this.add(user, {
			localAddress: this.address,
			localPort,
			remoteAddress: to.address,
			remotePort: to.port,
		});
		socket.open();
		return socket;
	}

	/** The host is gone, and what it knew with it. */
	loseEverything(): void {
		for (const socket of this.allSockets()) socket.forget();
		for (const port of [...this.listeners.keys()]) this.stopListening(port);
		this.datagrams.loseAll();
	}

	transmit(packet: Packet): void {
		this.output(packet);
	}

	release(socket: TcpSocket): void {
		const ports = (socket.localPort << 16) | socket.remotePort;
		const sockets = this.tableOf(socket.localAddress)?.get(
			socket.remoteAddress,
		);
		if (sockets === undefined || sockets.get(ports) !== socket) return;
		sockets.delete(ports);
		this.count--;
		this.held?.letGo("tcp", socket.localPort);
	}

	/** A packet arrives. One for another address is dropped, as a host that is no router does. */
	receive(packet: Packet): void {
		if (!this.isAt(packet.destination)) return;
		if (packet.kind === "tcp") this.receiveTcp(packet);
		else if (packet.kind === "icmp") this.receiveIcmp(packet);
		else if (packet.kind === "udp") this.receiveUdp(packet);
	}

	private receiveTcp(packet: TcpPacket): void {
		const { destinationPort, source, sourcePort, destination } = packet;
		// A set is asked only where there is something in it: this is done for each packet.
		if (this.handDriven.size > 0 && this.handDriven.has(destinationPort))
			return;
		if (this.held?.has("tcp", destinationPort) === false) return;
		const socket = this.find(destinationPort, source, sourcePort, destination);
		if (socket === undefined) this.receiveNew(packet, null);
		else if (socket.state === "time-wait")
			this.receiveInTimeWait(socket, packet);
		else receiveSegment(socket, packet);
	}

	/** `tcp_rcv_state_process` in LISTEN, and `tcp_v4_rcv` where nobody listens. */
	private receiveNew(packet: TcpPacket, iss: number | null): void {
		const listener = this.listeners.get(packet.destinationPort);
		if (listener === undefined || packet.flags & ACK) {
			const reset = resetFor(packet);
			if (reset !== null) this.transmit(reset);
			return;
		}
		if ((packet.flags & (SYN | RST | FIN)) !== SYN) return;
		const user = listener(packet);
		if (user === null) return;
		this.add(user, {
			localAddress: packet.destination,
			localPort: packet.destinationPort,
			remoteAddress: packet.source,
			remotePort: packet.sourcePort,
		}).answer(packet, iss);
	}

	/** `tcp_timewait_state_process`: a SYN may follow when its sequence number is beyond the old connection's. */
	private receiveInTimeWait(socket: TcpSocket, packet: TcpPacket): void {
		const { flags, seq } = packet;
		const isExpected = seq === socket.receiveNext;
		if (isExpected && (flags & RST || sequenceLength(packet) === 0)) {
			if (flags & RST) socket.forget();
			else socket.stayInTimeWait();
			return;
		}
		if (flags & RST) return;
		const isSyn = (flags & (SYN | ACK)) === SYN;
		const isBeyond = after(seq, socket.receiveNext);
		if (isSyn && isBeyond && this.listeners.has(packet.destinationPort)) {
			socket.forget();
			this.receiveNew(packet, (socket.sendNext + 65_537) | 0 || 1);
			return;
		}
		if (flags & ACK) socket.stayInTimeWait();
		this.transmit(
			segment(socket, {
				flags: ACK,
				seq: socket.sendNext,
				ack: socket.receiveNext,
				payload: "",
			}),
		);
	}

	private receiveIcmp(packet: IcmpPacket): void {
		if (packet.type === ICMP_ECHO) {
			this.transmit(
				icmpEcho({
					source: packet.destination,
					destination: packet.source,
					direction: "reply",
					identifier: packet.rest >>> 16,
					sequence: packet.rest & 0xffff,
					payload: packet.payload,
				}),
			);
			return;
		}
		const { about } = packet;
		if (about === null || !this.isAt(about.source)) return;
		if (packet.type === ICMP_REDIRECT) {
			if (this.hasSocketOf(about))
				this.redirected({
					from: packet.source,
					router: packet.rest,
					destination: about.destination,
				});
			return;
		}
		if (about.kind === "udp") {
			const isServers =
				this.datagrams.isFree(about.sourcePort) &&
				!this.handDriven.has(about.sourcePort);
			if (isTooLong(packet) && isServers) this.learnMtu();
			else this.datagrams.receiveError(packet, about);
		}
		if (about.kind !== "tcp") return;
		const socket = this.find(
			about.sourcePort,
			about.destination,
			about.destinationPort,
			about.source,
		);
		if (socket === undefined) return;
		if (isTooLong(packet) && hasSent(socket, about.seq)) this.learnMtu();
		else onIcmpError(socket, packet, about.seq);
	}

	/** Its kernel cuts what it sends there from now on, other connections' as well (`tcp_v4_mtu_reduced`, `ipv4_sk_update_pmtu`). */
	private learnMtu(): void {
		this.doesNotKnow(
			"a host that learns of a smaller MTU on its path is not modelled",
		);
	}

	/** Did it send the packet itself? What is not its own word, it does not heed (`tcp_v4_err`, `__udp4_lib_err`). */
	private hasSocketOf(about: Packet): boolean {
		switch (about.kind) {
			case "tcp": {
				const { sourcePort, destination, destinationPort, source } = about;
				return (
					this.find(sourcePort, destination, destinationPort, source) !==
					undefined
				);
			}
			case "udp":
				return !this.handDriven.has(about.sourcePort);
			case "icmp":
				return about.type === ICMP_ECHOREPLY;
			default:
				return false;
		}
	}

	private receiveUdp(packet: UdpPacket): void {
		if (this.handDriven.has(packet.destinationPort)) {
			this.readDatagram(packet);
			return;
		}
		if (this.held?.has("udp", packet.destinationPort) === false) return;
		if (this.datagrams.receive(packet) || this.takesDatagram(packet)) return;
		this.transmit(
			icmpError(packet, {
				type: ICMP_DEST_UNREACH,
				code: ICMP_PORT_UNREACH,
				from: packet.destination,
			}),
		);
	}

	private isAt(address: number): boolean {
		return this.address === address || this.address === INADDR_ANY;
	}

	private tableOf(localAddress: number): Sockets | undefined {
		return localAddress === this.address
			? this.sockets
			: this.socketsAt.get(localAddress);
	}

	private add(user: SocketUser, address: SocketAddress): TcpSocket {
		const socket = new TcpSocket(this, user, address);
		const { localAddress, localPort, remoteAddress, remotePort } = socket;
		let remotes = this.tableOf(localAddress);
		if (remotes === undefined) {
			remotes = new Map();
			this.socketsAt.set(localAddress, remotes);
		}
		let sockets = remotes.get(remoteAddress);
		if (sockets === undefined) {
			sockets = new Map();
			remotes.set(remoteAddress, sockets);
		}
		sockets.set((localPort << 16) | remotePort, socket);
		this.count++;
		this.held?.hold("tcp", localPort);
		return socket;
	}

	private allSockets(): TcpSocket[] {
		return [this.sockets, ...this.socketsAt.values()].flatMap((remotes) =>
			[...remotes.values()].flatMap((some) => [...some.values()]),
		);
	}
}

/**
 * By remote address, and then by both ports in one number: numbers of 32 bits are the only ones
 * that a Map is fast with (it hashes others badly).
 */
type Sockets = Map<number, Map<number, TcpSocket>>;

/**
 * What a router's complaint does to a socket (`tcp_v4_err`, net/ipv4/tcp_ipv4.c, 6.1): while
 * connecting it ends the attempt, later it is advice at most.
 */
function onIcmpError(socket: TcpSocket, packet: IcmpPacket, seq: number): void {
	const { type, code } = packet;
	const isUnreachable = type === ICMP_DEST_UNREACH;
	const isError =
		isUnreachable || type === ICMP_TIME_EXCEEDED || type === ICMP_PARAMETERPROB;
	if (!isError || isTooLong(packet)) return;
	const isPathCut = isUnreachable && code <= 1;
	if (socket.state === "syn-received") {
		const isFatal = !isUnreachable || isPathCut;
		if (isFatal && seq === socket.iss) socket.end("unreachable");
		return;
	}
	if (!hasSent(socket, seq)) return;
	const offset = (seq - socket.sendUnacknowledged) | 0;
	if (socket.state === "syn-sent") socket.end("unreachable");
	else if (isPathCut && offset === 0) socket.revertBackoff();
}

function isTooLong({ type, code }: IcmpPacket): boolean {
	return type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED;
}

/** Is the segment among those that are not acknowledged? */
function hasSent(
	{ sendUnacknowledged, sendNext }: TcpSocket,
	seq: number,
): boolean {
	const offset = (seq - sendUnacknowledged) | 0;
	return offset >= 0 && offset <= ((sendNext - sendUnacknowledged) | 0);
}
