/**
 * What all dialogues of clients have in common, as a pure state machine: when the connection stands, how long the
 * client waits, how it ended. What is said in between is the matter of a `DialogueMachine`.
 */
import { unreachable } from "../invariant.ts";
import type {
	ConnectionEnd,
	ConnectionOutcome,
	DialogueEvent,
	DialogueOutput,
	DialogueStep,
} from "./dialogue.ts";

/** What is said in a dialogue, in `smtp-client.ts`, `http-client.ts`, `echo-client.ts` and `quiet-client.ts`. */
export interface DialogueMachine {
	/** The connection stands. */
	connected(draft: Draft): void;
	/** Text comes. */
	take(draft: Draft, text: string): void;
	/** A step of the scenario has the client say something out of turn. @returns whether it does */
	speak(draft: Draft): boolean;
}

/** A dialogue, made ready to be held many times. */
export interface DialoguePlan {
	readonly machine: DialogueMachine;
	/** Pause before each thing that is said. */
	readonly paceMs: number;
	/** Time for the connection to be established; `null` leaves it to the kernel. */
	readonly connectTimeoutMs: number | null;
	/** Time for each reply; `null` leaves it to the kernel. */
	readonly readTimeoutMs: number | null;
}

/** What the client knows. Plain data, never changed in place. */
export interface DialogueState {
	readonly connectedMs: number | null;
	/** When its backend said something first. */
	readonly greetedMs: number | null;
	readonly endedMs: number | null;
	readonly outcome: ConnectionOutcome;
	/** The name that its backend has told of itself. */
	readonly greetedBy: string | null;
	/** The first reply that was not the one awaited. */
	readonly refusal: string | null;
	/** Messages handed over so far, or requests sent … */
	readonly messages: number;
	/** … and how many of them the backend has accepted: the first ones of SMTP; those with a good answer of the others. */
	readonly accepted: number;
	/** Index of the next turn. */
	readonly turn: number;
	/** Everything has been said: the connection may end. */
	readonly isDone: boolean;
	/** Of what came, or is to come: what is not dealt with yet. */
	readonly rest: string;
	/** Said when the pause is over. While it is empty, the timer is the time-out. */
	readonly toSay: string;
	/** Begins the ids of the messages; `null`: they have none. */
	readonly messagePrefix: string | null;
}

export type ClientEvent =
	| DialogueEvent
	/** A step of the scenario: the client says something out of turn and waits for the reply. */
	| { readonly kind: "speak" }
	/** A step of the scenario: the client closes. */
	| { readonly kind: "close" }
	/** The backend is going to close, as the scenario has it. */
	| { readonly kind: "expect-close" };

export type ClientStep = DialogueStep<DialogueState, ConnectionOutcome>;

/** The state while a step is made. */
export type NextState = {
	-readonly [Key in keyof DialogueState]: DialogueState[Key];
};

/** A step while it is made: the state to be, and who does what has to be done. */
export interface Draft {
	readonly plan: DialoguePlan;
	readonly next: NextState;
	readonly nowMs: number;
	send(text: string): void;
	/** Closes this side. */
	close(): void;
	/** Closes the socket: nothing is awaited any more. */
	abandon(): void;
	/** Sets the one timer, in place of the one before; `null` stops it. */
	setTimer(afterMs: number | null): void;
	/** What came of it, once. */
	end(result: ConnectionOutcome): void;
}

const STOP_TIMER = { kind: "timer", afterMs: null } as const;
const CLOSE = { kind: "close" } as const;
const ABANDON = { kind: "abandon" } as const;
const IGNORED: readonly never[] = [];

/** Changes a copy of the state, and writes down what has to be done. */
class NotedDraft implements Draft {
	readonly plan: DialoguePlan;
	readonly next: NextState;
	readonly nowMs: number;
	readonly outputs: DialogueOutput<ConnectionOutcome>[] = [];

	constructor(plan: DialoguePlan, state: DialogueState, nowMs: number) {
		this.plan = plan;
		this.next = { ...state };
		this.nowMs = nowMs;
	}

	send(text: string): void {
		this.outputs.push({ kind: "send", text });
	}

	close(): void {
		this.outputs.push(CLOSE);
	}

	abandon(): void {
		this.outputs.push(ABANDON);
	}

	setTimer(afterMs: number | null): void {
		this.outputs.push(
			afterMs === null ? STOP_TIMER : { kind: "timer", afterMs },
		);
	}

	end(result: ConnectionOutcome): void {
		this.outputs.push({ kind: "result", result });
	}
}

/**
 * The first step, when the connection is being opened.
 * @param messagePrefix gives each message an id; no other connection's may be the same
 */
export function startDialogue(
	plan: DialoguePlan,
	messagePrefix: string | null = null,
): ClientStep {
	const state = firstState(messagePrefix);
	const { connectTimeoutMs: afterMs } = plan;
	return { state, outputs: [{ kind: "timer", afterMs }] };
}

/** The state when the connection is being opened. What is set besides is the timer, to `connectTimeoutMs`. */
export function firstState(messagePrefix: string | null): NextState {
	return {
		connectedMs: null,
		greetedMs: null,
		endedMs: null,
		outcome: "open",
		greetedBy: null,
		refusal: null,
		messages: 0,
		accepted: 0,
		turn: 0,
		isDone: false,
		rest: "",
		toSay: "",
		messagePrefix,
	};
}

/**
 * Something happens.
 * @returns the same state, where the event changes nothing: when the dialogue is over, or when it
 * cannot speak yet
 */
export function takeDialogue(
	plan: DialoguePlan,
	state: DialogueState,
	event: ClientEvent,
	nowMs: number,
): ClientStep {
	const draft = new NotedDraft(plan, state, nowMs);
	if (!advanceDialogue(draft, event)) return { state, outputs: IGNORED };
	return { state: draft.next, outputs: draft.outputs };
}

/**
 * The same step in place, where a copy of the state for each would take too long: a draft that acts at once.
 * @returns false where the event changes nothing
 */
export function advanceDialogue(draft: Draft, event: ClientEvent): boolean {
	const { next } = draft;
	if (next.outcome !== "open") return false;
	const { machine } = draft.plan;
	switch (event.kind) {
		case "connected":
			next.connectedMs = draft.nowMs;
			machine.connected(draft);
			return true;
		case "data":
			machine.take(draft, event.text);
			return true;
		case "peer-closed":
			next.toSay = "";
			draft.setTimer(null);
			draft.close();
			return true;
		case "ended":
			finish(draft, outcomeOf(next, event.how));
			return true;
		case "timer":
			if (next.toSay !== "") sayNow(draft, next.toSay);
			else giveUp(draft);
			return true;
		case "speak":
			return next.connectedMs !== null && machine.speak(draft);
		case "close":
			if (next.connectedMs === null) giveUp(draft);
			else closeOurSide(draft);
			return true;
		case "expect-close":
			next.isDone = true;
			return true;
		default:
			return unreachable(event);
	}
}

/** The backend has said something, and its name perhaps. */
export function noteGreeting(draft: Draft, name: string | null): void {
	const { next } = draft;
	next.greetedMs ??= draft.nowMs;
	next.greetedBy ??= name;
}

/** Says something after the pause, and waits for the reply. */
export function say(draft: Draft, text: string): void {
	const { plan, next } = draft;
	if (plan.paceMs === 0) {
		sayNow(draft, text);
		return;
	}
	next.toSay += text;
	draft.setTimer(plan.paceMs);
}

function sayNow(draft: Draft, text: string): void {
	draft.next.toSay = "";
	draft.send(text);
	awaitReply(draft);
}

/** Waits for something that its backend has to say, or for it to close. */
export function awaitReply(draft: Draft): void {
	draft.setTimer(draft.plan.readTimeoutMs);
}

/** Waits for nothing. */
export function awaitNothing(draft: Draft): void {
	draft.setTimer(null);
}

/** Everything is said. */
export function closeOurSide(draft: Draft): void {
	const { next } = draft;
	next.isDone = true;
	next.toSay = "";
	draft.setTimer(null);
	draft.close();
}

/** There is no point in saying the rest: what the backend speaks is another language. */
export function leaveUnserved(draft: Draft): void {
	finish(draft, "cut-short");
	draft.abandon();
}

/** Nothing is awaited any more: neither the connection nor a reply. */
function giveUp(draft: Draft): void {
	const isConnected = draft.next.connectedMs !== null;
	finish(draft, isConnected ? "read-timeout" : "connect-timeout");
	draft.abandon();
}

function finish(draft: Draft, result: ConnectionOutcome): void {
	const { next } = draft;
	next.outcome = result;
	next.endedMs = draft.nowMs;
	next.toSay = "";
	draft.setTimer(null);
	draft.end(result);
}

function outcomeOf(
	{ connectedMs, isDone }: DialogueState,
	how: ConnectionEnd,
): ConnectionOutcome {
	const isConnected = connectedMs !== null;
	if (isConnected && isDone) return "completed";
	if (how === "timeout" || (how === "closed" && !isConnected))
		return isConnected ? "read-timeout" : "connect-timeout";
	return how === "closed" ? "cut-short" : how;
}
