/** The client's side of SMTP (RFC 5321). */
import {
	awaitNothing,
	awaitReply,
	type DialogueMachine,
	type DialogueState,
	type Draft,
	noteGreeting,
	say,
} from "./dialogue-machine.ts";
import {
	isOneLine,
	nameInBanner,
	QUIT,
	type SmtpTurn,
	smtpTurns,
	takeLines,
} from "./protocols/smtp.ts";

const HOLD_TURNS: readonly SmtpTurn[] = [
	{ awaits: "2", says: "", isAcceptance: false },
];

/** Hands over messages. @param octets length of each one's text */
export function mailClient(messages: number, octets: number): DialogueMachine {
	return speakingTurns(smtpTurns(messages, octets));
}

/** Waits for the banner, and leaves. */
export function mailCaller(): DialogueMachine {
	return speakingTurns([
		{ awaits: "2", says: QUIT, isAcceptance: false },
		{ awaits: "2", says: null, isAcceptance: false },
	]);
}

/** Waits for the banner, and stays. */
export function mailHolder(): DialogueMachine {
	return speakingTurns(HOLD_TURNS);
}

function speakingTurns(turns: readonly SmtpTurn[]): DialogueMachine {
	return {
		connected: awaitReply,
		take(draft, text) {
			const { next } = draft;
			// Nearly always it is one line, whole.
			if (next.rest === "" && isOneLine(text)) {
				takeLine(draft, turns, text.slice(0, -2));
				return;
			}
			const { lines, rest } = takeLines(next.rest, text);
			next.rest = rest;
			for (const line of lines) takeLine(draft, turns, line);
		},
		speak(draft) {
			say(draft, "NOOP\r\n");
			return true;
		},
	};
}

function takeLine(
	draft: Draft,
	turns: readonly SmtpTurn[],
	line: string,
): void {
	const isNamed = draft.next.greetedBy !== null;
	noteGreeting(draft, isNamed ? null : nameInBanner(line));
	// 250-… announces another line of the same reply.
	if (line[3] !== "-") takeReply(draft, turns, line);
}

function takeReply(
	draft: Draft,
	turns: readonly SmtpTurn[],
	line: string,
): void {
	const { next } = draft;
	const turn = turns[next.turn];
	next.toSay = "";
	if (turn === undefined) {
		awaitNothing(draft);
		return;
	}
	next.turn++;
	if (line[0] !== turn.awaits) {
		next.refusal ??= line;
		// There is nothing left to say but goodbye.
		next.turn = turns.length - 1;
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
	else awaitNothing(draft);
}

/** By its id a message is found again in the spool of a backend. */
function withId(
	{ messagePrefix, messages }: DialogueState,
	text: string,
): string {
	if (messagePrefix === null) return text;
	return `Message-ID: <${messageId(messagePrefix, messages)}>\r\n${text}`;
}

/** The id of the n-th message of a connection. */
export function messageId(prefix: string, message: number): string {
	return `${prefix}.${message}@client.example`;
}
