/**
 * What becomes of connections that stand while an edit is loaded: each is opened under the old rules, and the
 * next packets of both its ends are walked under what is loaded then.
 */
import type { GatewaySetup } from "../../../sim/contract/gateway.ts";
import type { Ruleset } from "../../../sim/contract/ruleset.ts";
import { UnknownSignal } from "../../../sim/contract/unknown-signal.ts";
import type { GatewaySnapshot } from "../../../sim/gateway/model-gateway.ts";
import { type Backend, DEFAULT_LINUX } from "../../../sim/linux/linux.ts";
import type { Packet } from "../../../sim/packet/packet.ts";
import { printRuleset } from "../../../sim/ruleset/print.ts";
import { checkRules } from "../../../sim/script/check-rules.ts";
import {
	arrivalOf,
	fromPort,
	isFromService,
	isOfBackend,
	type Segment,
	type Sent,
} from "../prove/state/segments.ts";
import { contains } from "../spaces/intervals.ts";
import type { End } from "../walk/decision.ts";
import { endsOf, portOf } from "../walk/ends-of.ts";
import {
	type Arrival,
	type Before,
	TooManyWaysError,
	Walker,
	type WalkOptions,
} from "../walk/walker.ts";
import type { Classes, PacketClass } from "./classes.ts";
import { editOf, LOADS, type Load } from "./edits.ts";
import { effectOf, effectWords, getsThrough } from "./effect.ts";
import { alignRulesets, changesPolicy } from "./kinds/align.ts";
import type { Sides } from "./kinds/sides.ts";

/** What becomes of a connection, the worst first. */
const OUTCOMES = [
	"broken",
	"untranslated",
	"moved",
	"unknown",
	"kept",
] as const;
/** What becomes of a connection. */
export type Outcome = (typeof OUTCOMES)[number];

/** A connection, by what it was opened for. */
interface Connection {
	readonly of: PacketClass;
	/** Where it goes under the old rules: `10.20.0.11:80`. */
	readonly to: string;
	readonly first: Arrival;
	readonly sent: Sent;
	/** Answers get through: those of TCP always do, or it would not stand. */
	readonly isAnswered: boolean;
}

interface Standing {
	readonly connection: Connection;
	/** What may become of it: several where counters, draws or conditions decide; the worst first. */
	readonly outcomes: readonly Outcome[];
	/** The same of it where nothing is loaded. */
	readonly without: readonly Outcome[];
}

/** An edit that was loaded. */
export interface Loaded {
	readonly backend: Backend;
	readonly load: Load;
	/** Why it could not be; `null`: it was. */
	readonly refused: string | null;
	/** Rules of the old file that are still there, and of the new one that are not. */
	readonly leftOver: number;
	readonly missing: number;
	/** Built-in chains that end otherwise than in the new file. */
	readonly policies: number;
	readonly standing: readonly Standing[];
}

/** Connections that are opened. */
const MOST_CONNECTIONS = 400;
const FIRST_PORT = 41_000;
const BACKENDS: readonly Backend[] = ["legacy", "nft"];

export interface StandingResult {
	readonly loaded: readonly Loaded[];
	readonly gaps: readonly string[];
}

/** Connections of each class, and of each kind of which first packets do not tell what becomes of them. */
export function standingIn(
	sides: Sides,
	{ classes, kinds }: Pick<Classes, "classes" | "kinds">,
): StandingResult {
	const gaps = new Set<string>();
	const known = new Set(classes.map(({ arrival }) => arrival));
	const openings = [
		...classes.filter(({ arrival: { packet } }) => hasPorts(packet)),
		...kinds.filter(
			({ arrival, comparison }) =>
				!(hasPorts(arrival.packet) && known.has(arrival)) &&
				// Of others it is told what becomes of first packets.
				(hasPorts(arrival.packet) || comparison.verdict === "same"),
		),
	];
	const loaded = BACKENDS.flatMap((backend) =>
		onBackend(sides, openings, backend, (gap) => gaps.add(gap)),
	);
	const own = (sides.world.setup.linux ?? DEFAULT_LINUX).backend;
	for (const { backend, load, refused } of loaded)
		if (backend === own && load === "restore" && refused !== null)
			gaps.add(`standing connections were not followed: ${refused}`);
	return { loaded, gaps: [...gaps] };
}

function onBackend(
	sides: Sides,
	classes: readonly PacketClass[],
	backend: Backend,
	onGap: (gap: string) => void,
): readonly Loaded[] {
	const { world, before, after, alignment } = sides;
	const linux = { ...(world.setup.linux ?? DEFAULT_LINUX), backend };
	const setup: GatewaySetup = { ...world.setup, linux };
	const none = { leftOver: 0, missing: 0, policies: 0, standing: [] };
	const refused = refusal(before.ruleset, setup);
	if (refused !== null)
		return LOADS.map((load) => {
			return { backend, load, refused: `the old rules: ${refused}`, ...none };
		});
	const walker = new Walker(before.ruleset, setup, world.assume);
	const { connections, from } = opened(walker, sides, classes, onGap);
	const without = connections.map((one) =>
		outcomesOf(walker, one, from, onGap),
	);
	return LOADS.map((load): Loaded => {
		walker.gateway.restore(from);
		const edit = editOf(load, alignment, after.ruleset, linux);
		try {
			for (const operation of edit) {
				const outcome = walker.gateway.operate(operation);
				if (!outcome.ok)
					return { backend, load, refused: outcome.message.trim(), ...none };
			}
		} catch (error) {
			if (!(error instanceof UnknownSignal)) throw error;
			return { backend, load, refused: error.reason, ...none };
		}
		// Of a large ruleset it takes a while, so not for nothing.
		const then = connections.length > 0 ? walker.gateway.snapshot() : from;
		const { chains } = alignRulesets(walker.gateway.ruleset, after.ruleset);
		return {
			backend,
			load,
			refused: null,
			leftOver: sum(chains.map(({ removed }) => removed.length)),
			missing: sum(chains.map(({ added }) => added.length)),
			policies: chains.filter(changesPolicy).length,
			standing: connections.map((connection, index) => ({
				connection,
				outcomes: outcomesOf(walker, connection, then, onGap),
				without: without[index] ?? [],
			})),
		};
	});
}

function sum(numbers: readonly number[]): number {
	return numbers.reduce((all, one) => all + one, 0);
}

/** Why the rules do not load there; `null`: they do. */
function refusal(ruleset: Ruleset, setup: GatewaySetup): string | null {
	const { linux = DEFAULT_LINUX } = setup;
	const text = printRuleset(ruleset, { counters: false, linux });
	const { ruleset: read, faults } = checkRules(text, { file: "", linux });
	return read === null ? (faults[0]?.message ?? "they do not load") : null;
}

interface Opened {
	readonly connections: readonly Connection[];
	/** All of them stand. */
	readonly from: GatewaySnapshot;
}

function opened(
	walker: Walker,
	{ marksRoute }: Sides,
	classes: readonly PacketClass[],
	onGap: (gap: string) => void,
): Opened {
	const connections: Connection[] = [];
	walker.gateway.restore(walker.begin);
	for (const of of classes) {
		const seen = new Set<string>();
		for (const end of endsOf(of.opening)) {
			const options = {
				packet: of.arrival.packet,
				keepsPort: false,
				marksRoute,
				ruleOf: walker.rules.find.bind(walker.rules),
			};
			const effect = effectOf(end, options);
			const to = effectWords(effect);
			// A reset takes the connection with it. Of the gateway's own ports it is said that somebody listens.
			const isOwn = end.fate.kind === "delivered";
			if (!getsThrough(effect) || (end.answered !== null && !isOwn)) continue;
			const key = `${to} ${end.connmark}`;
			if (seen.has(key)) continue;
			seen.add(key);
			if (connections.length >= MOST_CONNECTIONS) {
				onGap(
					`standing connections: the first ${MOST_CONNECTIONS} kinds were opened`,
				);
				return { connections, from: walker.gateway.snapshot() };
			}
			const port = FIRST_PORT + connections.length;
			const first = arrivalOf("first", withPort(of, port, seen.size), null);
			if (isOwn && end.packet !== null) walker.listen(end.packet);
			const stands = open(walker, first, end.ways);
			if (stands === null) continue;
			connections.push({ of, to, first, ...stands });
		}
	}
	return { connections, from: walker.gateway.snapshot() };
}

function hasPorts({ kind }: Packet): boolean {
	return kind === "tcp" || kind === "udp";
}

/** From a port of its own, where rules ask for none. */
function withPort(
	{ arrival, spaces }: PacketClass,
	port: number,
	count: number,
): Arrival {
	const isFree =
		spaces[0] !== undefined && contains(spaces[0].sourcePort, port);
	return isFree || count > 1 ? fromPort(arrival, port) : arrival;
}

/** Its first packets pass; the gateway is then as they have left it. @returns `null`: it does not get that far */
function open(
	walker: Walker,
	first: Arrival,
	ways: readonly number[],
): Pick<Connection, "sent" | "isAnswered"> | null {
	const { fate, packet } = walker.follow(first, ways);
	if (packet === null) return null;
	if (fate.kind !== "forwarded" && fate.kind !== "delivered") return null;
	const name = fate.kind === "forwarded" ? fate.interface : "lo";
	const sent: Sent = { key: "", interface: name, packet };
	const passes = (segment: Segment) =>
		walker.follow(arrivalOf(segment, first, sent), []).fate.kind !== "dropped";
	const isAnswered = passes("reply");
	const stands = (isAnswered || packet.kind !== "tcp") && passes("data");
	return stands ? { sent, isAnswered } : null;
}

/** Both ends may be the next to speak. What one of them says may be what breaks the connection for what comes then. */
const ROUNDS: readonly (readonly Segment[])[] = [
	["data", "answer", "data"],
	["answer", "data", "answer"],
];
/** Of a connection that nobody answers. */
const UNANSWERED: typeof ROUNDS = [["data", "data"]];
/** Packets that are walked of a connection. */
const MOST_WALKED = 500;

function outcomesOf(
	walker: Walker,
	connection: Connection,
	from: GatewaySnapshot,
	onGap: (gap: string) => void,
): readonly Outcome[] {
	const { first, sent, isAnswered } = connection;
	const found = new Set<Outcome>();
	let walked = 0;
	const follow = (
		[segment, ...then]: readonly Segment[],
		before: readonly Before[],
		worst: Outcome,
	): void => {
		if (segment === undefined) return void found.add(worst);
		const arrival = arrivalOf(segment, first, sent);
		const ends =
			walked++ < MOST_WALKED
				? walkFrom(walker, arrival, { from, before })
				: null;
		if (ends === null) {
			onGap("a packet of a standing connection has too many ways");
			return void found.add("unknown");
		}
		for (const end of ends) {
			const is = isOfBackend(segment)
				? ofBackend(end, connection)
				: ofClient(end, connection);
			// What breaks for one end breaks for both.
			const both = OUTCOMES.find((one) => one === is || one === worst) ?? is;
			const isOver = both === "broken" || both === "unknown";
			const more = { ...arrival, ways: end.ways };
			follow(isOver ? [] : then, [...before, more], both);
		}
	};
	for (const round of isAnswered ? ROUNDS : UNANSWERED)
		follow(round, [], "kept");
	return OUTCOMES.filter((one) => found.has(one));
}

function walkFrom(
	walker: Walker,
	arrival: Arrival,
	options: WalkOptions,
): readonly End[] | null {
	try {
		return endsOf(walker.walk(arrival, options));
	} catch (error) {
		if (!(error instanceof TooManyWaysError)) throw error;
		return null;
	}
}

function ofClient({ fate, packet }: End, { first, sent }: Connection): Outcome {
	if (fate.kind === "unknown" || fate.kind === "queued") return "unknown";
	if (fate.kind === "dropped") return "broken";
	// A packet that meets no rule is not seen on its way: it goes where its connection goes.
	if (packet === null) return "kept";
	const name = fate.kind === "forwarded" ? fate.interface : "lo";
	const went = placeOf(packet);
	if (went === placeOf(sent.packet) && name === sent.interface) return "kept";
	const isAsItCame = went === placeOf(first.packet);
	return isAsItCame && placeOf(sent.packet) !== placeOf(first.packet)
		? "untranslated"
		: "moved";
}

/** Where from, and where to. */
function placeOf(packet: Packet): string {
	const port = "sourcePort" in packet ? packet.sourcePort : 0;
	return `${packet.source} ${port} ${packet.destination} ${portOf(packet)}`;
}

function ofBackend(
	{ fate, packet }: End,
	{ first, sent }: Connection,
): Outcome {
	if (fate.kind === "unknown" || fate.kind === "queued") return "unknown";
	if (fate.kind === "dropped") return "broken";
	if (packet === null) return "kept";
	if (isFromService(packet, first.packet)) return "kept";
	const wasTranslated = placeOf(sent.packet) !== placeOf(first.packet);
	return wasTranslated ? "untranslated" : "moved";
}
