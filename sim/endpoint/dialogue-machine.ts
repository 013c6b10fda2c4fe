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
	/** A step of the scenario has the client say something out of turn. */
	speak(draft: Draft): void;
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

/** A step while it is made: a copy of the state, and what has to be done. */
export interface Draft {
	readonly plan: DialoguePlan;
	readonly next: {
		-readonly [Key in keyof DialogueState]: DialogueState[Key];
	};
	readonly outputs: DialogueOutput<ConnectionOutcome>[];
	readonly nowMs: number;
}

const STOP_TIMER = { kind: "timer", afterMs: null } as const;
const CLOSE = { kind: "close" } as const;
const ABANDON = { kind: "abandon" } as const;
const IGNORED: readonly never[] = [];

/**
 * The first step, when the connection is being opened.
 * @param messagePrefix gives each message an id; no other connection's may be the same
 */
export function startDialogue(
	plan: DialoguePlan,
	messagePrefix: string | null = null,
): ClientStep {
	const state: DialogueState = {
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
	const { connectTimeoutMs: afterMs } = plan;
	return { state, outputs: [{ kind: "timer", afterMs }] };
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
	const isTooEarly = event.kind === "speak" && state.connectedMs === null;
	if (state.outcome !== "open" || isTooEarly)
		return { state, outputs: IGNORED };
	const draft: Draft = { plan, next: { ...state }, outputs: [], nowMs };
	const { next, outputs } = draft;
	switch (event.kind) {
		case "connected":
			next.connectedMs = nowMs;
			plan.machine.connected(draft);
			break;
		case "data":
			plan.machine.take(draft, event.text);
			break;
		case "peer-closed":
			next.toSay = "";
			outputs.push(STOP_TIMER, CLOSE);
			break;
		case "ended":
			finish(draft, outcomeOf(state, event.how));
			break;
		case "timer":
			if (state.toSay !== "") sayNow(draft, state.toSay);
			else giveUp(draft);
			break;
		case "speak":
			plan.machine.speak(draft);
			if (outputs.length === 0) return { state, outputs: IGNORED };
			break;
		case "close":
			if (state.connectedMs === null) giveUp(draft);
			else closeOurSide(draft);
			break;
		case "expect-close":
			next.isDone = true;
			break;
		default:
			unreachable(event);
	}
	return { state: next, outputs };
}

/** The backend has said something, and its name perhaps. */
export function noteGreeting(
	{ next, nowMs }: Draft,
	name: string | null,
): void {
	next.greetedMs ??= nowMs;
	next.greetedBy ??= name;
}

/** Says something after the pause, and waits for the reply. */
export function say(draft: Draft, text: string): void {
	const { plan, next, outputs } = draft;
	if (plan.paceMs === 0) {
		sayNow(draft, text);
		return;
	}
	next.toSay += text;
	outputs.push({ kind: "timer", afterMs: plan.paceMs });
}

function sayNow(draft: Draft, text: string): void {
	draft.next.toSay = "";
	draft.outputs.push({ kind: "send", text });
	awaitReply(draft);
}

/** Waits for something that its backend has to say, or for it to close. */
export function awaitReply({ plan, outputs }: Draft): void {
	outputs.push({ kind: "timer", afterMs: plan.readTimeoutMs });
}

/** Waits for nothing. */
export function awaitNothing({ outputs }: Draft): void {
	outputs.push(STOP_TIMER);
}

/** Everything is said. */
export function closeOurSide({ next, outputs }: Draft): void {
	next.isDone = true;
	next.toSay = "";
	outputs.push(STOP_TIMER, CLOSE);
}

/** There is no point in saying the rest: what the backend speaks is another language. */
export function leaveUnserved(draft: Draft): void {
	finish(draft, "cut-short");
	draft.outputs.push(ABANDON);
}

/** Nothing is awaited any more: neither the connection nor a reply. */
function giveUp(draft: Draft): void {
	const isConnected = draft.next.connectedMs !== null;
	finish(draft, isConnected ? "read-timeout" : "connect-timeout");
	draft.outputs.push(ABANDON);
}

function finish(
	{ next, outputs, nowMs }: Draft,
	result: ConnectionOutcome,
): void {
	next.outcome = result;
	next.endedMs = nowMs;
	next.toSay = "";
	outputs.push(STOP_TIMER, { kind: "result", result });
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
