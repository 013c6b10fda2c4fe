/**
 * For tests: two hosts and the wire between them, which writes down what passes and loses what it is
 * told to lose.
 */
import { createClock } from "../clock/clock.ts";
import { parseAddress } from "../packet/address.ts";
import { ACK, FIN, type Packet, PSH, RST, SYN } from "../packet/packet.ts";
import { Host } from "./host.ts";
import type { SocketEnd, SocketUser, TcpSocket } from "./tcp/tcp-socket.ts";

export const LEFT = parseAddress("10.0.0.10") ?? 0;
export const RIGHT = parseAddress("10.0.0.1") ?? 0;

/** @param loses which packets never arrive */
export function createWire({ delayMs = 5 } = {}) {
	const clock = createClock();
	/** What was put on the wire: `0 > S`, `10 < SA` … */
	const log: string[] = [];
	const packets: Packet[] = [];
	const wire = {
		clock,
		log,
		packets,
		loses: (_packet: Packet): boolean => false,
		left: new Host(LEFT, clock, (packet) => carry(">", packet)),
		right: new Host(RIGHT, clock, (packet) => carry("<", packet)),
	};
	function carry(direction: ">" | "<", packet: Packet): void {
		log.push(`${clock.nowMs} ${direction} ${describe(packet)}`);
		packets.push(packet);
		if (wire.loses(packet)) return;
		const to = direction === ">" ? wire.right : wire.left;
		clock.after(delayMs, () => to.receive(packet));
	}
	return wire;
}

const LETTERS = [
	[SYN, "S"],
	[FIN, "F"],
	[RST, "R"],
	[PSH, "P"],
	[ACK, "A"],
] as const;

function describe(packet: Packet): string {
	if (packet.kind !== "tcp") return packet.kind;
	const flags = LETTERS.filter(([bit]) => packet.flags & bit);
	const letters = flags.map(([, letter]) => letter).join("");
	return packet.payload === "" ? letters : `${letters} ${packet.payload}`;
}

/** An application that writes down what happens to it, and does what the test tells it to. */
export function createApplication(reactions: Partial<SocketUser> = {}) {
	const told: string[] = [];
	const application: SocketUser & { readonly told: string[] } = {
		told,
		hasRoom: () => true,
		onConnected(socket: TcpSocket) {
			told.push("connected");
			reactions.onConnected?.(socket);
		},
		onData(socket: TcpSocket, payload: string) {
			told.push(payload);
			reactions.onData?.(socket, payload);
		},
		onPeerClosed(socket: TcpSocket) {
			told.push("peer closed");
			reactions.onPeerClosed?.(socket);
		},
		onEnd(_socket: TcpSocket, how: SocketEnd) {
			told.push(how);
		},
	};
	return application;
}
