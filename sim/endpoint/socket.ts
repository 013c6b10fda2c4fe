/**
 * What surrounds one end of a TCP connection: the application that holds it and the host it lives on.
 */
import type { Clock } from "../clock/clock.ts";
import type { TcpPacket } from "../packet/packet.ts";
import type { TcpSocket } from "./tcp-socket.ts";

export type TcpState =
	| "syn-sent"
	| "syn-received"
	| "established"
	| "fin-wait-1"
	| "fin-wait-2"
	| "close-wait"
	| "closing"
	| "last-ack"
	| "time-wait"
	| "closed";

/**
 * How a connection ended for its application. `closed`: FINs both ways. `refused`: RST on the SYN.
 * `unreachable`: ICMP error on the SYN. `timeout`: retransmitted in vain. `reset`: RST later.
 */
export type SocketEnd =
	| "closed"
	| "refused"
	| "unreachable"
	| "timeout"
	| "reset";

/** The application that holds the socket. */
export interface SocketUser {
	/** Is there room for one more connection? If not, the ACK that would have made it is as good as lost. */
	hasRoom(): boolean;
	onConnected(socket: TcpSocket): void;
	onData(socket: TcpSocket, payload: string): void;
	/** The other side will say no more. */
	onPeerClosed(socket: TcpSocket): void;
	/** Called once, unless the host itself was lost. */
	onEnd(socket: TcpSocket, how: SocketEnd): void;
	/** The host has forgotten it: nothing comes any more but, perhaps, `onEnd`. */
	onGone?(socket: TcpSocket): void;
}

/** The host that the socket lives on. */
export interface SocketHost {
	readonly clock: Clock;
	transmit(packet: TcpPacket): void;
	/** The socket is gone: its ports are free. */
	release(socket: TcpSocket): void;
}
