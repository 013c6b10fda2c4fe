/** What a scenario says of a dialogue → a plan that clients carry out, in the model and in containers. */
import { unreachable } from "../invariant.ts";
import type { Dialogue } from "./dialogue.ts";
import type { DialogueMachine, DialoguePlan } from "./dialogue-machine.ts";
import { echoClient } from "./echo-client.ts";
import { webClient } from "./http-client.ts";
import type { Program } from "./program.ts";
import { requestText } from "./protocols/http.ts";
import { passerBy, quietClient } from "./quiet-client.ts";
import { mailClient, mailHolder } from "./smtp-client.ts";

const DEFAULT_OCTETS = 100;

/**
 * Does once for all connections of a step what need not be done for each.
 * @param speaks what is spoken where they go
 */
export function prepareDialogue(
	dialogue: Dialogue,
	speaks: Program["kind"] = "smtp",
): DialoguePlan {
	const { connectTimeoutMs } = dialogue;
	return {
		machine: machineOf(dialogue, speaks),
		paceMs: "paceMs" in dialogue ? (dialogue.paceMs ?? 0) : 0,
		connectTimeoutMs,
		readTimeoutMs: "readTimeoutMs" in dialogue ? dialogue.readTimeoutMs : null,
	};
}

function machineOf(
	dialogue: Dialogue,
	speaks: Program["kind"],
): DialogueMachine {
	switch (dialogue.kind) {
		case "smtp":
			return mailClient(
				dialogue.messages,
				dialogue.messageOctets ?? DEFAULT_OCTETS,
			);
		case "http":
			return webClient(dialogue.requests, dialogue.keepAlive);
		case "echo":
			return echoClient(
				dialogue.messages,
				dialogue.messageOctets ?? DEFAULT_OCTETS,
			);
		case "hold":
			return speaks === "smtp" ? mailHolder() : quietClient(WORDS[speaks]);
		case "silent":
			return quietClient(WORDS[speaks]);
		case "connect-only":
			return passerBy();
		default:
			return unreachable(dialogue);
	}
}

/** What a client says that a step has speak, by what is spoken there. */
const WORDS: Readonly<Record<Program["kind"], string>> = {
	smtp: "NOOP\r\n",
	http: requestText({ host: "service.example", path: "/", keepAlive: true }),
	echo: "hello\r\n",
	silent: "hello\r\n",
};
