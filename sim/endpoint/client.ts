/**
 * A client's connection in the model: runs its dialogue (`dialogue-machine.ts`) over a `TcpSocket`.
 */
import type { Timer } from "../clock/clock.ts";
import { unreachable } from "../invariant.ts";
import type { ConnectionOutcome } from "./dialogue.ts";
import {
	type ClientEvent,
	type ClientStep,
	type DialoguePlan,
	type DialogueState,
	startDialogue,
	takeDialogue,
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

export class ClientConnection implements SocketUser {
	readonly socket: TcpSocket;
	private readonly host: Host;
	private readonly plan: DialoguePlan;
	private state: DialogueState;
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
		const first = startDialogue(plan);
		this.state = first.state;
		this.socket = host.connect(to, localPort, this);
		this.carryOut(first);
	}

	/**
	 * Says something out of turn and waits for the answer: only while it holds the connection.
	 * @returns whether it does
	 */
	speak(): boolean {
		return this.take({ kind: "speak" });
	}

	/** Closes, of its own accord. @returns whether it had anything to close */
	close(): boolean {
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
		if (this.socket.state === "closed" && this.state.outcome !== "open")
			this.onOver?.();
	}

	/** As it stands now. */
	get course(): Course {
		const { state, socket } = this;
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

	/** @returns whether it made a difference */
	private take(event: ClientEvent): boolean {
		const { state } = this;
		const step = takeDialogue(this.plan, state, event, this.host.clock.nowMs);
		this.carryOut(step);
		return step.state !== state;
	}

	private carryOut({ state, outputs }: ClientStep): void {
		this.state = state;
		for (const output of outputs)
			switch (output.kind) {
				case "send":
					this.socket.send(output.text);
					break;
				case "close":
				case "abandon":
					this.socket.close();
					break;
				case "timer":
					this.setTimer(output.afterMs);
					break;
				case "result":
					// Is read from the state.
					break;
				default:
					unreachable(output);
			}
	}

	private setTimer(afterMs: number | null): void {
		const { clock } = this.host;
		clock.cancel(this.timer);
		this.timer =
			afterMs === null
				? null
				: clock.after(afterMs, () => this.take({ kind: "timer" }));
	}
}
