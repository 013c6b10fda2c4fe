/**
 * A client's flow of datagrams in a container: runs what the model's clients run (`sim/endpoint/udp/udp-flow.ts`)
 * over a socket of this machine's kernel.
 */
import { createSocket, type Socket } from "node:dgram";
import type { Timer } from "../../../sim/clock/clock.ts";
import {
	type DatagramPath,
	datagram,
} from "../../../sim/endpoint/udp/datagram.ts";
import {
	type DatagramHost,
	type FlowPlan,
	UdpFlow,
} from "../../../sim/endpoint/udp/udp-flow.ts";
import type { DatagramError } from "../../../sim/endpoint/udp/udp-sockets.ts";
import { type LiveCourse, rounded } from "./client-connection.ts";

export interface FlowRequest {
	readonly service: { readonly address: string; readonly port: number };
	/** Address to send from; `null` when the kernel takes the right one by itself. */
	readonly source: string | null;
	readonly port: number | null;
	readonly plan: FlowPlan;
	/** When each request is sent, from now on. */
	readonly requestsMs: readonly number[];
	readonly nowMs: () => number;
	/** Called once, when all of its requests are over. */
	readonly onEnd: (flow: LiveFlow) => void;
}

/** What the kernel's errors mean for a flow; any other is no answer. A closed port alone is sure to be told (`__udp4_lib_err`, net/ipv4/udp.c, 6.1). */
const MEANINGS: Readonly<Record<string, DatagramError>> = {
	ECONNREFUSED: "refused",
	ENETUNREACH: "unreachable",
	EHOSTUNREACH: "unreachable",
	ENOPROTOOPT: "unreachable",
	EHOSTDOWN: "unreachable",
	ENONET: "unreachable",
	EACCES: "unreachable",
};

/** The flow looks only at the payloads of datagrams: the kernel knows whose they are. */
const NO_PATH: DatagramPath = {
	localAddress: 0,
	localPort: 0,
	remoteAddress: 0,
	remotePort: 0,
};

interface LiveTimer extends Timer {
	readonly handle: NodeJS.Timeout;
}

export class LiveFlow {
	private readonly request: FlowRequest;
	private readonly socket: Socket;
	private readonly startedMs: number;
	private readonly flow: UdpFlow;
	private readonly requests: NodeJS.Timeout[] = [];
	private sourcePort: number;
	/** There was no port for it. */
	private failedMs: number | null = null;
	private error = "";
	private isOver = false;

	/** Opens it now. */
	constructor(request: FlowRequest) {
		this.request = request;
		this.startedMs = request.nowMs();
		this.sourcePort = request.port ?? 0;
		this.flow = new UdpFlow(this.host(), EVERY_ADDRESS, 0, request.plan);
		this.socket = this.open();
	}

	/** What is known of it by now. */
	get course(): LiveCourse {
		const { course } = this.flow;
		const { failedMs } = this;
		const connectedMs = roundedOrNull(course.answeredMs);
		const { requests, sent, answers } = course;
		return {
			sourcePort: this.sourcePort,
			startedMs: rounded(this.startedMs),
			connectedMs,
			greetedMs: null,
			endedMs: roundedOrNull(failedMs ?? course.endedMs),
			backend: null,
			outcome: failedMs === null ? course.outcome : "no-port",
			accepted: false,
			messageId: null,
			acceptedIds: [],
			error: this.error,
			retransmittedMs: course.retransmittedMs.map(rounded),
			datagrams: { requests, sent, answers },
		};
	}

	private open(): Socket {
		const { service, source, port } = this.request;
		const socket = createSocket("udp4");
		socket.on("error", (cause) => this.fail(cause));
		socket.on("message", (payload) => {
			this.flow.onDatagram(datagram(NO_PATH, payload.toString("latin1")));
			this.endIfOver();
		});
		socket.on("connect", () => {
			this.sourcePort = socket.address().port;
			this.begin();
		});
		socket.bind({ port: port ?? 0, address: source ?? "0.0.0.0" }, () =>
			socket.connect(service.port, service.address),
		);
		return socket;
	}

	/** Requests keep their times, although the socket took a moment. */
	private begin(): void {
		const { requestsMs, nowMs } = this.request;
		for (const atMs of requestsMs) {
			const waitMs = this.startedMs + atMs - nowMs();
			const send = () => {
				this.flow.request();
				this.endIfOver();
			};
			if (waitMs <= 0) send();
			else this.requests.push(setTimeout(send, waitMs));
		}
	}

	private fail(cause: Error): void {
		const { code = cause.message } = cause as NodeJS.ErrnoException;
		this.error ||= code;
		const meaning = MEANINGS[code];
		if (this.flow.course.sent === 0 && meaning === undefined)
			this.failedMs ??= this.request.nowMs();
		if (meaning !== undefined) this.flow.onError(meaning);
		this.endIfOver();
	}

	private endIfOver(): void {
		const isOver = this.failedMs !== null || this.flow.course.endedMs !== null;
		if (!isOver || this.isOver) return;
		this.isOver = true;
		for (const timer of this.requests) clearTimeout(timer);
		this.request.onEnd(this);
	}

	/** This machine, as the flow sees it. */
	private host(): DatagramHost {
		const { nowMs } = this.request;
		return {
			address: 0,
			clock: {
				get nowMs() {
					return nowMs();
				},
				after: (delayMs, action) => this.after(delayMs, action),
				cancel: (timer) => clearTimeout((timer as LiveTimer | null)?.handle),
			},
			datagrams: { open() {}, close: () => this.socket.close() },
			transmit: (packet) => {
				if (packet.kind !== "udp") return;
				this.socket.send(Buffer.from(packet.payload, "latin1"), (cause) => {
					if (cause !== null) this.fail(cause);
				});
			},
			doesNotKnow: (reason) => {
				this.error ||= reason;
			},
		};
	}

	private after(delayMs: number, action: () => void): LiveTimer {
		const fire = () => {
			action();
			this.endIfOver();
		};
		const atMs = this.request.nowMs() + delayMs;
		return { atMs, handle: setTimeout(fire, delayMs) };
	}
}

/** The kernel knows where the flow goes. */
const EVERY_ADDRESS = { address: 0, port: 0 };

function roundedOrNull(timeMs: number | null): number | null {
	return timeMs === null ? null : rounded(timeMs);
}
