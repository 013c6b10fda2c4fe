/**
 * One connection of a client in a container: the model's `ClientConnection` over again, with the
 * kernel's TCP below it. Same turns, same time-outs, same words for how it ended.
 */
import { connect, type Socket } from "node:net";
import type { PreparedDialogue } from "../../../sim/endpoint/client.ts";
import {
	LineReader,
	nameInBanner,
	QUIT,
	type SmtpTurn,
} from "../../../sim/endpoint/smtp.ts";
import type { ConnectionOutcome } from "../../../sim/world/account/account.ts";
import type { ClientRecord } from "./client-plan.ts";

export interface ConnectionRequest {
	readonly id: number;
	readonly step: string;
	readonly client: string;
	readonly service: { readonly address: string; readonly port: number };
	/**
	 * Address to connect from; `null` when the kernel takes the right one by itself. Then it also finds a
	 * port when it connects, by a hash: at a bind it would look through thousands that are taken.
	 */
	readonly source: string | null;
	readonly port: number | null;
	readonly dialogue: PreparedDialogue;
	/** Begins the ids of its messages; nobody else's may begin so. */
	readonly messagePrefix: string;
	readonly nowMs: () => number;
	/** Called once, when it is over. */
	readonly onEnd: (connection: LiveConnection) => void;
}

/** As long as Linux waits for the other side to close too (`tcp_fin_timeout`). */
const CLOSE_WITHIN_MS = 60_000;

/** What the kernel says when a connection does not come about, besides that nobody answers. */
const BEFORE_IT_STANDS: Readonly<Record<string, ConnectionOutcome>> = {
	ECONNREFUSED: "refused",
	// tcp_reset in net/ipv4/tcp_input.c (6.1): it stood already, only we had not been told.
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
	readonly step: string;
	private readonly request: ConnectionRequest;
	private readonly plan: PreparedDialogue;
	private readonly socket: Socket;
	private readonly startedMs: number;
	private sourcePort: number;
	private connectedMs: number | null = null;
	private greetedMs: number | null = null;
	private endedMs: number | null = null;
	private backend: string | null = null;
	private outcome: ConnectionOutcome = "open";
	private error = "";
	private messages = 0;
	private messageId: string | null = null;
	private readonly acceptedIds: string[] = [];
	private readonly lines = new LineReader();
	private turn = 0;
	/** Everything was said that was to be said. */
	private isDone = false;
	private timer: NodeJS.Timeout | undefined;

	/** Opens it now. */
	constructor(request: ConnectionRequest) {
		this.request = request;
		this.plan = request.dialogue;
		this.step = request.step;
		this.startedMs = request.nowMs();
		this.sourcePort = request.port ?? 0;
		this.socket = this.open();
		const { connectTimeoutMs } = this.plan.dialogue;
		this.giveUpAfter(connectTimeoutMs, "connect-timeout");
	}

	/** Says something out of turn: only while it holds the connection. */
	speak(): void {
		if (this.outcome !== "open" || this.connectedMs === null) return;
		this.say("NOOP\r\n");
	}

	/** Closes, of its own accord. */
	close(): void {
		if (this.outcome !== "open") return;
		if (this.connectedMs !== null) {
			this.endOurSide();
			return;
		}
		this.finish("connect-timeout");
		this.socket.destroy();
	}

	/** What is known of it by now. */
	record(): ClientRecord {
		const { id, step, client } = this.request;
		const { sourcePort, backend, outcome, error } = this;
		return {
			id,
			step,
			client,
			sourcePort,
			startedMs: rounded(this.startedMs),
			connectedMs: this.connectedMs && rounded(this.connectedMs),
			greetedMs: this.greetedMs && rounded(this.greetedMs),
			endedMs: this.endedMs && rounded(this.endedMs),
			backend,
			outcome,
			accepted: this.acceptedIds.length > 0,
			messageId: this.messageId,
			acceptedIds: [...this.acceptedIds],
			error,
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
		// When the attempt has just been made: nobody knows the port of one that has failed.
		socket.on("connectionAttempt", () => {
			process.nextTick(() => {
				this.sourcePort = socket.localPort ?? this.sourcePort;
			});
		});
		socket.on("connect", () => this.onConnected());
		socket.on("data", (payload: string) => this.onData(payload));
		// It closes its side by itself then.
		socket.on("end", () => clearTimeout(this.timer));
		socket.on("error", (cause: NodeJS.ErrnoException) => {
			this.error ||= cause.code ?? cause.message;
			this.onEnd(cause.code ?? cause.message);
		});
		socket.on("close", () => this.onEnd(null));
		return socket;
	}

	private onConnected(): void {
		this.connectedMs = this.request.nowMs();
		clearTimeout(this.timer);
		if (this.plan.dialogue.kind === "connect-only") this.endOurSide();
		else this.giveUpAfter(this.plan.readTimeoutMs, "read-timeout");
	}

	private onData(payload: string): void {
		if (this.outcome !== "open") return;
		for (const line of this.lines.read(payload)) {
			this.greetedMs ??= this.request.nowMs();
			this.backend ??= nameInBanner(line);
			// 250-… announces another line of the same reply.
			if (line[3] !== "-") this.onReply(line);
		}
	}

	private onReply(line: string): void {
		const turn = this.plan.turns[this.turn];
		clearTimeout(this.timer);
		if (turn === undefined) return;
		this.turn++;
		if (line[0] !== turn.awaits) {
			this.error ||= line;
			// Refused: there is nothing left to say but goodbye.
			this.turn = this.plan.turns.length - 1;
			this.say(QUIT);
			return;
		}
		if (turn.isAcceptance && this.messageId !== null)
			this.acceptedIds.push(this.messageId);
		const says = this.wordsOf(turn);
		if (says === null) {
			this.isDone = true;
			this.giveUpAfter(this.plan.readTimeoutMs, "read-timeout");
		} else if (says !== "") this.say(says);
	}

	/** A message gets an id of its own, by which it is found again in the spool of a backend. */
	private wordsOf({ awaits, says }: SmtpTurn): string | null {
		if (awaits !== "3" || says === null) return says;
		const { messagePrefix, id } = this.request;
		this.messages++;
		this.messageId = `${messagePrefix}.${id}.${this.messages}@client.example`;
		return `Message-ID: <${this.messageId}>\r\n${says}`;
	}

	private say(text: string): void {
		const { paceMs } = this.plan;
		if (paceMs > 0) this.timer = setTimeout(() => this.sayNow(text), paceMs);
		else this.sayNow(text);
	}

	private sayNow(text: string): void {
		this.socket.write(text, "latin1");
		this.giveUpAfter(this.plan.readTimeoutMs, "read-timeout");
	}

	private endOurSide(): void {
		this.isDone = true;
		this.socket.end();
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.socket.destroy(), CLOSE_WITHIN_MS);
	}

	/** @param code the kernel's word, or `null` when it was closed in order */
	private onEnd(code: string | null): void {
		if (this.connectedMs === null)
			this.finish(BEFORE_IT_STANDS[code ?? ""] ?? "connect-timeout");
		else if (this.isDone) this.finish("completed");
		else if (code === null) this.finish("cut-short");
		else if (code === "ECONNRESET" || code === "EPIPE") this.finish("reset");
		// Nobody acknowledged; an ICMP error that came meanwhile may be the word for it.
		else this.finish("read-timeout");
	}

	private giveUpAfter(
		timeoutMs: number | null,
		how: "connect-timeout" | "read-timeout",
	): void {
		clearTimeout(this.timer);
		if (timeoutMs === null) return;
		this.timer = setTimeout(() => {
			this.finish(how);
			this.socket.destroy();
		}, timeoutMs);
	}

	private finish(how: ConnectionOutcome): void {
		clearTimeout(this.timer);
		if (this.outcome !== "open") return;
		this.outcome = how;
		this.endedMs = this.request.nowMs();
		this.request.onEnd(this);
	}
}

/** To microseconds. */
function rounded(timeMs: number): number {
	return Math.round(timeMs * 1000) / 1000;
}
