/**
 * What a socket makes of a segment that arrives: the order of checks is that of the 6.1 kernel
 * (net/ipv4/tcp_input.c and tcp_minisocks.c), since routers that translate wrongly are found out by
 * exactly these checks.
 */
import { ACK, FIN, RST, SYN, type TcpPacket } from "../../packet/packet.ts";
import { after } from "../../packet/sequence.ts";
import { resetFor, sequenceLength } from "../../packet/tcp-reset.ts";
import { RECEIVE_WINDOW } from "./tcp-segment.ts";
import type { TcpSocket } from "./tcp-socket.ts";
import { SOON_MS } from "./tcp-timing.ts";

/**
 * Gives a segment to the socket that it belongs to. TIME_WAIT is not among the states here: who
 * listens has a say in that (`host.ts`).
 */
export function receiveSegment(socket: TcpSocket, packet: TcpPacket): void {
	if (socket.state === "syn-sent") receiveInSynSent(socket, packet);
	else if (socket.state === "syn-received")
		receiveInSynReceived(socket, packet);
	else receiveSynchronized(socket, packet);
}

function answerReset(socket: TcpSocket, packet: TcpPacket): void {
	const reset = resetFor(packet);
	if (reset !== null) socket.host.transmit(reset);
}

/** `tcp_rcv_synsent_state_process`. A SYN that crosses ours (simultaneous open) is dropped. */
function receiveInSynSent(socket: TcpSocket, packet: TcpPacket): void {
	const { flags, ack } = packet;
	if ((flags & ACK) === 0) return;
	if (!after(ack, socket.iss) || after(ack, socket.sendNext)) {
		// An old connection with the same ports is still alive over there: our RST ends it.
		if (socket.retries === 0) socket.retransmitSoon(SOON_MS);
		answerReset(socket, packet);
		return;
	}
	if (flags & RST) {
		socket.end("refused");
		return;
	}
	if ((flags & SYN) === 0) return;
	socket.irs = packet.seq;
	socket.receiveNext = (packet.seq + 1) | 0;
	socket.hear(packet);
	socket.sendWindow = packet.window;
	socket.state = "established";
	socket.onAcknowledged(ack);
	socket.user.onConnected(socket);
	socket.acknowledgeIfOwed();
}

/** `tcp_check_req`: what becomes of a connection that was answered and not yet confirmed. */
function receiveInSynReceived(socket: TcpSocket, packet: TcpPacket): void {
	const { flags, seq } = packet;
	if ((flags & (SYN | ACK | RST)) === SYN && seq === socket.irs) {
		socket.resendOldest();
		return;
	}
	if (flags & ACK && packet.ack !== socket.sendNext) {
		answerReset(socket, packet);
		return;
	}
	if (!isInWindow(socket, packet)) {
		if ((flags & RST) === 0) socket.acknowledge();
		return;
	}
	if (flags & (RST | SYN)) {
		answerReset(socket, packet);
		socket.end("reset");
		return;
	}
	if ((flags & ACK) === 0 || !socket.user.hasRoom()) return;
	socket.state = "established";
	socket.sendWindow = packet.window << socket.sendScale;
	socket.onAcknowledged(packet.ack);
	socket.user.onConnected(socket);
	takeText(socket, packet);
}

/** `tcp_sequence`: does anything of the segment fall where something is expected? */
function isInWindow(socket: TcpSocket, packet: TcpPacket): boolean {
	const end = (packet.seq + sequenceLength(packet)) | 0;
	const windowEnd = (socket.receiveNext + RECEIVE_WINDOW) | 0;
	return !after(socket.receiveNext, end) && !after(packet.seq, windowEnd);
}

/** `tcp_reset_check`: once their FIN has come, a RST may stand where the FIN stood. */
function isResetAfterFin(socket: TcpSocket, packet: TcpPacket): boolean {
	const { state } = socket;
	const isFinSeen =
		state === "close-wait" || state === "last-ack" || state === "closing";
	return isFinSeen && packet.seq === ((socket.receiveNext - 1) | 0);
}

/** `tcp_validate_incoming`: false when the segment has been dealt with. */
function isValid(socket: TcpSocket, packet: TcpPacket): boolean {
	const { flags } = packet;
	const inWindow = isInWindow(socket, packet);
	if (flags & RST) {
		const isExact = inWindow && packet.seq === socket.receiveNext;
		if (isExact || isResetAfterFin(socket, packet)) socket.end("reset");
		else if (inWindow) socket.acknowledge();
		return false;
	}
	if (inWindow && (flags & SYN) === 0) return true;
	const isNewer = !after(socket.receiveNext, packet.seq);
	if (inWindow && isNewer && socket.state === "fin-wait-2") {
		// By then only a stub is left of the socket (`tcp_timewait_state_process`).
		answerReset(socket, packet);
		socket.end("reset");
	} else socket.acknowledge();
	return false;
}

/** `tcp_rcv_state_process` and `tcp_rcv_established`, from the check of the ACK on. */
function receiveSynchronized(socket: TcpSocket, packet: TcpPacket): void {
	const { flags, ack } = packet;
	if ((flags & (ACK | RST | SYN)) === 0) return;
	if (!isValid(socket, packet)) return;
	// RFC 9293 has every segment from here on carry an ACK; the kernel drops what does not.
	if ((flags & ACK) === 0) return;
	if (after(ack, socket.sendNext)) {
		if (socket.state !== "established") socket.acknowledge();
		return;
	}
	if (!after(socket.sendUnacknowledged, ack))
		socket.sendWindow = packet.window << socket.sendScale;
	if (after(ack, socket.sendUnacknowledged)) socket.onAcknowledged(ack);
	else socket.onWindow();
	if (socket.isAllAcknowledged) {
		if (socket.state === "fin-wait-1") socket.enterFinWait2();
		else if (socket.state === "closing") {
			socket.enterTimeWait();
			return;
		} else if (socket.state === "last-ack") {
			socket.end("closed");
			return;
		}
	}
	takeText(socket, packet);
}

/** Payload and FIN, in their turn. */
function takeText(socket: TcpSocket, packet: TcpPacket): void {
	const length = packet.payload.length + (packet.flags & FIN);
	if (length === 0) return;
	if (after(packet.seq, socket.receiveNext)) {
		socket.keepEarly(packet);
		socket.acknowledge();
		return;
	}
	if (!takeInOrder(socket, packet)) return;
	while (socket.early.length > 0) {
		const next = socket.early.findIndex(
			(early) => !after(early.seq, socket.receiveNext),
		);
		const [early] = next < 0 ? [] : socket.early.splice(next, 1);
		if (early === undefined || !takeInOrder(socket, early)) break;
	}
	if (socket.state !== "closed") socket.acknowledgeIfOwed();
}

/** Returns false when there is nothing more to be done about the segment or the socket. */
function takeInOrder(socket: TcpSocket, packet: TcpPacket): boolean {
	const known = (socket.receiveNext - packet.seq) | 0;
	const hasFin = (packet.flags & FIN) !== 0;
	const fresh = packet.payload.length - known;
	if (fresh < 0 || (fresh === 0 && !hasFin)) {
		// A duplicate: the ACK was lost, or the segment went round in circles.
		socket.acknowledge();
		return false;
	}
	if (fresh > 0) {
		// Nobody is there to read it (RFC 1122: a reset tells the other side so).
		if (socket.isOrphan) {
			answerReset(socket, packet);
			socket.end("reset");
			return false;
		}
		socket.receiveNext = (socket.receiveNext + fresh) | 0;
		socket.user.onData(
			socket,
			known === 0 ? packet.payload : packet.payload.slice(known),
		);
	}
	if (hasFin && socket.state !== "closed") takeFin(socket);
	return socket.state !== "closed";
}

function takeFin(socket: TcpSocket): void {
	switch (socket.state) {
		case "established":
			socket.receiveNext = (socket.receiveNext + 1) | 0;
			socket.state = "close-wait";
			socket.user.onPeerClosed(socket);
			return;
		case "fin-wait-1":
			socket.receiveNext = (socket.receiveNext + 1) | 0;
			socket.state = "closing";
			return;
		case "fin-wait-2":
			socket.receiveNext = (socket.receiveNext + 1) | 0;
			socket.enterTimeWait();
			socket.acknowledge();
			return;
	}
}
