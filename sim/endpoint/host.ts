/**
 * A host with one address: its sockets, and what its kernel answers when a packet belongs to none of
 * them.
 */
import type { Clock } from "../clock/clock.ts";
import {
	ICMP_DEST_UNREACH,
	ICMP_ECHO,
	ICMP_FRAG_NEEDED,
	ICMP_PARAMETERPROB,
	ICMP_PORT_UNREACH,
	ICMP_TIME_EXCEEDED,
} from "../kernel.ts";
import { icmpEcho, icmpError } from "../packet/build.ts";
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
import { after } from "../packet/sequence.ts";
import { resetFor, sequenceLength } from "../packet/tcp-reset.ts";
import { receiveSegment } from "./tcp/tcp-receive.ts";
import { segment } from "./tcp/tcp-segment.ts";
import type { SocketHost, SocketUser } from "./tcp/tcp-socket.ts";
import { TcpSocket } from "./tcp/tcp-socket.ts";
import type { DatagramHost } from "./udp/udp-flow.ts";
import { UdpSockets } from "./udp/udp-sockets.ts";

/**
 * Whoever listens on a port. It says who takes the connection that a SYN asks for; `null` drops the
 * SYN without a word.
 */
export type Listener = (syn: TcpPacket) => SocketUser | null;

export class Host implements SocketHost, DatagramHost {
	readonly address: number;
	readonly clock: Clock;
	private readonly output: (packet: Packet) => void;
	private readonly listeners = new Map<number, Listener>();
	/**
	 * By remote address, and then by both ports in one number: numbers of 32 bits are the only ones
	 * that a Map is fast with (it hashes others badly).
	 */
	private readonly remotes = new Map<number, Map<number, TcpSocket>>();
	private sockets = 0;
	/** Local ports that somebody drives by hand: the host does not answer for them. */
	private readonly handDriven = new Set<number>();

	/** Sockets of UDP that its programs have connected. */
	readonly datagrams = new UdpSockets();

	/** Does a program that serves take the datagram? Else the host says that its port is closed. */
	takesDatagram: (packet: UdpPacket) => boolean = () => false;

	/** What happens now is not modelled, and why. */
	doesNotKnow: (reason: string) => void = () => {};

	/** @param output puts a packet on the host's link */
	constructor(address: number, clock: Clock, output: (packet: Packet) => void) {
		this.address = address;
		this.clock = clock;
		this.output = output;
	}

	/** From now on, SYNs to the port are shown to the listener. */
	listen(port: number, listener: Listener): void {
		this.listeners.set(port, listener);
	}

	/** SYNs to the port are refused from now on, and handshakes that are not over are forgotten. */
	stopListening(port: number): void {
		this.listeners.delete(port);
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
		return this.sockets;
	}

	/** The socket of a connection from or to this host. */
	find(
		localPort: number,
		remoteAddress: number,
		remotePort: number,
	): TcpSocket | undefined {
		return this.remotes.get(remoteAddress)?.get((localPort << 16) | remotePort);
	}

	/** Opens a connection. A socket that has the same ports already is forgotten, as by a host that was started anew. */
	connect(
		to: { readonly address: number; readonly port: number },
		localPort: number,
		user: SocketUser,
	): TcpSocket {
		this.find(localPort, to.address, to.port)?.forget();
		const socket = this.add(user, localPort, to.address, to.port);
		socket.open();
		return socket;
	}

	/** The host is gone, and what it knew with it. */
	loseEverything(): void {
		for (const socket of this.allSockets()) socket.forget();
		this.listeners.clear();
	}

	transmit(packet: Packet): void {
		this.output(packet);
	}

	release(socket: TcpSocket): void {
		const ports = (socket.localPort << 16) | socket.remotePort;
		const sockets = this.remotes.get(socket.remoteAddress);
		if (sockets === undefined || sockets.get(ports) !== socket) return;
		sockets.delete(ports);
		this.sockets--;
	}

	/** A packet arrives. One for another address is dropped, as a host that is no router does. */
	receive(packet: Packet): void {
		if (packet.destination !== this.address) return;
		if (packet.kind === "tcp") this.receiveTcp(packet);
		else if (packet.kind === "icmp") this.receiveIcmp(packet);
		else if (packet.kind === "udp") this.receiveUdp(packet);
	}

	private receiveTcp(packet: TcpPacket): void {
		const { destinationPort, source, sourcePort } = packet;
		if (this.handDriven.has(destinationPort)) return;
		const socket = this.find(destinationPort, source, sourcePort);
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
		this.add(
			user,
			packet.destinationPort,
			packet.source,
			packet.sourcePort,
		).answer(packet, iss);
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
		if (about === null || about.source !== this.address) return;
		if (about.kind === "udp") this.datagrams.receiveError(packet, about);
		if (about.kind !== "tcp") return;
		const socket = this.find(
			about.sourcePort,
			about.destination,
			about.destinationPort,
		);
		if (socket !== undefined) onIcmpError(socket, packet, about.seq);
	}

	private receiveUdp(packet: UdpPacket): void {
		if (this.handDriven.has(packet.destinationPort)) return;
		if (this.datagrams.receive(packet) || this.takesDatagram(packet)) return;
		this.transmit(
			icmpError(packet, {
				type: ICMP_DEST_UNREACH,
				code: ICMP_PORT_UNREACH,
				from: this.address,
			}),
		);
	}

	private add(
		user: SocketUser,
		localPort: number,
		remoteAddress: number,
		remotePort: number,
	): TcpSocket {
		const socket = new TcpSocket(this, user, {
			localAddress: this.address,
			localPort,
			remoteAddress,
			remotePort,
		});
		let sockets = this.remotes.get(remoteAddress);
		if (sockets === undefined) {
			sockets = new Map();
			this.remotes.set(remoteAddress, sockets);
		}
		sockets.set((localPort << 16) | remotePort, socket);
		this.sockets++;
		return socket;
	}

	private allSockets(): TcpSocket[] {
		return [...this.remotes.values()].flatMap((some) => [...some.values()]);
	}
}

/**
 * What a router's complaint does to a socket (`tcp_v4_err`, net/ipv4/tcp_ipv4.c, 6.1): while
 * connecting it ends the attempt, later it is advice at most. The MTU of a path is not modelled.
 */
function onIcmpError(socket: TcpSocket, packet: IcmpPacket, seq: number): void {
	const { type, code } = packet;
	const isUnreachable = type === ICMP_DEST_UNREACH;
	const isError =
		isUnreachable || type === ICMP_TIME_EXCEEDED || type === ICMP_PARAMETERPROB;
	if (!isError || (isUnreachable && code === ICMP_FRAG_NEEDED)) return;
	const isPathCut = isUnreachable && code <= 1;
	if (socket.state === "syn-received") {
		const isFatal = !isUnreachable || isPathCut;
		if (isFatal && seq === socket.iss) socket.end("unreachable");
		return;
	}
	const offset = (seq - socket.sendUnacknowledged) | 0;
	if (
		offset < 0 ||
		offset > ((socket.sendNext - socket.sendUnacknowledged) | 0)
	)
		return;
	if (socket.state === "syn-sent") socket.end("unreachable");
	else if (isPathCut && offset === 0) socket.revertBackoff();
}
