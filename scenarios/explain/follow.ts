/** Keeps, while a scenario is played once more, what became of the packets of some connections. */

import type { Answer, Ask } from "../../sim/contract/ask.ts";
import type { Emission, Fate, TraceEvent } from "../../sim/contract/gateway.ts";
import type { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import { passedBy } from "../../sim/gateway/passed.ts";
import { needsConntrack } from "../../sim/netfilter/loaded-tables.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import type { RouteReason } from "../../sim/routing/routes.ts";
import type { LinkEvent } from "../../sim/world/watch.ts";
import { isSame } from "./words.ts";

/** A packet that came into the gateway, and what became of it there. */
export interface Passage {
	readonly kind: "gateway";
	readonly atMs: number;
	readonly interface: string;
	readonly packet: Packet;
	/** The rules that it matched, … */
	readonly steps: readonly TraceEvent[];
	/** … and those that the gateway's own answer to it matched. */
	readonly answerSteps: readonly TraceEvent[];
	readonly fate: Fate;
	/** What came out at once. */
	readonly out: readonly Emission[];
	/** Where it waits for the address of its next hop: as it is to be sent. */
	readonly waiting: Waiting | null;
	/** How its route was found, where that is worth a word. */
	readonly route: RouteReason | null;
	/** Went to the gateway itself, when no rule needed conntrack: nothing is tracked then. */
	readonly isPastConntrack: boolean;
}

type Waiting = ModelGateway["waiting"][number];

export type Happening = Passage | LinkEvent;

/** A connection's log keeps its beginning, its end, and what the rules of nat decided between them. */
const MOST_HAPPENINGS = 120;
const FIRST_HAPPENINGS = 40;

export class Follower {
	readonly byHand: Passage[] = [];
	private readonly logs = new Map<number, Happening[]>();
	private ask: (Ask & { readonly kind: "packet" | "race" }) | null = null;
	private steps: TraceEvent[] = [];

	/** @param connections ids of those to follow; packets by hand are followed anyway */
	constructor(connections: Iterable<number>) {
		for (const id of connections) this.logs.set(id, []);
	}

	/** In the order of time; empty for a connection that no packet is known of. */
	log(connection: number): readonly Happening[] {
		return this.logs.get(connection) ?? [];
	}

	/** @returns whether the packet's rules are to be traced */
	begin(ask: Ask): boolean {
		this.ask = null;
		this.steps = [];
		if (ask.kind !== "packet" && ask.kind !== "race") return false;
		const connection = connectionOf(ask);
		const isByHand = connection === undefined;
		if (!isByHand && (connection === null || !this.logs.has(connection)))
			return false;
		this.ask = ask;
		return true;
	}

	note(event: TraceEvent): void {
		this.steps.push(event);
	}

	/** @param gateway that has given the answer */
	end(answer: Answer, gateway: ModelGateway): void {
		const { ask, steps } = this;
		if (ask === null) return;
		const connection = connectionOf(ask);
		for (const passed of passedBy(ask, answer, gateway)) {
			const { interface: name, packet, fate, racer, emissions } = passed;
			if (fate === null) continue;
			const own = steps.filter((step) => step.racer === racer);
			const passage: Passage = {
				kind: "gateway",
				atMs: ask.atMs,
				interface: name,
				packet,
				fate,
				out: emissions,
				waiting: waitingOf(packet, fate, gateway),
				route: routeOf(ask, name, gateway),
				isPastConntrack:
					fate.kind === "delivered" && isPastConntrack(own, gateway),
				...ofPacket(own, name),
			};
			if (connection === undefined) this.byHand.push(passage);
			else this.keep(connection, passage);
		}
	}

	watch(event: LinkEvent): void {
		this.keep(event.connection, event);
	}

	private keep(connection: number | null, happening: Happening): void {
		const log = connection === null ? undefined : this.logs.get(connection);
		if (log === undefined) return;
		log.push(happening);
		if (log.length <= MOST_HAPPENINGS) return;
		const least = log.findIndex(
			(one, index) => index >= FIRST_HAPPENINGS && !isTranslated(one),
		);
		log.splice(least < 0 ? FIRST_HAPPENINGS : least, 1);
	}
}

/** The rules that it matched saw it before it was translated, and none knows its next hop. */
function waitingOf(
	packet: Packet,
	fate: Fate,
	gateway: ModelGateway,
): Waiting | null {
	if (fate.kind !== "queued" || fate.waitsFor !== "neighbour") return null;
	return gateway.waiting.findLast((one) => isSame(one.packet, packet)) ?? null;
}

/** The state that a rule saw tells it at once; without one, the ruleset has to be looked through. */
function isPastConntrack(
	steps: readonly TraceEvent[],
	gateway: ModelGateway,
): boolean {
	const seen = steps.find(({ table }) => table !== "raw");
	return seen === undefined
		? !needsConntrack(gateway.ruleset)
		: seen.ctstate === null;
}

/** Of packets that race, the last one's alone would be known. */
function routeOf(
	{ kind }: Ask,
	from: string,
	{ routeReasons }: ModelGateway,
): RouteReason | null {
	if (kind !== "packet") return null;
	return from === "lo" ? routeReasons.output : routeReasons.input;
}

/** Rules of nat have seen it: it began an entry of conntrack. */
function isTranslated(happening: Happening): boolean {
	return (
		happening.kind === "gateway" &&
		happening.steps.some(({ table }) => table === "nat")
	);
}

/** `undefined` for packets by hand. */
function connectionOf(
	ask: Ask & { readonly kind: "packet" | "race" },
): number | null | undefined {
	return ask.kind === "packet" ? ask.connection : undefined;
}

/** An answer that the gateway makes up walks through OUTPUT and POSTROUTING when its cause is done. */
function ofPacket(
	steps: readonly TraceEvent[],
	from: string,
): Pick<Passage, "steps" | "answerSteps"> {
	const isAnswered =
		from !== "lo" && steps.some(({ hook }) => hook === "OUTPUT");
	const isAnswers = ({ hook }: TraceEvent) =>
		isAnswered && (hook === "OUTPUT" || hook === "POSTROUTING");
	return {
		steps: steps.filter((step) => !isAnswers(step)),
		answerSteps: steps.filter(isAnswers),
	};
}
