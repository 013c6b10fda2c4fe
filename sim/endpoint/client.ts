/**
 * A client's connection in the model: runs its dialogue (`dialogue-machine.ts`) over a `TcpSocket`.
 */
import { Alarm } from "../clock/clock.ts";
import type { ConnectionOutcome } from "./dialogue.ts";
import {
	advanceDialogue,
	type ClientEvent,
	type DialoguePlan,
	type Draft,
	firstState,
	type NextState,
} from "./dialogue-machine.ts";
import type { Host } from "./host.ts";
import type { SocketEnd, SocketUser, TcpSocket } from "./tcp/tcp-socket.ts";

/** What stays of a connection for its account, when it is over. One object of numbers: there may be a million. */
export interface Course {
	readonly connectedMs: number | null;
	readonly greetedMs: number | null;
	readonly endedMs: number | null;
	readonly outcome: ConnectionOutcome;
	readonly accepted: boolean;
	/** The name that its backend told. */
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
	readonly plan: DialoguePlan;
	readonly onOver?: () => void;
}

export class ClientConnection implements SocketUser, Draft {
	readonly socket: TcpSocket;
	private readonly host: Host;
	readonly plan: DialoguePlan;
	readonly next: NextState = firstState(null);
	private readonly alarm = new Alarm(this);
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
		this.socket = host.connect(to, localPort, this);
		this.setTimer(plan.connectTimeoutMs);
	}

	get nowMs(): number {
		return this.host.clock.nowMs;
	}

	/**
	 * Says something out of turn and waits for the answer: only while it holds the connection.
	 * @returns whether it does
	 */
	speak(): boolean {
		return this.take({ kind: "speak" });
	}

	/** Closes, of its own accord. @returns whether it had anything to close */
	leave(): boolean {
		return this.take({ kind: "close" });
	}

	/** The other side is going to close, and that is how it should be. */
	expectClose(): void {
		this.take({ kind: "expect-close" });
	}

	hasRoom(): boolean {
		return true;
	}

	onConnected(): void {
		this.take({ kind: "connected" });
	}

	onData(_socket: TcpSocket, text: string): void {
		this.take({ kind: "data", text });
	}

	onPeerClosed(): void {
		this.take({ kind: "peer-closed" });
	}

	onEnd(_socket: TcpSocket, how: SocketEnd): void {
		this.take({ kind: "ended", how });
		this.onGone();
	}

	onGone(): void {
		const { state } = this.socket;
		const isOver = state === "closed" || state === "time-wait";
		if (isOver && this.next.outcome !== "open") this.onOver?.();
	}

	/** As it stands now. */
	get course(): Course {
		const { next: state, socket } = this;
		return {
			connectedMs: state.connectedMs,
			greetedMs: state.greetedMs,
			endedMs: state.endedMs,
			outcome: state.outcome,
			accepted: state.accepted > 0,
			greetedBy: state.greetedBy,
			syns: socket.syns,
			retransmittedMs: socket.retransmittedMs,
			iss: socket.iss,
			irs: socket.irs,
			sendNext: socket.sendNext,
		};
	}

	send(text: string): void {
		this.socket.send(text);
	}

	close(): void {
		this.socket.close();
	}

	abandon(): void {
		this.socket.close();
	}

	setTimer(afterMs: number | null): void {
		const { clock } = this.host;
		if (afterMs === null) clock.cancel(this.alarm);
		else clock.set(this.alarm, afterMs);
	}

	/** Is read from the state. */
	end(): void {}

	/** The time of its timer has come. */
	fire(): void {
		this.take({ kind: "timer" });
	}

	/** @returns whether it made a difference */
	private take(event: ClientEvent): boolean {
		return advanceDialogue(this, event);
	}
}
