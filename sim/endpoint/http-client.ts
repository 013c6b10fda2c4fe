/** The client's side of HTTP: requests on one connection, one after the other, each when the last is answered. */
import {
	awaitReply,
	closeOurSide,
	type DialogueMachine,
	type Draft,
	leaveUnserved,
	noteGreeting,
	say,
} from "./dialogue-machine.ts";
import {
	closesBehind,
	type HttpMessage,
	readAnswer,
	requestText,
	statusOf,
	statusWords,
} from "./protocols/http.ts";

const ASKED = { host: "service.example", path: "/" };

/** @param keepAlive the client closes, when all requests are answered; else the backend does, behind its answer */
export function webClient(
	requests: number,
	keepAlive: boolean,
): DialogueMachine {
	const request = requestText({ ...ASKED, keepAlive });
	return {
		connected: (draft) => ask(draft, request),
		take(draft, text) {
			const { next } = draft;
			next.rest += text;
			for (;;) {
				const reading = readAnswer(next.rest, false);
				if (reading.kind === "incomplete") return;
				if (reading.kind === "malformed") {
					next.refusal ??= "not an HTTP answer";
					next.rest = "";
					leaveUnserved(draft);
					return;
				}
				next.rest = reading.rest;
				takeAnswer(draft, reading.message, requests, request);
			}
		},
		// Before its turn, a request need not wait for the answer to the last.
		speak(draft) {
			ask(draft, request);
			return true;
		},
	};
}

function takeAnswer(
	draft: Draft,
	answer: HttpMessage,
	requests: number,
	request: string,
): void {
	const { next } = draft;
	noteGreeting(draft, answer.fields.get("server") ?? null);
	next.turn++;
	if (statusOf(answer.firstLine) < 400) next.accepted++;
	else next.refusal ??= statusWords(answer.firstLine);
	const isAnswered = next.turn >= next.messages;
	const isDone = isAnswered && (next.turn >= requests || next.refusal !== null);
	if (closesBehind(answer)) {
		next.isDone = isDone;
		awaitReply(draft);
	} else if (isDone) closeOurSide(draft);
	else if (isAnswered) ask(draft, request);
}

function ask(draft: Draft, request: string): void {
	draft.next.messages++;
	say(draft, request);
}
