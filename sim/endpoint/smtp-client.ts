/**
 * The client's side of SMTP (RFC 5321) as a pure state machine, with its time-outs and how it ends.
 * The dialogues that only connect or hold a connection are short ones of the same kind.
 */
import { unreachable } from "../invariant.ts";
import type {
	ConnectionEnd,
	ConnectionOutcome,
	Dialogue,
	DialogueEvent,
	DialogueOutput,
	DialogueStep,
} from "./dialogue.ts";
import {
	nameInBanner,
	QUIT,
	type SmtpTurn,
	smtpTurns,
	takeLines,
} from "./smtp.ts";

/** A dialogue, made ready to be held many times. */
export interface SmtpPlan {
	/** Without any, the connection is closed as soon as it stands. */
	readonly turns: readonly SmtpTurn[];
	/** Pause before each command. */
	readonly paceMs: number;
	/** Time for the connection to be established; `null` leaves it to the kernel. */
	readonly connectTimeoutMs: number | null;
	/** Time for each reply; `null` leaves it to the kernel. */
	readonly readTimeoutMs: number | null;
}

const HOLD_TURNS: readonly SmtpTurn[] = [
	{ awaits: "2", says: "", isAcceptance: false },
];
const DEFAULT_MESSAGE_OCTETS = 100;

/** Does once for all connections of a step what need not be done for each. */
export function prepareDialogue(dialogue: Dialogue): SmtpPlan {
	const { connectTimeoutMs } = dialogue;
	switch (dialogue.kind) {
		case "smtp": {
			const { messages, paceMs = 0, readTimeoutMs } = dialogue;
			const octets = dialogue.messageOctets ?? DEFAULT_MESSAGE_OCTETS;
			const turns = smtpTurns(messages, octets);
			return { turns, paceMs, connectTimeoutMs, readTimeoutMs };
		}
		case "hold": {
			const { readTimeoutMs } = dialogue;
			return { turns: HOLD_TURNS, paceMs: 0, connectTimeoutMs, readTimeoutMs };
		}
		case "connect-only":
			return { turns: [], paceMs: 0, connectTimeoutMs, readTimeoutMs: null };
		case "http":
		case "echo":
		case "silent":
			throw new Error(`the dialogue "${dialogue.kind}" cannot be played yet`);
		default:
			return unreachable(dialogue);
	}
}

/** What the client knows. Plain data, never changed in place. */
export interface SmtpState {
	readonly connectedMs: number | null;
	/** When the first line of the banner came. */
	readonly greetedMs: number | null;
	readonly endedMs: number | null;
	readonly outcome: ConnectionOutcome;
	/** The host name in the banner. */
	readonly greetedBy: string | null;
	/** The first reply that was not the one awaited. */
	readonly refusal: string | null;
	/** Messages handed over so far … */
	readonly messages: number;
	/** … and how many of them, the first ones, the backend has accepted. */
	readonly accepted: number;
	/** Index of the next turn. */
	readonly turn: number;
	/** Everything has been said: the connection may end. */
	readonly isDone: boolean;
	/** Received, and not a whole line yet. */
	readonly rest: string;
	/** Said when the pause is over. While it is empty, the timer is the time-out. */
	readonly toSay: string;
	/** Begins the ids of the messages; `null`: they have none. */
	readonly messagePrefix: string | null;
}

export type SmtpEvent =
	| DialogueEvent
	/** A step of the scenario: the client says something out of turn and waits for the reply. */
	| { readonly kind: "speak" }
	/** A step of the scenario: the client closes. */
	| { readonly kind: "close" }
	/** The backend is going to close, as the scenario has it. */
	| { readonly kind: "expect-close" };

export type SmtpStep = DialogueStep<SmtpState, ConnectionOutcome>;

/**
 * The first step, when the connection is being opened.
 * @param messagePrefix gives each message an id; no other connection's may be the same
 */
export function startSmtp(
	plan: SmtpPlan,
	messagePrefix: string | null = null,
): SmtpStep {
	const state: SmtpState = {
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

/** The id of the n-th message of a connection. */
export function messageId(prefix: string, message: number): string {
	return `${prefix}.${message}@client.example`;
}

/** A step while it is made: a copy of the state, and what has to be done. */
interface Draft {
	readonly plan: SmtpPlan;
	readonly next: { -readonly [Key in keyof SmtpState]: SmtpState[Key] };
	readonly outputs: DialogueOutput<ConnectionOutcome>[];
	readonly nowMs: number;
}

const STOP_TIMER = { kind: "timer", afterMs: null } as const;
const CLOSE = { kind: "close" } as const;
const ABANDON = { kind: "abandon" } as const;
const IGNORED: readonly never[] = [];

/**
 * Something happens.
 * @returns the same state, where the event changes nothing: when the dialogue is over, or when it
 * cannot speak yet
 */
export function takeSmtp(
	plan: SmtpPlan,
	state: SmtpState,
	event: SmtpEvent,
	nowMs: number,
): SmtpStep {
	const isTooEarly = event.kind === "speak" && state.connectedMs === null;
	if (state.outcome !== "open" || isTooEarly)
		return { state, outputs: IGNORED };
	const draft: Draft = { plan, next: { ...state }, outputs: [], nowMs };
	const { next, outputs } = draft;
	switch (event.kind) {
		case "connected":
			next.connectedMs = nowMs;
			if (plan.turns.length === 0) closeOurSide(draft);
			else awaitReply(draft);
			break;
		case "data":
			takeText(draft, event.text);
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
			say(draft, "NOOP\r\n");
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

function takeText(draft: Draft, text: string): void {
	const { next, nowMs } = draft;
	const { lines, rest } = takeLines(next.rest, text);
	next.rest = rest;
	for (const line of lines) {
		next.greetedMs ??= nowMs;
		next.greetedBy ??= nameInBanner(line);
		// 250-… announces another line of the same reply.
		if (line[3] !== "-") takeReply(draft, line);
	}
}

function takeReply(draft: Draft, line: string): void {
	const { plan, next, outputs } = draft;
	const turn = plan.turns[next.turn];
	next.toSay = "";
	if (turn === undefined) {
		outputs.push(STOP_TIMER);
		return;
	}
	next.turn++;
	if (line[0] !== turn.awaits) {
		next.refusal ??= line;
		// There is nothing left to say but goodbye.
		next.turn = plan.turns.length - 1;
		say(draft, QUIT);
		return;
	}
	if (turn.isAcceptance) next.accepted++;
	if (turn.says === null) {
		next.isDone = true;
		awaitReply(draft);
	} else if (turn.awaits === "3") {
		// 354 asks for the message.
		next.messages++;
		say(draft, withId(next, turn.says));
	} else if (turn.says !== "") say(draft, turn.says);
	else outputs.push(STOP_TIMER);
}

/** By its id a message is found again in the spool of a backend. */
function withId({ messagePrefix, messages }: SmtpState, text: string): string {
	if (messagePrefix === null) return text;
	return `Message-ID: <${messageId(messagePrefix, messages)}>\r\n${text}`;
}

function say(draft: Draft, text: string): void {
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

function awaitReply({ plan, outputs }: Draft): void {
	outputs.push({ kind: "timer", afterMs: plan.readTimeoutMs });
}

function closeOurSide({ next, outputs }: Draft): void {
	next.isDone = true;
	next.toSay = "";
	outputs.push(STOP_TIMER, CLOSE);
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
	{ connectedMs, isDone }: SmtpState,
	how: ConnectionEnd,
): ConnectionOutcome {
	const isConnected = connectedMs !== null;
	if (isConnected && isDone) return "completed";
	if (how === "timeout" || (how === "closed" && !isConnected))
		return isConnected ? "read-timeout" : "connect-timeout";
	return how === "closed" ? "cut-short" : how;
}
