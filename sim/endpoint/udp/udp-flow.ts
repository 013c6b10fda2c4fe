/** A client's flow of UDP: the requests that it sends from one socket, repeats, and awaits the answers of. */
import type { Clock, Timer } from "../../clock/clock.ts";
import type { Packet, UdpPacket } from "../../packet/packet.ts";
import {
	type DatagramPath,
	datagram,
	requestOf,
	requestPayload,
} from "./datagram.ts";
import type { DatagramError, DatagramUser, UdpSockets } from "./udp-sockets.ts";

/** Of a host, what a flow needs. */
export interface DatagramHost {
	readonly address: number;
	readonly clock: Pick<Clock, "nowMs" | "after" | "cancel">;
	readonly datagrams: Pick<UdpSockets, "open" | "close">;
	transmit(packet: Packet): void;
	/** What happens now is not modelled, and why. */
	doesNotKnow(reason: string): void;
}

export interface FlowPlan {
	/** Number among the flows and connections of a play. */
	readonly flow: number;
	/** Requests that it will send. */
	readonly requests: number;
	/** Of each request's payload. */
	readonly octets: number;
	/** How long an answer is awaited for each attempt, and how many there are; `null`: none is awaited. */
	readonly reply: {
		readonly timeoutMs: number;
		readonly attempts: number;
	} | null;
	/** The socket is closed when its requests are over, and the kernel answers for its port from then on. */
	readonly closes: boolean;
	readonly onOver?: () => void;
}

/** How a flow ended for its client; `open`: it still sends or waits. */
export type FlowOutcome =
	| "answered"
	| "unanswered"
	| "sent"
	| "refused"
	| "unreachable"
	| "open";

/** What stays of a flow for its account. */
export interface FlowCourse {
	readonly outcome: FlowOutcome;
	/** When its first answer came. */
	readonly answeredMs: number | null;
	/** When the last of its requests was over. */
	readonly endedMs: number | null;
	readonly retransmittedMs: readonly number[];
	readonly requests: number;
	/** Datagrams, repetitions included. */
	readonly sent: number;
	readonly answers: number;
}

interface Waiting {
	attempts: number;
	timer: Timer;
}

export class UdpFlow implements DatagramUser {
	private readonly host: DatagramHost;
	private readonly path: DatagramPath;
	private readonly plan: FlowPlan;
	private readonly waiting = new Map<number, Waiting>();
	private requests = 0;
	private sent = 0;
	private answers = 0;
	private answeredMs: number | null = null;
	private endedMs: number | null = null;
	private readonly retransmittedMs: number[] = [];
	/** Of the last request that did not end as it should. */
	private failure: "unanswered" | "refused" | "unreachable" | null = null;

	constructor(
		host: DatagramHost,
		to: { readonly address: number; readonly port: number },
		localPort: number,
		plan: FlowPlan,
	) {
		this.host = host;
		this.plan = plan;
		this.path = {
			localAddress: host.address,
			localPort,
			remoteAddress: to.address,
			remotePort: to.port,
		};
		host.datagrams.open(this.path, this);
	}

	/** Sends its next request. */
	request(): void {
		if (this.endedMs !== null) return;
		const request = this.requests++;
		const { reply } = this.plan;
		if (reply !== null)
			this.waiting.set(request, {
				attempts: 1,
				timer: this.startTimer(request, reply.timeoutMs),
			});
		this.transmit(request);
		this.endIfOver();
	}

	onDatagram({ payload }: UdpPacket): void {
		const { clock } = this.host;
		const name = requestOf(payload);
		if (name === null || name.flow !== this.plan.flow) return;
		this.answers++;
		this.answeredMs ??= clock.nowMs;
		const waiting = this.waiting.get(name.request);
		if (waiting === undefined) return;
		clock.cancel(waiting.timer);
		this.waiting.delete(name.request);
		this.endIfOver();
	}

	/** A program learns of it from its socket, which does not tell which datagram it is about: it gives up all that wait. */
	onError(error: DatagramError): void {
		if (error === "too-long") {
			this.host.doesNotKnow(
				"a datagram is longer than its path takes: how the client's kernel fragments the next ones is not modelled",
			);
			return;
		}
		if (this.endedMs !== null) return;
		this.failure = error;
		this.giveUp();
		this.endIfOver();
	}

	onReplaced(): void {
		if (this.endedMs !== null) return;
		if (this.waiting.size > 0 || this.requests < this.plan.requests)
			this.failure = "unanswered";
		this.giveUp();
		this.end();
	}

	/** As it stands now. */
	get course(): FlowCourse {
		return {
			outcome: this.outcome,
			answeredMs: this.answeredMs,
			endedMs: this.endedMs,
			retransmittedMs: this.retransmittedMs,
			requests: this.requests,
			sent: this.sent,
			answers: this.answers,
		};
	}

	private get outcome(): FlowOutcome {
		if (this.endedMs === null) return "open";
		if (this.failure !== null) return this.failure;
		return this.plan.reply === null ? "sent" : "answered";
	}

	private transmit(request: number): void {
		const { flow, octets } = this.plan;
		this.sent++;
		const payload = requestPayload({ flow, request }, octets);
		this.host.transmit(datagram(this.path, payload));
	}

	private startTimer(request: number, timeoutMs: number): Timer {
		return this.host.clock.after(timeoutMs, () => this.onTimeout(request));
	}

	/** The same request goes out of the same socket once more, as glibc's resolver does (`send_dg`). */
	private onTimeout(request: number): void {
		const { reply } = this.plan;
		const waiting = this.waiting.get(request);
		if (reply === null || waiting === undefined) return;
		if (waiting.attempts >= reply.attempts) {
			this.waiting.delete(request);
			this.failure = "unanswered";
			this.endIfOver();
			return;
		}
		waiting.attempts++;
		waiting.timer = this.startTimer(request, reply.timeoutMs);
		this.retransmittedMs.push(this.host.clock.nowMs);
		this.transmit(request);
	}

	private giveUp(): void {
		for (const { timer } of this.waiting.values())
			this.host.clock.cancel(timer);
		this.waiting.clear();
	}

	private endIfOver(): void {
		if (this.requests >= this.plan.requests && this.waiting.size === 0)
			this.end();
	}

	private end(): void {
		this.endedMs = this.host.clock.nowMs;
		if (!this.plan.closes) return;
		this.host.datagrams.close(this.path, this);
		this.plan.onOver?.();
	}
}
