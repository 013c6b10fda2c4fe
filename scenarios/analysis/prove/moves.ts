/** What may happen next: each step from a node, where it leads, and what it shows. */
import type { Operation } from "../../../sim/contract/gateway.ts";
import type { Service } from "../services/service.ts";
import type { End } from "../walk/decision.ts";
import { wrongBeliefs } from "./beliefs.ts";
import { type Check, goneBackends, speakLater, waiting } from "./gone.ts";
import { operations } from "./operations.ts";
import { races } from "./races.ts";
import type { EventName } from "./state/events.ts";
import type { Situation } from "./state/explorer.ts";
import { type Leaf, leavesOf, valuesIn } from "./state/leaves.ts";
import type {
	Moved,
	Node,
	PathStep,
	Phase,
	SearchOptions,
	Shown,
} from "./state/node.ts";
import { after } from "./state/node.ts";
import {
	arrivalOf,
	fromPort,
	isFromService,
	isOfBackend,
	type Segment,
	type Sent,
	segmentWords,
} from "./state/segments.ts";
import type { Values } from "./state/subject.ts";
import { endName, goesTo, noneOf, wentTo } from "./words.ts";

interface PacketMove {
	readonly segment: Segment;
	readonly to: Phase;
	/** Left out: it belongs to quiet operation. */
	readonly event?: EventName;
}

const RESETS: readonly PacketMove[] = [
	{ segment: "reset", to: "closed", event: "reset" },
	{ segment: "reset-back", to: "closed", event: "reset" },
];

/** Of packets that are not the first. */
const TCP_MOVES: Readonly<Record<Phase, readonly PacketMove[]>> = {
	idle: [],
	opening: [
		{ segment: "first", to: "opening", event: "retransmission" },
		{ segment: "reply", to: "answered" },
	],
	answered: [{ segment: "data", to: "open" }],
	open: [
		{ segment: "data", to: "open" },
		{ segment: "answer", to: "open" },
		{ segment: "fin", to: "closing" },
		...RESETS,
	],
	closing: [{ segment: "fin-back", to: "closing-both" }],
	"closing-both": [{ segment: "last-ack", to: "closed" }],
	closed: [],
};

const UDP_MOVES: Partial<Record<Phase, readonly PacketMove[]>> = {
	opening: [
		{ segment: "data", to: "opening" },
		{ segment: "reply", to: "open" },
	],
	open: [
		{ segment: "data", to: "open" },
		{ segment: "answer", to: "open" },
	],
};

/** Of another connection, which fills the table. */
const OTHER_PORT = 39_999;

export function* movesOf(
	node: Node,
	options: SearchOptions,
	check: Check,
): Generator<Moved> {
	const { events, subject } = options;
	if (node.gone !== null) {
		yield* speakLater(node, options, check);
		return;
	}
	const isAgain = node.phase === "closed" && events.has("same-port");
	if (isAgain) options.happens("same-port");
	if (node.phase === "idle" || isAgain)
		yield* firstPackets(node, options, check);
	yield* wrongBeliefs(node, options);
	yield* races(node, options, check);
	if (node.phase === "idle" && !node.isFull && events.has("table-full"))
		yield* fullTable(node, options);
	const isUdp = subject.first.packet.kind === "udp";
	const moves = isUdp ? UDP_MOVES[node.phase] : TCP_MOVES[node.phase];
	for (const move of moves ?? []) {
		const { event } = move;
		if (event !== undefined && !events.has(event)) continue;
		if (event !== undefined) options.happens(event);
		yield* laterPacket(node, move, options, check);
	}
	yield* goneBackends(node, options);
	yield* operations(node, options);
}

function* firstPackets(
	node: Node,
	options: SearchOptions,
	check: Check,
): Generator<Moved> {
	const { explorer, subject, keepsValues, events } = options;
	const arrival = subject.first;
	const { decision, after: situations } = explorer.packet(
		node.situation,
		arrival,
	);
	const taken = new Set<End>();
	const vectors = node.values === null ? vectorsOf(options) : [node.values];
	for (const values of vectors) {
		const actual = node.isForgotten ? {} : values;
		const own = new Set(leavesOf(decision, actual).map(({ end }) => end));
		for (const leaf of leavesOf(decision, actual, "any")) {
			const { end } = leaf;
			const step: PathStep = {
				kind: "packet",
				words: segmentWords("first", arrival.packet),
				arrival,
				leaf,
				...(node.isForgotten ? { values: {}, believed: values } : { values }),
			};
			const dead = node.dead ?? subject.deadIn(values);
			const shown = firstShown(leaf, dead, options, check);
			const isBackend = subject.meaning(end).kind === "backend";
			// The next packet of a client that was not served meets the same conditions.
			const keeps = keepsValues || !(isBackend || events.has("conditions"));
			const { next, last } = begun(node, step, {
				values: keeps ? values : null,
				situation: situations.get(end),
				sent: sentAt(end, subject.meaning(end).key),
				isBackend,
			});
			// What becomes of connections does not depend on what is so.
			const isNew =
				node.dead === null && own.has(end) && (keeps || !taken.has(end));
			taken.add(end);
			if (isNew || shown.length > 0)
				yield { node: isNew ? next : null, shown, last };
		}
	}
}

/** @returns the node that is looked at next, and the one that a violation ends with */
function begun(
	node: Node,
	step: PathStep,
	{
		values,
		situation,
		sent,
		isBackend,
	}: {
		readonly values: Values | null;
		readonly situation: Situation | undefined;
		readonly sent: Sent | null;
		readonly isBackend: boolean;
	},
): { readonly next: Node | null; readonly last: Node } {
	const changed: Partial<Node> = {
		values,
		sent: isBackend ? sent : null,
		phase: isBackend ? "opening" : "idle",
		...(situation === undefined ? {} : { situation }),
	};
	const last = after(node, step, changed);
	return { next: situation === undefined ? null : last, last };
}

/** Where values belong to the state, those that matter. */
function vectorsOf({ subject, keepsValues }: SearchOptions): readonly Values[] {
	return keepsValues && subject.vectors.length > MOST_KEPT
		? subject.client.vectors.map(({ conditions }) => conditions)
		: subject.vectors;
}

const MOST_KEPT = 64;

function sentAt({ fate, packet }: End, key: string): Sent | null {
	if (packet === null) return null;
	// What a program of the gateway's own answers comes from `lo`.
	const name = fate.kind === "forwarded" ? fate.interface : "lo";
	return { key, interface: name, packet };
}

function firstShown(
	{ end }: Leaf,
	dead: ReadonlySet<string>,
	{ subject, events }: SearchOptions,
	check: Check,
): readonly Shown[] {
	const { serves } = subject;
	const { kind, key, chosen } = subject.meaning(end);
	const all = subject.service.backends.map((one) => one.key);
	const alive = serves ? all.filter((one) => !dead.has(one)) : [];
	const shown: Shown[] = [];
	if (kind === "unknown")
		return (["liveness", "no-dead-backend", "affinity"] as const).map(
			(property) => ({ property, violated: null, why: key }),
		);
	if (alive.length > 0) {
		check("liveness");
		if (kind === "none")
			shown.push({
				property: "liveness",
				violated: { kind: "reach", backends: alive },
				why: whyNone(key, alive, subject.service),
			});
		const network = events.size > 0 ? null : subject.past(end);
		if (network !== null && kind === "backend" && !dead.has(key))
			shown.push({
				property: "liveness",
				violated: { kind: "past", backend: key },
				why: `${key} answers the client directly, since both are on ${network}, and the client has asked another address`,
			});
	}
	if (dead.size > 0) {
		check("no-dead-backend");
		if (dead.has(chosen))
			shown.push({
				property: "no-dead-backend",
				violated: { kind: "avoid", backends: [chosen] },
				why: `it ${goesTo(chosen, subject.service)}, which is dead`,
			});
	}
	return shown;
}

function whyNone(
	key: string,
	alive: readonly string[],
	service: Service,
): string {
	const ends = listed(alive.map((one) => endName(one, service)));
	const be = alive.length === 1 ? "is" : "are";
	const stands = service.balances === "source" ? "in use" : "alive";
	return `it reaches ${noneOf(key, service)}, and ${ends} ${be} ${stands}`;
}

const MOST_LISTED = 4;

function listed(names: readonly string[]): string {
	const more = names.length - MOST_LISTED;
	return more > 0
		? `${names.slice(0, MOST_LISTED).join(", ")} and ${more} more`
		: names.join(" and ");
}

function* laterPacket(
	node: Node,
	{ segment, to }: PacketMove,
	options: SearchOptions,
	check: Check,
): Generator<Moved> {
	const { explorer, subject } = options;
	const { sent } = node;
	if (sent === null) return;
	if (isOfBackend(segment) && isPast(sent, subject)) return;
	const arrival = arrivalOf(segment, subject.first, sent);
	const { decision, after: situations } = explorer.packet(
		node.situation,
		arrival,
	);
	const actual = node.isForgotten ? {} : node.values;
	const leaves = leavesOf(decision, actual);
	const unanswered =
		segment === "reply" || segment === "answer"
			? unansweredShown(node, leaves, options)
			: [];
	for (const leaf of leaves) {
		const step: PathStep = {
			kind: "packet",
			words: segmentWords(segment, arrival.packet),
			arrival,
			leaf,
			values: node.isForgotten ? {} : (node.values ?? valuesIn(leaf.answers)),
		};
		const situation = situations.get(leaf.end);
		const last = after(
			node,
			step,
			situation === undefined ? {} : { situation },
		);
		const { shown: ofPacket, goesOn } = isOfBackend(segment)
			? backendShown(leaf.end, options, check)
			: clientShown(leaf.end, sent, options, check);
		const shown = [...ofPacket, ...unanswered];
		const next = goesOn ? { ...last, phase: to } : last;
		const isOver = ofPacket.length > 0 || situation === undefined;
		const asks = leaf.answers.map(({ asked }) => asked.kind);
		yield { node: isOver ? null : next, shown, last, asks };
	}
}

/** In quiet operation the answer of a backend that is alive comes back to the client, on one of its ways at least. */
function unansweredShown(
	node: Node,
	leaves: readonly Leaf[],
	{ subject, events }: SearchOptions,
): readonly Shown[] {
	const { sent, values } = node;
	if (sent === null || events.size > 0 || leaves.length === 0) return [];
	if (subject.deadIn(values ?? subject.alive).has(sent.key)) return [];
	for (const { end } of leaves)
		if (end.fate.kind === "unknown") {
			const { reason } = end.fate.unknown;
			return [{ property: "liveness", violated: null, why: reason }];
		}
	const whys = leaves.map(({ end }) => whyUnanswered(end, subject));
	const why = whys.find((one) => one !== null) ?? null;
	if (why === null) return [];
	if (whys.includes(null)) {
		const [asked] = leaves.flatMap(({ answers }, index) =>
			whys[index] === null ? [] : unknownAsked(answers).slice(-1),
		);
		if (asked === undefined) return [];
		const words = `whether the answers of ${sent.key} come to the client depends on ${asked.on} (${asked.at.text}), and the model does not know that`;
		return [{ property: "liveness", violated: null, why: words }];
	}
	return [
		{
			property: "liveness",
			violated: { kind: "unanswered" },
			why: `the answer of ${sent.key} does not come to the client: ${why}`,
		},
	];
}

function whyUnanswered(
	end: End,
	{ stray, first }: SearchOptions["subject"],
): string | null {
	const { fate, answered } = end;
	if (fate.kind === "dropped")
		return `${answered === null ? "dropped" : "rejected"} by ${fate.by}`;
	const by = stray(end);
	return by === null
		? null
		: `it leaves by ${by}, and the client came by ${first.interface}`;
}

/** What the model was asked on a way, and does not know. */
function unknownAsked(answers: Leaf["answers"]) {
	return answers.flatMap(({ asked }) =>
		asked.kind === "open" && asked.isUnknown ? [asked] : [],
	);
}

/** Does the backend answer past the gateway? */
function isPast(
	{ interface: name, packet }: Sent,
	{ past }: SearchOptions["subject"],
): boolean {
	return (
		past({ fate: { kind: "forwarded", interface: name }, packet }) !== null
	);
}

interface LaterShown {
	readonly shown: readonly Shown[];
	/** It came where it was to come. */
	readonly goesOn: boolean;
}

function clientShown(
	end: End,
	{ key: own }: Sent,
	{ subject }: SearchOptions,
	check: Check,
): LaterShown {
	check("affinity");
	const { kind, key } = subject.meaning(end);
	if (key === own) return { shown: [], goesOn: true };
	const why =
		kind === "unknown"
			? key
			: `it ${goesTo(key, subject.service)}, and the connection's first packet ${wentTo(own, subject.service)}`;
	const violated =
		kind === "unknown" ? null : ({ kind: "reach", backends: [own] } as const);
	return { shown: [{ property: "affinity", violated, why }], goesOn: false };
}

function backendShown(
	{ fate, packet }: End,
	{ subject }: SearchOptions,
	check: Check,
): LaterShown {
	check("isolation");
	if (fate.kind === "unknown") {
		const { reason } = fate.unknown;
		return {
			shown: [{ property: "isolation", violated: null, why: reason }],
			goesOn: false,
		};
	}
	if (fate.kind !== "forwarded" || packet === null)
		return { shown: [], goesOn: false };
	if (isFromService(packet, subject.first.packet))
		return { shown: [], goesOn: true };
	const why =
		"the client gets a packet that is not from the address and port that it has asked";
	return {
		shown: [{ property: "isolation", violated: { kind: "untranslated" }, why }],
		goesOn: false,
	};
}

/** From when on a flow with answers is no guess any more, and is kept in a full table (`nf_conntrack_udp_packet`, 6.1). */
const STREAM_MS = 3_000;

/** Another connection stands, and the table has no room for a second one. */
function* fullTable(node: Node, options: SearchOptions): Generator<Moved> {
	const { explorer, subject } = options;
	const isUdp = subject.first.packet.kind === "udp";
	const first = fromPort(subject.first, OTHER_PORT);
	let at = node;
	let sent: Sent | null = null;
	for (const segment of ["first", "reply", "data"] as const) {
		if (isUdp && segment === "data") at = waiting(at, STREAM_MS, options);
		const arrival = arrivalOf(segment, first, sent);
		const passed = explorer.packet(at.situation, arrival);
		const values = subject.alive;
		const leaf = leavesOf(passed.decision, values).find(
			({ end }) =>
				end.fate.kind === "forwarded" ||
				subject.meaning(end).kind === "backend",
		);
		const situation = leaf && passed.after.get(leaf.end);
		if (leaf === undefined || situation === undefined) return;
		sent ??= sentAt(leaf.end, "");
		const words = `of another connection: ${segmentWords(segment, arrival.packet)}`;
		const step: PathStep = { kind: "packet", words, arrival, leaf, values };
		at = after(at, step, { situation });
	}
	const does: readonly Operation[] = [
		{ kind: "sysctl", name: "netfilter.nf_conntrack_max", value: 1 },
	];
	const full = after(
		at,
		{
			kind: "operate",
			words: "nf_conntrack_max is reached",
			operations: does,
		},
		{
			situation: explorer.operate(at.situation, "full", does),
			values: subject.alive,
			isFull: true,
		},
	);
	options.happens("table-full");
	yield { node: full, shown: [], last: full };
}
