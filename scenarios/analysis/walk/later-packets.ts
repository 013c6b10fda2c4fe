/**
 * Packets of a connection whose first packet has taken a way through the rules: the answer that comes back,
 * the client's next packet, and the first one once more.
 */
import { tcp, udp } from "../../../sim/packet/build.ts";
import type { Packet } from "../../../sim/packet/packet.ts";
import type { Decision, End } from "./decision.ts";
import { comesOutBy, endsOf } from "./ends-of.ts";
import {
	type Arrival,
	type Before,
	OWN_INTERFACE,
	type Walker,
} from "./walker.ts";

const SYN_ACK = 18;
const ACK = 16;

/** What comes after a first packet along one of its ways. Each is walked with all of its own ways. */
export interface LaterPackets {
	/** The first packet once more: a retransmission. */
	readonly again: Decision;
	/**
	 * The backend's answer, by the interface by which the first packet left, or that of a program of the gateway's own;
	 * `null`: it came to nobody.
	 */
	readonly answer: Decision | null;
	/** The client's packet after that answer; `null`: there was none, or it did not come back to the client. */
	readonly next: Decision | null;
	/**
	 * What the backend sends after that one; `null`: that did not come to the backend, or no rule that its answer met
	 * tells the two apart.
	 */
	readonly data: Decision | null;
}

/**
 * @param end where the first packet came to, as `walk` gives it; at the gateway itself a program is said to listen
 * @param ended hears of each end of these packets, while the gateway is as the packet has left it
 */
export function laterPackets(
	walker: Walker,
	first: Arrival,
	end: End,
	ended?: (end: End) => void,
): LaterPackets {
	const before: Before = { ...first, ways: end.ways };
	const { fate: reached, packet: arrived } = end;
	const listening = {
		...(reached.kind === "delivered" && arrived !== null
			? { listens: arrived }
			: {}),
		...(ended === undefined ? {} : { ended }),
	};
	const again = walker.walk(first, { ...listening, before: [before] });
	const answer = answerTo(end);
	if (answer === null) return { again, answer: null, next: null, data: null };
	const { valuesMet } = walker;
	const back = walker.walk(answer, { ...listening, before: [before] });
	const areAlike =
		answer.packet.kind !== "tcp" || walker.valuesMet === valuesMet;
	const returned = firstEnd(back, (end) => comesBack(end, first));
	if (!comesBack(returned, first))
		return { again, answer: back, next: null, data: null };
	const next: Arrival = {
		interface: first.interface,
		packet: nextOf(first.packet),
	};
	const known = [before, { ...answer, ways: returned.ways }];
	const ways = walker.walk(next, { ...listening, before: known });
	const said = firstEnd(ways, ({ fate }) => fate.kind === end.fate.kind);
	const isThere = said.fate.kind === end.fate.kind;
	if (areAlike || !isThere)
		return { again, answer: back, next: ways, data: null };
	const data = walker.walk(
		{ ...answer, packet: nextOf(answer.packet) },
		{ ...listening, before: [...known, { ...next, ways: said.ways }] },
	);
	return { again, answer: back, next: ways, data };
}

/** Ends of a packet behind which the same packet is walked. */
const MOST_ONCE_MORE = 64;

/**
 * The packet that follows, once more, behind each end of the first of its kind: a second answer, or the packet after the
 * client's next one.
 * @returns [] where there are too many ends
 */
export function onceMore(
	walker: Walker,
	first: Arrival,
	end: End,
	which: "answer" | "next",
): readonly Decision[] {
	const answer = answerTo(end);
	if (answer === null) return [];
	const { fate, packet } = end;
	const listens =
		fate.kind === "delivered" && packet !== null ? { listens: packet } : {};
	const before: Before = { ...first, ways: end.ways };
	const behind = (arrival: Arrival, known: readonly Before[]) => {
		const ends = endsOf(walker.walk(arrival, { ...listens, before: known }));
		if (ends.length > MOST_ONCE_MORE) return [];
		return ends.map(({ ways }) =>
			walker.walk(arrival, {
				...listens,
				before: [...known, { ...arrival, ways }],
			}),
		);
	};
	if (which === "answer") return behind(answer, [before]);
	const back = walker.walk(answer, { ...listens, before: [before] });
	const returned = firstEnd(back, (one) => comesBack(one, first));
	const next = { interface: first.interface, packet: nextOf(first.packet) };
	return behind(next, [before, { ...answer, ways: returned.ways }]);
}

/** Between two connections of a client. */
const COMES_AGAIN_MS = 1_000;

/**
 * The first packet of the client's next connection, with what rules remember of the first one.
 * @param end where that one's first packet came to; `null` is what comes of one that no rule remembers
 */
export function comesAgain(
	walker: Walker,
	first: Arrival,
	{ remembers, ways }: End,
): Decision | null {
	const { packet } = first;
	const hasPorts = packet.kind === "tcp" || packet.kind === "udp";
	if (!remembers || !hasPorts) return null;
	const { sourcePort } = packet;
	const other = sourcePort < 0xffff ? sourcePort + 1 : sourcePort - 1;
	return walker.walk(
		{ interface: first.interface, packet: { ...packet, sourcePort: other } },
		{ before: [{ ...first, ways, thenMs: COMES_AGAIN_MS }] },
	);
}

/** Does an answer come to the client that has sent the first packet? */
function comesBack({ fate, packet }: End, first: Arrival): boolean {
	const isForClient = packet?.destination === first.packet.source;
	return first.interface === OWN_INTERFACE
		? // An answer that meets no rule is not seen on its way.
			fate.kind === "delivered" && (isForClient || packet === null)
		: fate.kind === "forwarded" &&
				fate.interface === first.interface &&
				isForClient;
}

/** The end that a walk comes to by the first of its ways, or by the first that is wanted. */
function firstEnd(decision: Decision, isWanted: (end: End) => boolean): End {
	let at = decision;
	while (at.kind === "fork") at = at.ways[0] as Decision;
	if (isWanted(at.end)) return at.end;
	return endsOf(decision).find(isWanted) ?? at.end;
}

/** What is said to the packet by whom it reached; `null`: it reached nobody, or its protocol has no answer here. */
export function answerTo({ fate, packet }: End): Arrival | null {
	const from = comesOutBy(fate);
	if (from === null || packet === null) return null;
	const { source: destination, destination: source } = packet;
	if (packet.kind === "tcp")
		return {
			interface: from,
			isAnswer: true,
			packet: tcp({
				source,
				destination,
				sourcePort: packet.destinationPort,
				destinationPort: packet.sourcePort,
				flags: SYN_ACK,
				seq: 1000,
				ack: packet.seq + 1,
			}),
		};
	if (packet.kind !== "udp") return null;
	return {
		interface: from,
		isAnswer: true,
		packet: udp({
			source,
			destination,
			sourcePort: packet.destinationPort,
			destinationPort: packet.sourcePort,
			payload: "answer",
		}),
	};
}

function nextOf(first: Packet): Packet {
	return first.kind === "tcp"
		? {
				...first,
				flags: ACK,
				seq: (first.seq + 1) | 0,
				ack: first.ack === 0 ? 1001 : first.ack,
			}
		: first;
}
