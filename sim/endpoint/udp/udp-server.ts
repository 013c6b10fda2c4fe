/** A program of a backend that has a UDP port open. */
import type { UdpPacket } from "../../packet/packet.ts";
import { datagram } from "./datagram.ts";
import type { DatagramHost } from "./udp-flow.ts";

/** A host that is told what its programs read. */
interface ServingHost extends DatagramHost {
	readDatagram(packet: UdpPacket): void;
}

/** `echo`: sends back what it gets. `silent`: takes it and says nothing. */
export type UdpProgram = "echo" | "silent";

/** How the backend is that the program runs on. */
export interface ProgramHealth {
	/** There is no process: the kernel answers that the port is closed. */
	readonly isDead: boolean;
	/** It serves the peers that it has served before, and no others. */
	readonly isDraining: boolean;
	/** It reads nothing, so datagrams wait in its socket. */
	readonly isStuck: boolean;
	/** It answers no client. */
	readonly isUnavailable: boolean;
	/** Pause before each answer. */
	readonly delayMs: number;
}

/**
 * Datagrams that a socket holds: `net.core.rmem_default` is 212,992 octets, and a short datagram counts 768 of
 * them, with the buffer that it came in (`__udp_enqueue_schedule_skb`, net/ipv4/udp.c, 6.1).
 */
const MOST_WAITING = Math.ceil(212_992 / 768);

export class UdpServer {
	private readonly host: ServingHost;
	private readonly health: ProgramHealth;
	private readonly program: UdpProgram;
	/** Ports of the peers that it has heard of, by their addresses. */
	private readonly peers = new Map<number, Set<number>>();
	private unread: UdpPacket[] = [];

	constructor(host: ServingHost, health: ProgramHealth, program: UdpProgram) {
		this.host = host;
		this.health = health;
		this.program = program;
	}

	/**
	 * A datagram comes to its port. While it drains, it has a connected socket for each peer and no other any
	 * more, so the kernel refuses new ones.
	 * @returns whether a socket takes it; else the port is closed for it
	 */
	take(packet: UdpPacket): boolean {
		const { isDead, isDraining, isStuck } = this.health;
		if (isDead || (isDraining && !this.hasPeer(packet))) return false;
		this.addPeer(packet);
		if (!isStuck) this.serve(packet);
		else if (this.unread.length < MOST_WAITING) this.unread.push(packet);
		return true;
	}

	/** The process runs again, and reads what has waited. */
	resume(): void {
		if (this.health.isStuck) return;
		const { unread } = this;
		this.unread = [];
		for (const packet of unread) this.serve(packet);
	}

	/** The process is gone, and its sockets with it. */
	die(): void {
		this.unread = [];
		this.peers.clear();
	}

	private serve(packet: UdpPacket): void {
		this.host.readDatagram(packet);
		if (this.program === "silent" || this.health.isUnavailable) return;
		const answer = datagram(
			{
				localAddress: packet.destination,
				localPort: packet.destinationPort,
				remoteAddress: packet.source,
				remotePort: packet.sourcePort,
			},
			packet.payload,
		);
		const { delayMs } = this.health;
		if (delayMs === 0) this.host.transmit(answer);
		else
			this.host.clock.after(delayMs, () => {
				if (!this.health.isDead) this.host.transmit(answer);
			});
	}

	private hasPeer({ source, sourcePort }: UdpPacket): boolean {
		return this.peers.get(source)?.has(sourcePort) ?? false;
	}

	private addPeer({ source, sourcePort }: UdpPacket): void {
		const ports = this.peers.get(source);
		if (ports === undefined) this.peers.set(source, new Set([sourcePort]));
		else ports.add(sourcePort);
	}
}
