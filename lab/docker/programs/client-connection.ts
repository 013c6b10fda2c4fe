/**
 * A client's connection in a container: runs its dialogue (`sim/endpoint/dialogue-machine.ts`) over a
 * socket of this machine's kernel.
 */
import { connect, type Socket } from "node:net";
import type { ConnectionEnd } from "../../../sim/endpoint/dialogue.ts";
import {
	type ClientEvent,
	type ClientStep,
	type DialoguePlan,
	type DialogueState,
	startDialogue,
	takeDialogue,
} from "../../../sim/endpoint/dialogue-machine.ts";
import { messageId } from "../../../sim/endpoint/smtp-client.ts";
import { unreachable } from "../../../sim/invariant.ts";
import type { ClientRecord } from "./client-plan.ts";

export interface ConnectionRequest {
	readonly service: { readonly address: string; readonly port: number };
	/**
	 * Address to connect from; `null` when the kernel takes the right one by itself. Then it also finds a
	 * port when it connects, by a hash: at a bind it would look through thousands that are taken.
	 */
	readonly source: string | null;
	readonly port: number | null;
	readonly plan: DialoguePlan;
	/** Message-ID prefix, unique per connection; `null`: messages have no ids. */
	readonly messagePrefix: string | null;
	readonly nowMs: () => number;
	/** Called once, when it is over. */
	readonly onEnd: (connection: LiveConnection) => void;
}

/** What is known of a connection, whichever step of whichever client opened it. */
export type LiveCourse = Omit<ClientRecord, "id" | "step" | "client">;

/** As long as Linux waits for the other side to close too (`tcp_fin_timeout`). */
const CLOSE_WITHIN_MS = 60_000;

/** What the kernel's errors mean for a connection that was not established; every other one: no reply came. */
const ENDS_BEFORE_ESTABLISHED: Readonly<Record<string, ConnectionEnd>> = {
	ECONNREFUSED: "refused",
	// tcp_reset in net/ipv4/tcp_input.c (6.1): it was established already, and the event had not come.
	ECONNRESET: "reset",
	EPIPE: "reset",
	// icmp_err_convert in net/ipv4/icmp.c (6.1), as far as errors end a connection.
	ENETUNREACH: "unreachable",
	EHOSTUNREACH: "unreachable",
	ENOPROTOOPT: "unreachable",
	EHOSTDOWN: "unreachable",
	ENONET: "unreachable",
	// No port, or no descriptor, was to be had: nothing was sent.
	EADDRNOTAVAIL: "no-port",
	EADDRINUSE: "no-port",
	EMFILE: "no-port",
	ENFILE: "no-port",
};

export class LiveConnection {
	private readonly request: ConnectionRequest;
	private readonly socket: Socket;
	private readonly startedMs: number;
	private sourcePort: number;
	private state: DialogueState;
	private error = "";
	private timer: NodeJS.Timeout | undefined;
	/** Ends a connection whose other side does not close. */
	private closing: NodeJS.Timeout | undefined;

	/** Opens it now. */
	constructor(request: ConnectionRequest) {
		this.request = request;
		this.startedMs = request.nowMs();
		this.sourcePort = request.port ?? 0;
		this.socket = this.open();
		const first = startDialogue(request.plan, request.messagePrefix);
		this.state = first.state;
		this.carryOut(first);
	}

	/** Says something out of turn: only while it holds the connection. */
	speak(): void {
		this.take({ kind: "speak" });
	}

	/** Closes, of its own accord. */
	close(): void {
		this.take({ kind: "close" });
	}

	/** What is known of it by now. */
	get course(): LiveCourse {
		const { state, sourcePort } = this;
		const { messagePrefix: prefix, messages, accepted } = state;
		const ids =
			prefix === null
				? []
				: Array.from({ length: messages }, (_, n) => messageId(prefix, n + 1));
		return {
			sourcePort,
			startedMs: rounded(this.startedMs),
			connectedMs: state.connectedMs && rounded(state.connectedMs),
			greetedMs: state.greetedMs && rounded(state.greetedMs),
			endedMs: state.endedMs && rounded(state.endedMs),
			backend: state.greetedBy,
			outcome: state.outcome,
			accepted: accepted > 0,
			messageId: ids.at(-1) ?? null,
			acceptedIds: ids.slice(0, accepted),
			error: state.refusal ?? this.error,
			retransmittedMs: [],
			datagrams: null,
		};
	}

	private open(): Socket {
		const { service, source, port } = this.request;
		const socket = connect({
			host: service.address,
			port: service.port,
			...(source === null ? {} : { localAddress: source }),
			...(port === null ? {} : { localPort: port }),
			// Every turn is one write: there is nothing to wait for.
			noDelay: true,
		});
		socket.setEncoding("latin1");
		// When the attempt has just been made: the port of a failed one is no longer known.
		socket.on("connectionAttempt", () => {
			process.nextTick(() => {
				this.sourcePort = socket.localPort ?? this.sourcePort;
			});
		});
		socket.on("connect", () => this.take({ kind: "connected" }));
		socket.on("data", (text: string) => this.take({ kind: "data", text }));
		socket.on("end", () => this.take({ kind: "peer-closed" }));
		socket.on("error", (cause: NodeJS.ErrnoException) => {
			const code = cause.code ?? cause.message;
			this.error ||= code;
			this.take({ kind: "ended", how: this.endOf(code) });
		});
		socket.on("close", () => {
			clearTimeout(this.closing);
			this.take({ kind: "ended", how: "closed" });
		});
		return socket;
	}

	private endOf(code: string): ConnectionEnd {
		if (this.state.connectedMs === null)
			return ENDS_BEFORE_ESTABLISHED[code] ?? "timeout";
		// Else nothing was acknowledged; an ICMP error that came meanwhile may be the word for it.
		return code === "ECONNRESET" || code === "EPIPE" ? "reset" : "timeout";
	}

	private take(event: ClientEvent): void {
		const { plan, nowMs } = this.request;
		this.carryOut(takeDialogue(plan, this.state, event, nowMs()));
	}

	private carryOut({ state, outputs }: ClientStep): void {
		this.state = state;
		for (const output of outputs)
			switch (output.kind) {
				case "send":
					this.socket.write(output.text, "latin1");
					break;
				case "close":
					this.closeOurSide();
					break;
				case "abandon":
					this.socket.destroy();
					break;
				case "timer":
					this.setTimer(output.afterMs);
					break;
				case "result":
					this.request.onEnd(this);
					break;
				default:
					unreachable(output);
			}
	}

	private closeOurSide(): void {
		this.socket.end();
		if (this.socket.readableEnded) return;
		this.closing ??= setTimeout(() => this.socket.destroy(), CLOSE_WITHIN_MS);
	}

	private setTimer(afterMs: number | null): void {
		clearTimeout(this.timer);
		if (afterMs === null) return;
		this.timer = setTimeout(() => this.take({ kind: "timer" }), afterMs);
	}
}

/** To microseconds. */
export function rounded(timeMs: number): number {
	return Math.round(timeMs * 1000) / 1000;
}
