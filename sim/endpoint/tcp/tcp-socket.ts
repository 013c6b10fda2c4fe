/**
 * One end of a TCP connection: what it is, what it sends and how often. What arrives is handled in
 * `tcp-receive.ts`. It behaves as a Linux 6.1 socket does where that shows on the wire, with these
 * simplifications: no congestion window, no fast retransmission, a probe for a lost tail repeats the oldest
 * segment instead of the last, and an ACK is sent at once unless the application answers at once (Linux
 * may delay it up to 40 ms).
 */
import { Alarm, type Clock } from "../../clock/clock.ts";
import { unreachable } from "../../invariant.ts";
import {
	ACK,
	FIN,
	PSH,
	RST,
	SYN,
	type TcpPacket,
} from "../../packet/packet.ts";
import { before } from "../../packet/sequence.ts";
import {
	initialSequence,
	type SocketAddress,
	SYN_WINDOW,
	segment,
	segmentSizeTo,
} from "./tcp-segment.ts";
import {
	FALLBACK_RTO_MS,
	FIN_WAIT_2_MS,
	GIVE_UP_MS,
	GIVE_UP_ORPHAN_MS,
	INITIAL_RTO_MS,
	MAX_RTO_MS,
	MIN_RTO_MS,
	SYN_ACK_RETRIES,
	SYN_RETRIES,
	TIME_WAIT_MS,
	WINDOW_PROBES,
	WINDOW_PROBES_ORPHAN,
} from "./tcp-timing.ts";

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

/** A segment that was sent and takes up sequence numbers, until it is acknowledged. */
interface Sent {
	readonly seq: number;
	readonly end: number;
	readonly flags: number;
	readonly payload: string;
	sentMs: number;
	resent: boolean;
	/** What was sent behind it. */
	next: Sent | null;
}

/** Of sockets that no application holds any more. */
const NO_USER: SocketUser = {
	hasRoom: () => true,
	onConnected() {},
	onData() {},
	onPeerClosed() {},
	onEnd() {},
};

/** Shared by all that never had to, which are nearly all. */
const NEVER: number[] = [];
/** Shared by all to which nothing came too early. */
const NOTHING_EARLY: TcpPacket[] = [];

/** What a socket waits for: for one thing at a time. */
type Awaited =
	/** An acknowledgement. */
	| "acknowledgement"
	/** A window that has room. */
	| "window"
	/** The other side's FIN. */
	| "fin"
	/** Stragglers, in TIME_WAIT. */
	| "stragglers";

export class TcpSocket implements SocketAddress {
	readonly host: SocketHost;
	/** In TIME_WAIT the kernel alone has it: it lasts a minute, and what was said is not kept for it. */
	user: SocketUser;
	readonly localAddress: number;
	readonly localPort: number;
	readonly remoteAddress: number;
	readonly remotePort: number;
	state: TcpState = "closed";
	/** Initial sequence numbers: ours and theirs. */
	iss = 0;
	irs = 0;
	sendUnacknowledged = 0;
	sendNext = 0;
	sendWindow = SYN_WINDOW;
	sendScale = 0;
	segmentSize = 0;
	receiveNext = 0;
	/** The process has closed it: nobody will read what still comes. */
	isOrphan = false;
	/** Segments that came before their turn. */
	early: TcpPacket[] = NOTHING_EARLY;
	/** Retransmissions since something was acknowledged last. */
	retries = 0;
	/** SYNs sent, retransmissions included. */
	syns = 0;
	/** When a segment was sent once more. */
	retransmittedMs: number[] = NEVER;
	private oldest: Sent | null = null;
	private newest: Sent | null = null;
	/** What the window has no room for. */
	private pending = "";
	private isFinPending = false;
	private acknowledged = 0;
	private estimateMs: number | null = null;
	/** Each doubles the time until the next retransmission, until the path is measured again. */
	private backoff = 0;
	private firstRetryMs = 0;
	/** For a window, since there was none. */
	private probes = 0;
	private awaited: Awaited = "acknowledgement";
	private readonly alarm = new Alarm(this);

	constructor(host: SocketHost, user: SocketUser, address: SocketAddress) {
		this.host = host;
		this.user = user;
		this.localAddress = address.localAddress;
		this.localPort = address.localPort;
		this.remoteAddress = address.remoteAddress;
		this.remotePort = address.remotePort;
	}

	/** Connects: sends the SYN. */
	open(): void {
		this.start(initialSequence(this, this.host.clock.nowMs));
		this.state = "syn-sent";
		this.queue(SYN, "");
	}

	/**
	 * Answers a SYN.
	 * @param iss when it takes the place of a connection in TIME_WAIT, what follows from that one
	 */
	answer(syn: TcpPacket, iss: number | null): void {
		this.start(iss ?? initialSequence(this, this.host.clock.nowMs));
		this.irs = syn.seq;
		this.receiveNext = (syn.seq + 1) | 0;
		this.hear(syn);
		this.sendWindow = syn.window;
		this.state = "syn-received";
		this.queue(SYN | ACK, "");
	}

	/** The other side's SYN, or SYN/ACK, names what it takes. */
	hear({ options }: TcpPacket): void {
		this.sendScale = options.windowScale ?? 0;
		this.segmentSize = segmentSizeTo(options);
	}

	/** Says something, as soon as the window has room for it. */
	send(text: string): void {
		this.pending += text;
		this.flush();
	}

	/** The process closes the socket: a FIN follows what was said. */
	close(): void {
		this.isOrphan = true;
		switch (this.state) {
			case "syn-sent":
				this.forget();
				return;
			case "syn-received":
			case "established":
				this.state = "fin-wait-1";
				break;
			case "close-wait":
				this.state = "last-ack";
				break;
			default:
				return;
		}
		this.isFinPending = true;
		this.flush();
	}

	/** Closes with a RST (`tcp_send_active_reset`), as the kernel does when data was left unread. */
	abort(): void {
		if (this.state === "closed") return;
		const isSilent = this.state === "syn-sent" || this.state === "time-wait";
		if (!isSilent) this.transmit(RST | ACK, this.sendNext, "");
		this.forget();
	}

	/** Nothing is left of it, and nobody is told. */
	forget(): void {
		this.host.clock.cancel(this.alarm);
		this.state = "closed";
		this.oldest = null;
		this.newest = null;
		this.host.release(this);
		this.user.onGone?.(this);
	}

	/** Nothing is left of it, and the application learns why. */
	end(how: SocketEnd): void {
		this.forget();
		this.user.onEnd(this, how);
	}

	/** A bare ACK: of what came, or as a challenge to what does not fit (RFC 5961). */
	acknowledge(): void {
		this.transmit(ACK, this.sendNext, "");
	}

	/** Acknowledges what came, unless something that was sent meanwhile did. */
	acknowledgeIfOwed(): void {
		if (this.acknowledged !== this.receiveNext) this.acknowledge();
	}

	/** Everything that was said, and the FIN, has arrived. */
	get isAllAcknowledged(): boolean {
		return this.oldest === null && this.pending === "" && !this.isFinPending;
	}

	/** Sends the oldest segment once more, now. */
	resendOldest(): void {
		const { oldest } = this;
		if (oldest === null) return;
		oldest.sentMs = this.host.clock.nowMs;
		oldest.resent = true;
		if (this.retransmittedMs === NEVER) this.retransmittedMs = [];
		this.retransmittedMs.push(oldest.sentMs);
		this.transmit(oldest.flags, oldest.seq, oldest.payload);
	}

	/** A segment has come before its turn. */
	keepEarly(packet: TcpPacket): void {
		if (this.early === NOTHING_EARLY) this.early = [];
		this.early.push(packet);
	}

	/** Takes what the other side acknowledges off the queue; sends what there is room for now. */
	onAcknowledged(ack: number): void {
		this.sendUnacknowledged = ack;
		let isHole = false;
		while (this.oldest !== null && !before(ack, this.oldest.end)) {
			const done: Sent = this.oldest;
			this.oldest = done.next;
			if (done.resent) isHole = true;
			else this.estimateMs ??= this.host.clock.nowMs - done.sentMs;
			// The acknowledgement of what was sent twice measures nothing (Karn).
			if (!done.resent || done.flags & SYN) this.backoff = 0;
		}
		if (this.oldest === null) this.newest = null;
		this.retries = 0;
		this.stopTimer();
		// What was lost once was probably lost together with what followed it.
		if (isHole && this.oldest !== null) this.resendOldest();
		this.flush();
		this.armRetransmission();
	}

	/** Sends the SYN again after this time instead of the usual one. */
	retransmitSoon(delayMs: number): void {
		this.wait("acknowledgement", delayMs);
	}

	/** An ICMP error says that the path is cut: back-off is taken back by a step (`tcp_ld_RTO_revert`, RFC 6069). */
	revertBackoff(): void {
		const { oldest } = this;
		if (oldest === null || this.retries === 0 || this.backoff === 0) return;
		this.backoff--;
		const waitedMs = this.host.clock.nowMs - oldest.sentMs;
		const remainingMs = this.timeoutMs - waitedMs;
		this.stopTimer();
		if (remainingMs <= 0) this.onRetransmission();
		else this.wait("acknowledgement", remainingMs);
	}

	/** Both sides have closed and this one did first: it waits for stragglers. */
	enterTimeWait(): void {
		this.state = "time-wait";
		this.early = NOTHING_EARLY;
		this.stayInTimeWait();
		const { user } = this;
		this.user = NO_USER;
		user.onEnd(this, "closed");
	}

	/** TIME_WAIT, from its beginning. */
	stayInTimeWait(): void {
		this.wait("stragglers", TIME_WAIT_MS, true);
	}

	/** An orphan does not wait for ever for the other side's FIN. */
	enterFinWait2(): void {
		this.state = "fin-wait-2";
		this.wait("fin", FIN_WAIT_2_MS, true);
	}

	/** It has waited long enough. */
	fire(): void {
		switch (this.awaited) {
			case "acknowledgement":
				this.onRetransmission();
				return;
			case "window":
				this.onProbe();
				return;
			case "fin":
				this.end("closed");
				return;
			case "stragglers":
				this.forget();
				return;
			default:
				unreachable(this.awaited);
		}
	}

	private wait(awaited: Awaited, delayMs: number, background = false): void {
		this.awaited = awaited;
		this.host.clock.set(this.alarm, delayMs, background);
	}

	private start(iss: number): void {
		this.iss = iss;
		this.sendUnacknowledged = iss;
		this.sendNext = iss;
	}

	/** The other side has said how much room there is, and acknowledged nothing. */
	onWindow(): void {
		if (this.pending === "" || this.oldest !== null || this.sendWindow === 0)
			return;
		this.probes = 0;
		this.stopTimer();
		this.flush();
	}

	/** Nothing is on its way, and the window has no room: asks for one from time to time (`tcp_probe_timer`). */
	private armProbe(): void {
		if (this.alarm.isSet || this.oldest !== null) return;
		const estimateMs = this.estimateMs ?? INITIAL_RTO_MS;
		const rtoMs = estimateMs + Math.max(MIN_RTO_MS, 2 * estimateMs);
		const waitMs = Math.min(MAX_RTO_MS, rtoMs * 2 ** this.probes);
		this.wait("window", waitMs);
	}

	private onProbe(): void {
		const most = this.isOrphan ? WINDOW_PROBES_ORPHAN : WINDOW_PROBES;
		if (this.probes >= most) {
			this.end("timeout");
			return;
		}
		this.probes++;
		// An octet that was acknowledged already, so the other side answers (`tcp_xmit_probe_skb`).
		this.transmit(ACK, (this.sendUnacknowledged - 1) | 0, "");
		this.armProbe();
	}

	/** Sends as much of what waits as the window lets through. */
	private flush(): void {
		while (this.pending !== "") {
			const inFlight = (this.sendNext - this.sendUnacknowledged) | 0;
			const room = Math.min(this.segmentSize, this.sendWindow - inFlight);
			if (room <= 0) {
				this.armProbe();
				return;
			}
			const payload = this.pending.slice(0, room);
			this.pending = this.pending.slice(room);
			this.queue(this.pending === "" ? ACK | PSH : ACK, payload);
		}
		if (!this.isFinPending) return;
		this.isFinPending = false;
		this.queue(FIN | ACK, "");
	}

	private queue(flags: number, payload: string): void {
		const seq = this.sendNext;
		const length = payload.length + ((flags >> 1) & 1) + (flags & FIN);
		const end = (seq + length) | 0;
		const sentMs = this.host.clock.nowMs;
		const resent = false;
		const sent: Sent = { seq, end, flags, payload, sentMs, resent, next: null };
		if (this.newest === null) this.oldest = sent;
		else this.newest.next = sent;
		this.newest = sent;
		this.sendNext = end;
		this.transmit(flags, seq, payload);
		this.armRetransmission();
	}

	private transmit(flags: number, seq: number, payload: string): void {
		if (flags & SYN) this.syns++;
		const hasAck = (flags & ACK) !== 0;
		if (hasAck) this.acknowledged = this.receiveNext;
		const ack = hasAck ? this.receiveNext : 0;
		this.host.transmit(segment(this, { flags, seq, ack, payload }));
	}

	private get isConnecting(): boolean {
		return this.state === "syn-sent" || this.state === "syn-received";
	}

	/**
	 * Until the oldest segment is sent again. Estimate as `tcp_rtt_estimator` makes it of its first
	 * measurement; later ones are not taken. Once the connection stands, the first retransmission is a probe,
	 * which is no sign of congestion (`tcp_schedule_loss_probe`, net/ipv4/tcp_output.c, 6.1).
	 */
	private get timeoutMs(): number {
		const { estimateMs } = this;
		if (this.isConnecting) return this.backedOff(INITIAL_RTO_MS);
		const isProbe = this.retries === 0;
		if (estimateMs === null)
			return isProbe ? INITIAL_RTO_MS : this.backedOff(FALLBACK_RTO_MS);
		const rtoMs = this.backedOff(
			estimateMs + Math.max(MIN_RTO_MS, 2 * estimateMs),
		);
		return isProbe ? Math.min(rtoMs, 2 * estimateMs + MIN_RTO_MS) : rtoMs;
	}

	private backedOff(timeoutMs: number): number {
		return Math.min(MAX_RTO_MS, timeoutMs * 2 ** this.backoff);
	}

	private armRetransmission(): void {
		if (this.alarm.isSet || this.oldest === null) return;
		this.wait("acknowledgement", this.timeoutMs);
	}

	private stopTimer(): void {
		this.host.clock.stop(this.alarm);
	}

	private onRetransmission(): void {
		if (this.isHopeless()) {
			this.end("timeout");
			return;
		}
		if (this.retries === 1) this.firstRetryMs = this.host.clock.nowMs;
		if (this.retries > 0 || this.isConnecting) this.backoff++;
		this.retries++;
		this.resendOldest();
		this.armRetransmission();
	}

	/** `tcp_write_timeout`, net/ipv4/tcp_timer.c, and `reqsk_timer_handler` for SYN_RECV (6.1). */
	private isHopeless(): boolean {
		if (this.state === "syn-sent") return this.retries >= SYN_RETRIES;
		if (this.state === "syn-received") return this.retries >= SYN_ACK_RETRIES;
		if (this.retries < 2) return false;
		const triedMs = this.host.clock.nowMs - this.firstRetryMs;
		return triedMs >= (this.isOrphan ? GIVE_UP_ORPHAN_MS : GIVE_UP_MS);
	}
}
