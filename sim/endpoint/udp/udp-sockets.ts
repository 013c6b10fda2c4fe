/** The UDP sockets of a host that programs have connected, and what its kernel tells them. */
import {
	ICMP_DEST_UNREACH,
	ICMP_FRAG_NEEDED,
	ICMP_PARAMETERPROB,
	ICMP_PORT_UNREACH,
	ICMP_TIME_EXCEEDED,
} from "../../kernel.ts";
import type { IcmpPacket, UdpPacket } from "../../packet/packet.ts";
import type { HeldPorts } from "../ports/held-ports.ts";
import type { DatagramPath } from "./datagram.ts";

/** How an ICMP error reads to a program. */
export type DatagramError =
	| "refused"
	| "unreachable"
	/** Longer than the path takes: the kernel of the host fragments what is sent from now on. */
	| "too-long";

/** The program that has a socket. */
export interface DatagramUser {
	onDatagram(packet: UdpPacket): void;
	onError(error: DatagramError): void;
	/** Another program has taken its port, or the host is gone: so is the program. */
	onReplaced(): void;
}

interface Connected {
	readonly path: DatagramPath;
	readonly user: DatagramUser;
}

/** By local port: no two sockets of a host have the same one (`udp_lib_get_port`, net/ipv4/udp.c, 6.1). */
export class UdpSockets {
	private readonly connected = new Map<number, Connected>();

	/** Of programs of the gateway's own: which ports they have open. */
	held: HeldPorts | null = null;

	get count(): number {
		return this.connected.size;
	}

	isFree(localPort: number): boolean {
		const isOthers = this.held?.isOthers("udp", localPort) === true;
		return !this.connected.has(localPort) && !isOthers;
	}

	open(path: DatagramPath, user: DatagramUser): void {
		const { localPort } = path;
		this.connected.get(localPort)?.user.onReplaced();
		const isNew = !this.connected.has(localPort);
		this.connected.set(localPort, { path, user });
		if (isNew) this.held?.hold("udp", localPort);
	}

	close({ localPort }: DatagramPath, user: DatagramUser): void {
		if (this.connected.get(localPort)?.user !== user) return;
		this.connected.delete(localPort);
		this.held?.letGo("udp", localPort);
	}

	/** The host is gone, and its programs with it. */
	loseAll(): void {
		for (const { path, user } of [...this.connected.values()]) {
			user.onReplaced();
			this.close(path, user);
		}
	}

	/** A connected socket receives from its peer alone (`compute_score`, net/ipv4/udp.c, 6.1). */
	has({ destinationPort, source, sourcePort }: UdpPacket): boolean {
		return this.find(destinationPort, source, sourcePort) !== undefined;
	}

	/** @returns whether a socket takes it */
	receive(packet: UdpPacket): boolean {
		const { destinationPort, source, sourcePort } = packet;
		const socket = this.find(destinationPort, source, sourcePort);
		socket?.user.onDatagram(packet);
		return socket !== undefined;
	}

	/**
	 * `__udp4_lib_err` (net/ipv4/udp.c, 6.1) for a socket with `IP_RECVERR`, as resolvers have it (glibc,
	 * `__res_enable_icmp`): it learns of every error. Without the option it would learn of a closed port alone.
	 */
	receiveError(error: IcmpPacket, about: UdpPacket): void {
		const { sourcePort, destination, destinationPort } = about;
		const socket = this.find(sourcePort, destination, destinationPort);
		const how = meaningOf(error);
		if (socket !== undefined && how !== null) socket.user.onError(how);
	}

	private find(
		localPort: number,
		remoteAddress: number,
		remotePort: number,
	): Connected | undefined {
		const socket = this.connected.get(localPort);
		if (socket === undefined) return undefined;
		const { path } = socket;
		const isPeer =
			path.remoteAddress === remoteAddress && path.remotePort === remotePort;
		return isPeer ? socket : undefined;
	}
}

/** What an ICMP error means to who has sent a datagram; `null`: nothing. */
export function meaningOf({ type, code }: IcmpPacket): DatagramError | null {
	if (type === ICMP_TIME_EXCEEDED || type === ICMP_PARAMETERPROB)
		return "unreachable";
	if (type !== ICMP_DEST_UNREACH) return null;
	if (code === ICMP_FRAG_NEEDED) return "too-long";
	return code === ICMP_PORT_UNREACH ? "refused" : "unreachable";
}
