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
	const usual = messageOf(octets, null);
	const next = (draft: Draft) => {
		if (draft.next.turn >= messages) {
			closeOurSide(draft);
			return;
		}
		draft.next.turn++;
		const { messagePrefix: id } = draft.next;
		send(draft, id === null ? usual : messageOf(octets, id));
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
		speak(draft) {
			send(draft, "hello\r\n");
			return true;
		},
	};
}

function send(draft: Draft, text: string): void {
	draft.next.rest += text;
	say(draft, text);
}

/** A line, which names its connection where messages have ids: `#c1.17 xxxx`. Then it may be longer. */
function messageOf(octets: number, id: string | null): string {
	const name = id === null ? "" : `#${id} `;
	return `${name.padEnd(octets - 2, "x")}\r\n`.slice(
		-Math.max(octets, name.length + 2),
	);
}
