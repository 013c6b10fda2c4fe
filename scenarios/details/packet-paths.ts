/** Follows packets through the rules, while somebody plays. */

import type { Answer, Ask } from "../../sim/contract/ask.ts";
import { droppedWords, WAITS_FOR } from "../../sim/contract/drop-reason.ts";
import type { Fate, TraceEvent } from "../../sim/contract/gateway.ts";
import type { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import { passedBy } from "../../sim/gateway/passed.ts";
import { printPacket } from "../../sim/packet/notation/notation.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import type { LinkEvent } from "../../sim/world/watch.ts";

/** A packet that came in, the rules that it met, and what came out; or one that went past the gateway, and met none. */
export interface PacketPath {
	readonly atMs: number;
	/** `null` for a packet by hand. */
	readonly connection: number | null;
	/** `past`: from host to host on the link of the interface, past the gateway. */
	readonly direction: "in" | "past";
	readonly in: InterfacePacket;
	readonly steps: readonly PathStep[];
	readonly out: readonly InterfacePacket[];
	/** `forwarded through bond0.205`, `delivered to the gateway itself`, `dropped by filter:INPUT:rule:1`. */
	readonly fate: string;
}

/** In one-line notation. */
interface InterfacePacket {
	readonly interface: string;
	readonly packet: string;
}

export interface PathStep {
	/** As TRACE spells it: `mangle:MAILMARK:rule:2`. */
	readonly place: string;
	/** `-A MAILMARK …`; `-P PREROUTING ACCEPT` for a policy; "" for the end of a user-defined chain. */
	readonly text: string;
	readonly markBefore: number;
	readonly markAfter: number;
	readonly connmark: number | null;
}

/** Rules of one packet that are kept; a packet may pass a million. */
const MOST_STEPS = 10_000;
/** So many packets of each connection are kept … */
export const PACKETS_OF_EACH = 8;
/** … and so many in all, besides those that took a path that none took before. */
const MOST_PACKETS = 400;

/**
 * Keeps the first packets of the connections that it is told, and every later one that took a path
 * through the rules that none before it took. Packets by hand belong to everybody.
 */
export class PathRecorder {
	readonly paths: PacketPath[] = [];
	private readonly followed: Pick<ReadonlySet<number>, "has">;
	private readonly kept = new Map<number | null, number>();
	private readonly walks = new Set<string>();
	private ask: Ask | null = null;
	/** By the packet's place in a race. */
	private steps: PathStep[][] = [];

	constructor(followed: Pick<ReadonlySet<number>, "has">) {
		this.followed = followed;
	}

	/** @returns whether the packet is followed */
	begin(ask: Ask): boolean {
		this.ask = null;
		if (ask.kind !== "packet" && ask.kind !== "race") return false;
		const connection = ask.kind === "packet" ? ask.connection : undefined;
		// Somebody sent it whose connection is not known, a health checker say: of no interest here.
		const isByHand = connection === undefined;
		if (!isByHand && (connection === null || !this.followed.has(connection)))
			return false;
		this.ask = ask;
		this.steps = [];
		return true;
	}

	note(event: TraceEvent): void {
		this.steps[event.racer] ??= [];
		const steps = this.steps[event.racer] as PathStep[];
		if (steps.length >= MOST_STEPS) return;
		const { table, chain, kind, number, text } = event;
		steps.push({
			place: `${table}:${chain}:${kind}:${number}`,
			text,
			markBefore: event.markBefore,
			markAfter: event.markAfter,
			connmark: event.connmark,
		});
	}

	/** @param gateway that has given the answer */
	end(answer: Answer, gateway: ModelGateway): void {
		const { ask, steps } = this;
		if (ask === null) return;
		for (const passed of passedBy(ask, answer, gateway))
			this.keep({
				atMs: ask.atMs,
				connection: (ask.kind === "packet" ? ask.connection : null) ?? null,
				direction: "in",
				in: { interface: passed.interface, packet: print(passed.packet) },
				steps: steps[passed.racer] ?? [],
				out: passed.emissions.map((one) => ({
					interface: one.interface,
					packet: print(one.packet),
				})),
				fate: describeFate(passed.fate),
			});
	}

	/** What hosts on one link say to each other, of the connections that are followed. */
	watch(event: LinkEvent): void {
		if (event.kind !== "arrives" || event.from === null) return;
		const { connection } = event;
		if (connection === null || !this.followed.has(connection)) return;
		this.keep({
			atMs: event.atMs,
			connection,
			steps: [],
			out: [],
			direction: "past",
			in: { interface: event.interface, packet: print(event.packet) },
			fate: `sent straight from ${event.from} to ${event.at}, past the gateway`,
		});
	}

	private keep(path: PacketPath): void {
		const { connection, steps } = path;
		const walk = steps.map(({ place }) => place).join(" ");
		const isNew = !this.walks.has(walk);
		this.walks.add(walk);
		const kept = this.kept.get(connection) ?? 0;
		const isFull =
			this.paths.length >= MOST_PACKETS ||
			(connection !== null && kept >= PACKETS_OF_EACH);
		if (isFull && !isNew) return;
		this.kept.set(connection, kept + 1);
		this.paths.push(path);
	}
}

function print(packet: Packet): string {
	return printPacket(packet, { payload: "length" });
}

function describeFate(fate: Fate | null): string {
	switch (fate?.kind) {
		case "forwarded":
			return `forwarded through ${fate.interface}`;
		case "delivered":
			return "delivered to the gateway itself";
		case "dropped":
			return `dropped ${droppedWords(fate.by)}`;
		case "queued":
			return `waiting for ${WAITS_FOR[fate.waitsFor]}`;
		case "unknown":
		case undefined:
			return "unknown";
	}
}
