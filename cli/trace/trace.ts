/** Plays the packets of the command line, one after the other, and shows what they met. */

import { assumedWords } from "../../scenarios/result/assumed.ts";
import type { TraceEvent } from "../../sim/contract/gateway.ts";
import { nearest } from "../../sim/edit-distance.ts";
import { behaviourOf } from "../../sim/linux/behaviour.ts";
import { DEFAULT_LINUX } from "../../sim/linux/linux.ts";
import { traceLines } from "../../sim/netfilter/trace-line.ts";
import { parsePacket } from "../../sim/packet/notation/notation.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import { PacketError } from "../../sim/packet/packet-error.ts";
import { LOOPBACK } from "../../sim/world/setup/services.ts";
import { EXIT } from "../base/exit-code.ts";
import { readRulesAndWorld } from "../options/read-world.ts";
import { InputError } from "../screen/input-error.ts";
import { err, out, whileShowing } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import type { TraceOptions } from "./options.ts";
import {
	type Played,
	printConntrack,
	printPlayed,
	printUnshown,
} from "./print.ts";
import { routerWith } from "./router.ts";

/** Rules of one packet that are shown; a packet may pass a million. */
const MOST_SHOWN = 10_000;

/** @returns the exit code */
export async function trace(
	file: string,
	options: TraceOptions,
): Promise<number> {
	const packets = options.packet.map(({ text, interfacesBefore }) => ({
		packet: readPacket(text),
		// One `--in` behind the packets serves as well as one before them.
		interface: options.in[Math.max(0, interfacesBefore - 1)] as string,
	}));
	let events: TraceEvent[] = [];
	let unshown = 0;
	const note = (event: TraceEvent) => {
		if (events.length < MOST_SHOWN) events.push(event);
		else unshown++;
	};
	const told = await readRulesAndWorld(file, options);
	err.show(told.given.notes.map(nameText));
	const { gateway, setup, assumptions, refused } = await whileShowing(
		`loading ${told.rules.name} …`,
		async () => routerWith(told, options, note),
	);
	err.show(refused.map(nameText));
	const names = setup.interfaces.map(({ name }) => name);
	for (const one of packets) mustBeThere(one.interface, names);
	const { paint } = out;
	const behaviour = behaviourOf(setup.linux ?? DEFAULT_LINUX);
	for (const { interface: name, packet } of packets) {
		events = [];
		unshown = 0;
		const { fate, emissions } = gateway.receive(name, packet);
		const played: Played = {
			interface: name,
			packet,
			events,
			unshown,
			fate,
			emissions,
		};
		const lines = options.kernelLog
			? [...traceLines(events, behaviour), ...printUnshown(played)]
			: [...printPlayed(played, paint), ""];
		out.show(lines);
		if (fate.kind === "unknown") return EXIT.unknown;
	}
	if (!options.kernelLog)
		out.show(printConntrack(gateway.observe().conntrack, paint));
	const { assume = new Map() } = options;
	err.show(
		assumedWords(
			[...assume].map(([key, value]) => {
				return { key, value, times: assumptions.times(key) };
			}),
		).map((line) => `assumed ${line}`),
	);
	return EXIT.holds;
}

function readPacket(text: string): Packet {
	try {
		return parsePacket(text);
	} catch (error) {
		if (!(error instanceof PacketError)) throw error;
		// It shows the line, its caret and an example by itself.
		const [what = "", ...shown] = error.message.split("\n");
		const lines = shown.map((line) => line.replace(/^ {2}/, ""));
		throw new InputError(`--packet: ${what}`, lines);
	}
}

function mustBeThere(name: string, names: readonly string[]): void {
	if (name === LOOPBACK || names.includes(name)) return;
	const meant = nearest(name, names);
	throw new InputError(
		`--in ${name}: the router has no such interface`,
		`${meant ? `Did you mean ${meant}? ` : ""}It has ${names.join(" and ")}, and lo for what it sends itself; --address ${name}=10.0.0.1/8 gives it another one.`,
	);
}
