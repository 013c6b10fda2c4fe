/**
 * How much a scenario plays. Every number in it may be within its bounds and all of them together
 * more than a machine has memory and a person has patience for.
 */
import type { Dialogue } from "../../../sim/endpoint/dialogue.ts";
import { dialogueOf } from "../../../sim/world/setup/services.ts";
import type { Scenario } from "../scenario.ts";
import type { ScenarioFault } from "../scenario-error.ts";
import { MOST_CONNECTIONS } from "../schema/schema-steps.ts";

/** A play makes some hundred thousand a second. */
const MOST_PACKETS = 100_000_000;
/** A play keeps the result of each. */
const MOST_PROBES = 5_000_000;

/** Handshake and closing, banner, QUIT. */
const PACKETS_OF_A_CONNECTION = 12;
/** MAIL, RCPT, DATA and their answers. */
const PACKETS_OF_A_MESSAGE = 10;
/** Octets in a segment of a link with an MTU of 1500. */
const SEGMENT = 1_448;

/** Faults of a scenario that plays too much, one for each limit. */
export function checkWork({
	setup,
	steps,
	endMs,
}: Scenario): readonly ScenarioFault[] {
	const connects = steps.filter((step) => step.kind === "connect");
	const sends = steps.filter((step) => step.kind === "send");
	const connections = sum([
		...connects.map(({ count }) => count),
		...sends.map(({ count, sockets }) => (sockets === "one" ? 1 : count)),
	]);
	const packets = sum([
		...connects.map((step) => step.count * packetsOf(dialogueOf(setup, step))),
		// Each may be answered.
		...sends.map(({ count, reply }) => count * (reply?.attempts ?? 1) * 2),
	]);
	const { healthCheck } = setup;
	const probes = healthCheck
		? (endMs / healthCheck.intervalMs) * healthCheck.targets.length
		: 0;
	const faults: ScenarioFault[] = [];
	const limit = (much: number, most: number, words: Words) => {
		if (much > most)
			faults.push({
				path: words.path,
				message: `${shown(much)} ${words.what} are more than a play may have: ${shown(most)}`,
				remedy: words.remedy,
			});
	};
	limit(connections, MOST_CONNECTIONS, {
		path: "steps",
		what: "connections",
		remedy:
			"Lower the counts of the `connect` and `send` steps, or make several scenarios.",
	});
	limit(packets, MOST_PACKETS, {
		path: "steps",
		what: "packets (about)",
		remedy: "Lower `count`, `messages` or `messageOctets`.",
	});
	limit(probes, MOST_PROBES, {
		path: "setup.healthCheck.intervalMs",
		what: "probes until the end",
		remedy: "Make `intervalMs` longer, or `endMs` earlier.",
	});
	return faults;
}

interface Words {
	readonly path: string;
	readonly what: string;
	readonly remedy: string;
}

function packetsOf(dialogue: Dialogue): number {
	const [messages, octets] = messagesOf(dialogue);
	const segments = 2 * (octets / SEGMENT);
	return PACKETS_OF_A_CONNECTION + messages * (PACKETS_OF_A_MESSAGE + segments);
}

/** What goes over a connection, and how long each of it is. */
function messagesOf(
	dialogue: Dialogue,
): readonly [messages: number, octets: number] {
	switch (dialogue.kind) {
		case "smtp":
			return [dialogue.messages, dialogue.messageOctets ?? 0];
		case "http":
			return [dialogue.requests, 0];
		case "echo":
			// There and back.
			return [dialogue.messages, 2 * (dialogue.messageOctets ?? 0)];
		default:
			return [0, 0];
	}
}

function sum(numbers: readonly number[]): number {
	return numbers.reduce((total, number) => total + number, 0);
}

/** `5,000,000`; always in English, so that a message is the same everywhere. */
function shown(number: number): string {
	return Math.round(number).toLocaleString("en");
}
