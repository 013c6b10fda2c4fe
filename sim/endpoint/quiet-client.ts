/** Clients that connect, and say something only when a step of the scenario has them do so. */
import {
	awaitNothing,
	closeOurSide,
	type DialogueMachine,
	type Draft,
	noteGreeting,
	say,
} from "./dialogue-machine.ts";
import { nameInBanner } from "./protocols/smtp.ts";

/** Closes as soon as the connection stands. */
export function passerBy(): DialogueMachine {
	return {
		connected: closeOurSide,
		take: hear,
		// It has closed.
		speak: () => false,
	};
}

/** Stays. @param words what it says when a step has it speak */
export function quietClient(words: string): DialogueMachine {
	return {
		connected: awaitNothing,
		take(draft, text) {
			hear(draft, text);
			awaitNothing(draft);
		},
		speak(draft) {
			say(draft, words);
			return true;
		},
	};
}

function hear(draft: Draft, text: string): void {
	noteGreeting(draft, nameInBanner(text));
}
