/** Dialogues as the turns that their two ends take, one after the other: what clients and programs of scenarios say. */
import type { Dialogue } from "../../../sim/endpoint/dialogue.ts";
import {
	type ClientEvent,
	startDialogue,
	takeDialogue,
} from "../../../sim/endpoint/dialogue-machine.ts";
import { prepareDialogue } from "../../../sim/endpoint/prepare-dialogue.ts";
import { type Saying, startTalk } from "../../../sim/endpoint/program.ts";
import type { Side, SpokenPlan } from "./plan.ts";

/** One end says something, or closes (""). */
export interface Turn {
	readonly side: Side;
	readonly text: string;
}

const PATIENCE = { connectTimeoutMs: null, readTimeoutMs: null };

function dialogueOf({ speaks, isLong }: SpokenPlan): Dialogue {
	switch (speaks) {
		case "smtp":
			return { kind: "smtp", messages: isLong ? 2 : 1, ...PATIENCE };
		case "http": {
			const requests = isLong ? 3 : 1;
			return { kind: "http", requests, keepAlive: isLong, ...PATIENCE };
		}
		case "echo":
			return { kind: "echo", messages: isLong ? 3 : 1, ...PATIENCE };
		case "silent":
			return { kind: "connect-only", connectTimeoutMs: null };
	}
}

/** What is said once the connection stands. */
export function turnsOf(spoken: SpokenPlan): readonly Turn[] {
	const { speaks, isUnavailable } = spoken;
	const plan = prepareDialogue(dialogueOf(spoken), speaks);
	const talk = startTalk({ kind: speaks }, { name: "b1", isUnavailable });
	const turns: Turn[] = [];
	const closed = new Set<Side>();
	let { state } = startDialogue(plan);
	const close = (side: Side) => {
		if (closed.has(side)) return;
		closed.add(side);
		turns.push({ side, text: "" });
		// A program closes when its client has.
		if (side === "client") close("server");
	};
	const hear = (event: ClientEvent) => {
		const step = takeDialogue(plan, state, event, 0);
		state = step.state;
		for (const output of step.outputs)
			if (output.kind === "send") {
				turns.push({ side: "client", text: output.text });
				if (!closed.has("server")) answer(talk.read(output.text));
			} else if (output.kind === "close") close("client");
	};
	const answer = (sayings: readonly Saying[]) => {
		for (const { text, closes } of sayings) {
			if (closed.has("server")) return;
			if (text !== "") turns.push({ side: "server", text });
			if (closes) close("server");
			if (text !== "") hear({ kind: "data", text });
			if (closes) hear({ kind: "peer-closed" });
		}
	};
	hear({ kind: "connected" });
	answer(talk.begin());
	return turns;
}
