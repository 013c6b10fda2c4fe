/**
 * What a kernel said. `tcp-corpus.jsonl` holds random TCP conversations that were sent, packet by
 * packet, through a Debian kernel 6.1.192 with nothing but conntrack in it, and what
 * `--ctstate` matched and `/proc/net/nf_conntrack` showed after each of them.
 *
 * A line is a conversation between 10.0.0.10 (o) and 192.168.0.1:25 (r), with the
 * `nf_conntrack_*` settings that it was played with. A step is
 *
 *     DIRECTION FLAGS SEQ ACK WINDOW OCTETS [mssN wsN sok tsV/E sackL/R] = CTSTATE [STATE ORIGIN TIMEOUT [assured] [unreplied]]
 *
 * where ORIGIN is the side that the entry's original direction starts from; nothing stands behind
 * CTSTATE when there was no entry.
 */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { seededChoice } from "../../chance/seeded.ts";
import { DEFAULT_BEHAVIOUR } from "../../linux/behaviour.ts";
import { tcp } from "../../packet/build.ts";
import type { TcpOptions, TcpPacket } from "../../packet/packet.ts";
import { NF_ACCEPT } from "../../packet/skb/skb.ts";
import { skbOf } from "../../packet/skb/skb-packet.ts";
import { Conntrack } from "../conntrack.ts";
import { Sysctls } from "../settings/sysctls.ts";
import { ctstateOf } from "../test-hooks.ts";

interface Conversation {
	readonly kind: string;
	readonly sysctls: Readonly<Record<string, number>>;
	readonly steps: readonly string[];
}

const corpus = readFileSync(
	new URL("./tcp-corpus.jsonl", import.meta.url),
	"utf8",
)
	.trimEnd()
	.split("\n")
	.map((line) => JSON.parse(line) as Conversation);

const CLIENT = "10.0.0.10";
const SERVER = "192.168.0.1";
const FLAG_ORDER = "FSRPAUEC";

function optionsOf(words: readonly string[]): Partial<TcpOptions> {
	const numbers = (prefix: string): number[][] =>
		words
			.filter((word) => word.startsWith(prefix))
			.map((word) => word.slice(prefix.length).split("/").map(Number));
	const [mss] = numbers("mss");
	const [windowScale] = numbers("ws");
	const [timestamp] = numbers("ts");
	return {
		...(mss ? { mss: mss[0] ?? 0 } : {}),
		...(windowScale ? { windowScale: windowScale[0] ?? 0 } : {}),
		sackPermitted: words.includes("sok"),
		...(timestamp
			? { timestamp: { value: timestamp[0] ?? 0, echo: timestamp[1] ?? 0 } }
			: {}),
		sack: numbers("sack").map(([left = 0, right = 0]) => [left | 0, right | 0]),
	};
}

function packetOfStep(step: string): TcpPacket {
	const [direction, flags = "", seq, ack, window, octets, ...options] = (
		step.split(" = ")[0] ?? ""
	).split(" ");
	const isForward = direction === "o";
	return tcp({
		source: isForward ? CLIENT : SERVER,
		destination: isForward ? SERVER : CLIENT,
		sourcePort: isForward ? 40000 : 25,
		destinationPort: isForward ? 25 : 40000,
		flags: [...flags].reduce(
			(sum, letter) => sum | ((1 << FLAG_ORDER.indexOf(letter)) & 0xff),
			0,
		),
		seq: Number(seq),
		ack: Number(ack),
		window: Number(window),
		payload: "x".repeat(Number(octets)),
		...(options.length > 0 ? { options: optionsOf(options) } : {}),
	});
}

/** What the model says of a packet, in the corpus's words. */
function said(conntrack: Conntrack, packet: TcpPacket): string {
	const skb = skbOf(packet);
	const passed = conntrack.incoming(skb) === NF_ACCEPT;
	const words: (string | number)[] = [passed ? ctstateOf(skb) : "dropped"];
	if (passed) expect(conntrack.confirm(skb)).toBe(NF_ACCEPT);
	conntrack.release(skb);
	const [entry, ...others] = conntrack.lines();
	expect(others).toEqual([]);
	if (entry !== undefined)
		words.push(
			entry.state,
			entry.original.source === CLIENT ? "o" : "r",
			entry.timeoutS,
			...(entry.assured ? ["assured"] : []),
			...(entry.unreplied ? ["unreplied"] : []),
		);
	return words.join(" ");
}

/** Plays a conversation; every step with what the model says of it. */
function replay({ sysctls, steps }: Conversation): string[] {
	const settings = new Sysctls();
	for (const [name, value] of Object.entries(sysctls))
		expect(settings.set(`netfilter.nf_conntrack_${name}`, value)).toEqual({
			kind: "written",
		});
	const conntrack = new Conntrack({
		clock: { nowMs: 0 },
		choice: seededChoice(1),
		behaviour: DEFAULT_BEHAVIOUR,
		sysctls: settings,
	});
	return steps.map(
		(step) =>
			`${step.split(" = ")[0]} = ${said(conntrack, packetOfStep(step))}`,
	);
}

describe("conversations that a 6.1 kernel has judged", () => {
	const kinds = [...new Set(corpus.map(({ kind }) => kind))];

	it.each(kinds)("%s", (kind) => {
		for (const conversation of corpus.filter((one) => one.kind === kind))
			expect(replay(conversation)).toEqual(conversation.steps);
	});

	it("are many", () => {
		expect(corpus.flatMap(({ steps }) => steps).length).toBeGreaterThan(3000);
	});
});
