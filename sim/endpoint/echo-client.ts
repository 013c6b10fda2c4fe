/** A client that sends messages and waits until each has come back. */
import {
	closeOurSide,
	type DialogueMachine,
	type Draft,
	noteGreeting,
	say,
} from "./dialogue-machine.ts";

/** @param octets length of each message */
export function echoClient(messages: number, octets: number): DialogueMachine {
	const message = messageOf(octets);
	const next = (draft: Draft) => {
		if (draft.next.turn >= messages) {
			closeOurSide(draft);
			return;
		}
		draft.next.turn++;
		send(draft, message);
	};
	return {
		connected: next,
		take(draft, text) {
			const { rest } = draft.next;
			noteGreeting(draft, null);
			// What its backend says out of turn is no echo.
			if (rest === "" || !rest.startsWith(text)) return;
			draft.next.rest = rest.slice(text.length);
			if (draft.next.rest !== "") return;
			draft.next.accepted++;
			next(draft);
		},
		speak: (draft) => send(draft, "hello\r\n"),
	};
}

function send(draft: Draft, text: string): void {
	draft.next.rest += text;
	say(draft, text);
}

/** A line. */
function messageOf(octets: number): string {
	return `${"x".repeat(Math.max(0, octets - 2))}\r\n`.slice(-octets);
}
