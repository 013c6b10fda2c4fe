/**
 * A client's connection: the dialogue that it holds, and how it ended in its eyes.
 */
import type { Timer } from "../clock/clock.ts";
import type { ConnectionOutcome } from "../world/account/account.ts";
import type { Host } from "./host.ts";
import type { SmtpTurn } from "./smtp.ts";
import { LineReader, nameInBanner, QUIT, smtpTurns } from "./smtp.ts";
import type { SocketEnd, SocketUser } from "./socket.ts";
import type { TcpSocket } from "./tcp-socket.ts";

/** What a client wants of a connection, and how patient it is. A time-out of `null` leaves it to its kernel. */
export type Dialogue =
	/** Waits for the banner, hands over messages, says QUIT and waits for the backend to close. */
	| {
			readonly kind: "smtp";
			readonly messages: number;
			/** Length of a message's text; 100 when left out. */
			readonly messageOctets?: number;
			/** Pause before each thing that it says; none when left out. */
			readonly paceMs?: number;
			readonly connectTimeoutMs: number | null;
			/** For each reply. */
			readonly readTimeoutMs: number | null;
	  }
	/** Closes as soon as the connection stands. */
	| {
			readonly kind: "connect-only";
			readonly connectTimeoutMs: number | null;
	  }
	/** Waits for the banner, then until a step tells it (or its backend) to speak or to close. */
	| {
			readonly kind: "hold";
			readonly connectTimeoutMs: number | null;
			readonly readTimeoutMs: number | null;
	  };

/** A dialogue, made ready to be held many times. */
export interface PreparedDialogue {
	readonly dialogue: Dialogue;
	readonly turns: readonly SmtpTurn[];
	readonly paceMs: number;
	readonly readTimeoutMs: number | null;
}

const HOLD_TURNS: readonly SmtpTurn[] = [
	{ awaits: "2", says: "", isAcceptance: false },
];
const DEFAULT_MESSAGE_OCTETS = 100;

/** Does once for all connections of a step what need not be done for each. */
export function prepareDialogue(dialogue: Dialogue): PreparedDialogue {
	switch (dialogue.kind) {
		case "smtp": {
			const octets = dialogue.messageOctets ?? DEFAULT_MESSAGE_OCTETS;
			const turns = smtpTurns(dialogue.messages, octets);
			const { paceMs = 0, readTimeoutMs } = dialogue;
			return { dialogue, turns, paceMs, readTimeoutMs };
		}
		case "hold": {
			const { readTimeoutMs } = dialogue;
			return { dialogue, turns: HOLD_TURNS, paceMs: 0, readTimeoutMs };
		}
		case "connect-only":
			return { dialogue, turns: [], paceMs: 0, readTimeoutMs: null };
	}
}

/** What stays of a connection for its account, when it is over. One object of numbers: there may be a million. */
export interface Course {
	readonly connectedMs: number | null;
	readonly greetedMs: number | null;
	readonly endedMs: number | null;
	readonly outcome: ConnectionOutcome;
	readonly accepted: boolean;
	/** The name in the banner. */
	readonly greetedBy: string | null;
	/** SYNs sent, retransmissions included. */
	readonly syns: number;
	readonly retransmittedMs: readonly number[];
	/** Sequence numbers: the first one of either side, and the client's next one. */
	readonly iss: number;
	readonly irs: number;
	readonly sendNext: number;
}

export interface ClientPlan {
	readonly plan: PreparedDialogue;
	readonly onOver?: () => void;
}

export class ClientConnection implements SocketUser {
	readonly startedMs: number;
	connectedMs: number | null = null;
	greetedMs: number | null = null;
	endedMs: number | null = null;
	outcome: ConnectionOutcome = "open";
	accepted = false;
	/** The name in the banner. */
	greetedBy: string | null = null;
	readonly socket: TcpSocket;
	private readonly host: Host;
	private readonly plan: PreparedDialogue;
	private readonly lines = new LineReader();
	private turn = 0;
	/** Everything was said that was to be said. */
	private isDone = false;
	private timer: Timer | null = null;
	private readonly onOver: (() => void) | null;

	/** @param onOver is called when nothing of it can change any more, if that comes */
	constructor(
		host: Host,
		to: { readonly address: number; readonly port: number },
		localPort: number,
		{ plan, onOver }: ClientPlan,
	) {
		this.host = host;
		this.onOver = onOver ?? null;
		this.plan = plan;
		this.startedMs = host.clock.nowMs;
		this.socket = host.connect(to, localPort, this);
		this.giveUpAfter(plan.dialogue.connectTimeoutMs, "connect-timeout");
	}

	/**
	 * Says something out of turn and waits for the answer: only while it holds the connection.
	 * @returns whether it does
	 */
	speak(): boolean {
		if (this.outcome !== "open" || this.connectedMs === null) return false;
		this.say("NOOP\r\n");
		return true;
	}

	/** Closes, of its own accord. @returns whether it had anything to close */
	close(): boolean {
		if (this.outcome !== "open") return false;
		this.isDone = true;
		this.stopTimer();
		if (this.socket.state === "syn-sent") this.finish("connect-timeout");
		this.socket.close();
		return true;
	}

	/** The other side is going to close, and that is how it should be. */
	expectClose(): void {
		this.isDone = true;
	}

	hasRoom(): boolean {
		return true;
	}

	onConnected(socket: TcpSocket): void {
		this.connectedMs = this.host.clock.nowMs;
		this.stopTimer();
		if (this.plan.dialogue.kind === "connect-only") {
			this.isDone = true;
			socket.close();
		} else this.giveUpAfter(this.plan.readTimeoutMs, "read-timeout");
	}

	onData(_socket: TcpSocket, payload: string): void {
		if (this.outcome !== "open") return;
		for (const line of this.lines.read(payload)) {
			this.greetedMs ??= this.host.clock.nowMs;
			this.greetedBy ??= nameInBanner(line);
			// 250-… announces another line of the same reply.
			if (line[3] !== "-") this.onReply(line);
		}
	}

	onPeerClosed(socket: TcpSocket): void {
		this.stopTimer();
		socket.close();
	}

	onEnd(socket: TcpSocket, how: SocketEnd): void {
		if (this.isDone && this.connectedMs !== null) this.finish("completed");
		else if (how === "closed") this.finish("cut-short");
		else if (how === "timeout")
			this.finish(
				this.connectedMs === null ? "connect-timeout" : "read-timeout",
			);
		else this.finish(how);
		this.onGone(socket);
	}

	onGone(socket: TcpSocket): void {
		if (socket.state === "closed" && this.outcome !== "open") this.onOver?.();
	}

	/** As it stands now. */
	get course(): Course {
		const { socket } = this;
		return {
			connectedMs: this.connectedMs,
			greetedMs: this.greetedMs,
			endedMs: this.endedMs,
			outcome: this.outcome,
			accepted: this.accepted,
			greetedBy: this.greetedBy,
			syns: socket.syns,
			retransmittedMs: socket.retransmittedMs,
			iss: socket.iss,
			irs: socket.irs,
			sendNext: socket.sendNext,
		};
	}

	private onReply(line: string): void {
		const turn = this.plan.turns[this.turn];
		this.stopTimer();
		if (turn === undefined) return;
		this.turn++;
		if (line[0] !== turn.awaits) {
			// Refused: there is nothing left to say but goodbye.
			this.turn = this.plan.turns.length - 1;
			this.say(QUIT);
			return;
		}
		if (turn.isAcceptance) this.accepted = true;
		if (turn.says === null) {
			this.isDone = true;
			this.giveUpAfter(this.plan.readTimeoutMs, "read-timeout");
		} else if (turn.says !== "") this.say(turn.says);
	}

	private say(text: string): void {
		const { paceMs } = this.plan;
		if (paceMs > 0)
			this.timer = this.host.clock.after(paceMs, () => this.sayNow(text));
		else this.sayNow(text);
	}

	private sayNow(text: string): void {
		this.stopTimer();
		this.socket.send(text);
		this.giveUpAfter(this.plan.readTimeoutMs, "read-timeout");
	}

	private giveUpAfter(
		timeoutMs: number | null,
		outcome: ConnectionOutcome,
	): void {
		if (timeoutMs === null) return;
		this.stopTimer();
		this.timer = this.host.clock.after(timeoutMs, () => {
			this.timer = null;
			this.finish(outcome);
			this.socket.close();
		});
	}

	private stopTimer(): void {
		if (this.timer === null) return;
		this.host.clock.cancel(this.timer);
		this.timer = null;
	}

	private finish(outcome: ConnectionOutcome): void {
		this.stopTimer();
		if (this.outcome !== "open") return;
		this.outcome = outcome;
		this.endedMs = this.host.clock.nowMs;
	}
}
