import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dialogue } from "./dialogue.ts";
import {
	type ClientEvent,
	type ClientStep,
	type DialogueState,
	startDialogue,
	takeDialogue,
} from "./dialogue-machine.ts";
import { prepareDialogue } from "./prepare-dialogue.ts";
import { startTalk } from "./program.ts";

const PATIENCE = { connectTimeoutMs: 1_000, readTimeoutMs: 500 };
const MAIL: Dialogue = {
	kind: "smtp",
	messages: 1,
	messageOctets: 1,
	...PATIENCE,
};
const HOLD: Dialogue = { kind: "hold", ...PATIENCE };

/** `send EHLO client.example`, the first line of a text alone; `timer 500`, `timer off`; `result completed` … */
function written(outputs: ClientStep["outputs"]): string {
	return outputs
		.map((output) => {
			switch (output.kind) {
				case "send":
					return `send ${output.text.split("\r\n")[0]}`;
				case "timer":
					return `timer ${output.afterMs ?? "off"}`;
				case "result":
					return `result ${output.result}`;
				default:
					return output.kind;
			}
		})
		.join(", ");
}

/** `220 b1 ESMTP` is a line that arrives; a word alone is another event; `ended reset`: how. */
function eventOf(text: string): ClientEvent {
	if (/^\d/.test(text)) return { kind: "data", text: `${text}\r\n` };
	const [kind, how] = text.split(" ");
	return { kind, ...(how === undefined ? {} : { how }) } as ClientEvent;
}

/** Plays events, one each millisecond; what has to be done stands behind each. */
function play(
	dialogue: Dialogue,
	rows: readonly (readonly [event: string, outputs: string])[],
	messagePrefix: string | null = null,
): DialogueState {
	const plan = prepareDialogue(dialogue);
	const first = startDialogue(plan, messagePrefix);
	expect(written(first.outputs)).toBe("timer 1000");
	let { state } = first;
	const told = rows.map(([event], index) => {
		const step = takeDialogue(plan, state, eventOf(event), index + 1);
		state = step.state;
		return [event, written(step.outputs)];
	});
	expect(told).toEqual(rows);
	return state;
}

const OVER = "timer off, result";
const GREETED = [
	["connected", "timer 500"],
	["220 b1 ESMTP", "send EHLO client.example, timer 500"],
] as const;
const HANDED_OVER = [
	...GREETED,
	["250 b1", "send MAIL FROM:<sender@client.example>, timer 500"],
	["250 Ok", "send RCPT TO:<recipient@service.example>, timer 500"],
	["250 Ok", "send DATA, timer 500"],
	["354 go", "send From: <sender@client.example>, timer 500"],
] as const;

describe("a message", () => {
	test("is handed over, accepted, and the backend closes after the QUIT", () => {
		const state = play(MAIL, [
			...HANDED_OVER,
			["250 queued", "send QUIT, timer 500"],
			["221 Bye", "timer 500"],
			["peer-closed", "timer off, close"],
			["ended closed", `${OVER} completed`],
			["ended reset", ""],
		]);
		expect(state).toMatchObject({
			outcome: "completed",
			connectedMs: 1,
			greetedMs: 2,
			endedMs: 10,
			greetedBy: "b1",
			messages: 1,
			accepted: 1,
			refusal: null,
		});
	});

	test("has an id where the backend's spool is looked at", () => {
		const plan = prepareDialogue({ ...MAIL, messages: 2 });
		let { state } = startDialogue(plan, "c1.7");
		const said: string[] = [];
		for (const event of [
			"connected",
			"220 b1 ESMTP",
			"250 b1",
			"250 Ok",
			"250 Ok",
			"354 go",
			"250 queued",
			"250 Ok",
			"250 Ok",
			"354 go",
			"250 queued",
		]) {
			const step = takeDialogue(plan, state, eventOf(event), 0);
			state = step.state;
			for (const output of step.outputs)
				if (output.kind === "send")
					said.push(output.text.split("\r\n")[0] ?? "");
		}
		expect(said.filter((line) => line.startsWith("Message-ID"))).toEqual([
			"Message-ID: <c1.7.1@client.example>",
			"Message-ID: <c1.7.2@client.example>",
		]);
		expect(state).toMatchObject({ messages: 2, accepted: 2 });
	});

	test("is not accepted by a backend that refuses it, and the client says QUIT", () => {
		const state = play(MAIL, [
			...HANDED_OVER,
			["554 no", "send QUIT, timer 500"],
			["221 Bye", "timer 500"],
			["ended closed", `${OVER} completed`],
		]);
		expect(state).toMatchObject({ messages: 1, accepted: 0 });
		expect(state.refusal).toBe("554 no");
	});

	test("may be paced: the time-out of a reply begins when something was said", () => {
		play({ ...MAIL, paceMs: 20 }, [
			["connected", "timer 500"],
			["220 b1 ESMTP", "timer 20"],
			["timer", "send EHLO client.example, timer 500"],
			["timer", `${OVER} read-timeout, abandon`],
		]);
	});
});

describe("a reply", () => {
	test("of several lines is one, and the banner's first line is the greeting", () => {
		const state = play(MAIL, [
			["connected", "timer 500"],
			["220-wait", ""],
			["220 b1 ESMTP", "send EHLO client.example, timer 500"],
		]);
		expect(state).toMatchObject({ greetedMs: 2, greetedBy: "b1" });
	});

	test("may come in pieces", () => {
		const plan = prepareDialogue(MAIL);
		const line = "220 b1 ESMTP\r\n";
		const whole = takeDialogue(
			plan,
			startDialogue(plan).state,
			{ kind: "data", text: line },
			5,
		);
		fc.assert(
			fc.property(fc.nat(line.length), (at) => {
				let { state } = startDialogue(plan);
				let outputs: ClientStep["outputs"] = [];
				for (const text of [line.slice(0, at), line.slice(at)]) {
					const step = takeDialogue(plan, state, { kind: "data", text }, 5);
					state = step.state;
					outputs = [...outputs, ...step.outputs];
				}
				expect({ state, outputs }).toEqual(whole);
			}),
		);
	});
});

describe("a connection that is held", () => {
	test("waits without end, speaks and closes when a step says so", () => {
		const state = play(HOLD, [
			["speak", ""],
			["connected", "timer 500"],
			["220 b1 ESMTP", "timer off"],
			["speak", "send NOOP, timer 500"],
			["250 Ok", "timer off"],
			["close", "timer off, close"],
			["ended closed", `${OVER} completed`],
			["close", ""],
		]);
		expect(state.outcome).toBe("completed");
	});

	test("is cut short when the backend closes, unless the scenario has it so", () => {
		const closes = [
			["peer-closed", "timer off, close"],
			["ended closed", `${OVER} cut-short`],
		] as const;
		const held = [
			["connected", "timer 500"],
			["220 b1 ESMTP", "timer off"],
		] as const;
		play(HOLD, [...held, ...closes]);
		play(HOLD, [
			...held,
			["expect-close", ""],
			["peer-closed", "timer off, close"],
			["ended closed", `${OVER} completed`],
		]);
	});

	test("that only connects closes at once", () => {
		play({ kind: "connect-only", connectTimeoutMs: 1_000 }, [
			["connected", "timer off, close"],
			["ended closed", `${OVER} completed`],
		]);
	});
});

describe("how a connection ends", () => {
	test.each([
		["before it stands", [], "ended refused", "refused"],
		["before it stands", [], "ended unreachable", "unreachable"],
		["before it stands", [], "ended reset", "reset"],
		["before it stands", [], "ended no-port", "no-port"],
		["before it stands", [], "ended timeout", "connect-timeout"],
		["before it stands", [], "ended closed", "connect-timeout"],
		["in the dialogue", GREETED, "ended reset", "reset"],
		["in the dialogue", GREETED, "ended timeout", "read-timeout"],
		["in the dialogue", GREETED, "ended closed", "cut-short"],
	] as const)("%s %j: %s", (_, before, event, outcome) => {
		play(MAIL, [...before, [event, `${OVER} ${outcome}`]]);
	});

	test.each([
		["before it stands", [], "timer", "connect-timeout"],
		["before it stands", [], "close", "connect-timeout"],
		["in the dialogue", GREETED, "timer", "read-timeout"],
	] as const)("%s %j, its client gives up: %s", (_, before, event, outcome) => {
		play(MAIL, [...before, [event, `${OVER} ${outcome}, abandon`]]);
	});

	test("a backend that does not close after the QUIT is a time-out", () => {
		play({ ...MAIL, messages: 0 }, [
			...GREETED,
			["250 b1", "send QUIT, timer 500"],
			["221 Bye", "timer 500"],
			["timer", `${OVER} read-timeout, abandon`],
		]);
	});
});

test("a state is never changed in place, and what is over stays as it is", () => {
	const plan = prepareDialogue(MAIL);
	const events = fc.constantFrom(
		"connected",
		"220 b1 ESMTP",
		"250 Ok",
		"354 go",
		"421 no",
		"timer",
		"peer-closed",
		"ended closed",
		"ended reset",
		"speak",
		"close",
	);
	fc.assert(
		fc.property(fc.array(events), (all) => {
			let state = Object.freeze(startDialogue(plan).state);
			for (const [atMs, event] of all.entries()) {
				const step = takeDialogue(plan, state, eventOf(event), atMs);
				const results = step.outputs.filter(({ kind }) => kind === "result");
				const isOver =
					state.outcome === "open" && step.state.outcome !== "open";
				expect(results).toHaveLength(isOver ? 1 : 0);
				if (state.outcome !== "open") expect(step.state).toBe(state);
				state = Object.freeze(step.state);
			}
		}),
	);
});

test("a mail server answers a message the same, whole or in parts", () => {
	const message = fc
		.array(fc.constantFrom("a", "..", ".", ""), { maxLength: 5 })
		.map((lines) => [...lines, "."].map((line) => `${line}\r\n`).join(""));
	fc.assert(
		fc.property(message, (text) => {
			const answersTo = (parts: readonly string[]) => {
				const talk = startTalk(
					{ kind: "smtp" },
					{ name: "b1", isUnavailable: false },
				);
				talk.read("DATA\r\n");
				const all = parts.flatMap((part) => talk.read(part));
				return all.map((saying) => saying.text).filter((one) => one !== "");
			};
			expect(answersTo([text])).toEqual(answersTo([...text]));
		}),
		{ seed: 1, numRuns: 300 },
	);
});
