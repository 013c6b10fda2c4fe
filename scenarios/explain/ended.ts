/** How a connection ended, from its first SYN to the place where it did not get on. */
import { FIN } from "../../sim/packet/packet.ts";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import type { RuleBook, RulePlace } from "../result/rule-place.ts";
import { type Asked, senderOf } from "./blame.ts";
import type { Happening, Passage } from "./follow.ts";
import { visitsOf } from "./moved.ts";
import { pathWords, translator, untracker } from "./path.ts";
import type { Scene } from "./scene.ts";
import { isClients, type Stop, stopsOf } from "./stop.ts";
import { type Blamed, stopWords, type Told } from "./stop-words.ts";
import { asks, foundIn, isSyn, named, packetName } from "./words.ts";

/** What an explanation tells of a connection. */
export interface Ended extends Told {
	/** It got to where it went; at once, or `late`: its first SYN was lost, and a later one connected it. */
	readonly course: "arrived" | "late" | "stopped";
}

/** @param asked what the judgement wants to know about it */
export function endedWords(
	log: readonly Happening[],
	connection: ConnectionRecord,
	{ asked, scene }: { readonly asked: Asked; readonly scene: Scene },
): Ended {
	const about = { connection, asked, scene };
	const late = lateWords(log, about);
	return late === null ? endWords(log, about) : { ...late, course: "late" };
}

interface About {
	readonly connection: ConnectionRecord;
	readonly asked: Asked;
	readonly scene: Scene;
}

/** Where the first SYN was lost of a connection that came about with a later one; `null` for every other one. */
function lateWords(log: readonly Happening[], about: About): Told | null {
	const { connection, scene } = about;
	const { outcome, connectedMs, syns } = connection;
	if (outcome !== "completed" && outcome !== "open") return null;
	if (connectedMs === null || syns < 2) return null;
	const lost = stopsOf(log, connection, scene).find(
		({ at }) =>
			at.atMs < connectedMs &&
			isSyn(at.packet) &&
			isClients(at, connection, scene),
	);
	const again = log.findLast(
		(one): one is Passage =>
			one.kind === "gateway" &&
			one.atMs <= connectedMs &&
			isSyn(one.packet) &&
			isClients(one, connection, scene),
	);
	if (lost === undefined || again === undefined) return null;
	const first = leadingSyn(log, connection, { stop: lost, scene });
	const { words, rule } = stoppedWords(lost, { syn: first, log }, about);
	return {
		words: `${words}; ${pathWords(again, scene.book, "the SYN sent again")} → ${goalWords(connection, scene)}`,
		rule,
	};
}

function endWords(log: readonly Happening[], about: About): Ended {
	const { connection, asked, scene } = about;
	if (connection.outcome === "no-port")
		return {
			words: noPortWords(connection),
			rule: null,
			course: "stopped",
		};
	const stop = decisiveStop(stopsOf(log, connection, scene), connection);
	const syn = leadingSyn(log, connection, { stop, scene });
	if (stop !== null)
		return { ...stoppedWords(stop, { syn, log }, about), course: "stopped" };
	if (syn === null)
		return {
			words:
				connection.outcome === "unreachable"
					? `no route of the gateway's leads to ${scene.serviceOf(connection)}: the kernel refused it to the program (ENETUNREACH), and nothing was sent`
					: "no packet of it came to the gateway",
			rule: null,
			course: "stopped",
		};
	// Nothing stopped it.
	const { backend } = connection;
	const to = arrivedAt(syn, log, about);
	const shown = to === backend ? syn : (cameTo(backend, log, about) ?? syn);
	return {
		words: `${pathWords(shown, scene.book)} → ${goalWords(connection, scene)}`,
		rule: senderOf(shown, asked, scene.book),
		course: "arrived",
	};
}

/** What the kernel of the client said when the port was asked for. */
function noPortWords({ sourcePort, protocol }: ConnectionRecord): string {
	if (sourcePort === 0)
		return "the client had no free source port, and sent nothing";
	return protocol === "udp"
		? `another socket of the client had port ${sourcePort}: bind() failed (EADDRINUSE), and nothing was sent`
		: `the client had a connection from port ${sourcePort} to the same place: connect() failed (EADDRNOTAVAIL), and nothing was sent`;
}

/** The backend that a packet of the client's came to; `null` where that is not known. */
function arrivedAt(
	passage: Passage | null,
	log: readonly Happening[],
	{ connection, scene }: About,
): string | null {
	const visits = visitsOf(log, connection, scene);
	return visits.find((one) => one.passage === passage)?.backend ?? null;
}

/** The first packet of the client's that came to the backend: others of the connection may have gone elsewhere. */
function cameTo(
	backend: string | null,
	log: readonly Happening[],
	{ connection, scene }: About,
): Passage | null {
	const visits = visitsOf(log, connection, scene);
	return visits.find((one) => one.backend === backend)?.passage ?? null;
}

function goalWords(connection: ConnectionRecord, scene: Scene): string {
	const { backend, outcome, startedMs } = connection;
	// A half-open connection has no end, but what became of its backend tells why.
	const atMs =
		connection.endedMs ??
		(outcome === "half-open" ? Number.POSITIVE_INFINITY : startedMs);
	const name =
		backend === null ? "no backend" : scene.backendWords(backend, atMs);
	switch (outcome) {
		case "completed":
		case "answered":
		case "sent":
			return name;
		case "open":
			return `${name}; it is still open at the end`;
		case "half-open":
			return `${name}, which has no such connection any more; the client holds it still`;
		case "cut-short":
			return `${name}, which closed before the dialogue was done, or spoke another language`;
		case "unanswered":
			return `${name}, which did not answer`;
		case "read-timeout":
			return `${name}, which did not answer within the client's time-out`;
		case "reset":
			return `${name}, which reset the connection`;
		default:
			return `${name}: ${outcome}`;
	}
}

/** The last one that has to do with how it ended. */
function decisiveStop(
	stops: readonly Stop[],
	{ outcome, connectedMs, endedMs }: ConnectionRecord,
): Stop | null {
	if (["completed", "answered", "sent"].includes(outcome)) return null;
	const isTimeout = outcome.endsWith("timeout") || outcome === "unanswered";
	return (
		stops.findLast(
			({ at }) =>
				(connectedMs === null || at.atMs >= connectedMs) &&
				// What its end made it send did not end it.
				!(isTimeout && endedMs !== null && at.atMs >= endedMs),
		) ?? null
	);
}

/** The client's SYN or datagram that met the rules: what is sent again follows the first one's translation. */
function leadingSyn(
	log: readonly Happening[],
	connection: ConnectionRecord,
	{ stop, scene }: { readonly stop: Stop | null; readonly scene: Scene },
): Passage | null {
	const before = stop?.at.atMs ?? Number.POSITIVE_INFINITY;
	const syns = log.filter(
		(one): one is Passage =>
			one.kind === "gateway" &&
			one.atMs <= before &&
			asks(one.packet) &&
			isClients(one, connection, scene),
	);
	return (
		syns.findLast(({ steps }) => steps.some(({ table }) => table === "nat")) ??
		syns[0] ??
		null
	);
}

function stoppedWords(
	stop: Stop,
	{
		syn,
		log,
	}: { readonly syn: Passage | null; readonly log: readonly Happening[] },
	about: About,
): Told {
	const { connection, asked, scene } = about;
	const { book } = scene;
	const { at } = stop;
	const told = stopWords(stop, scene, connection);
	const rule = told.rule ?? blamedOf(told.blamed, syn, { asked, book });
	const switched = switchWords(stop, scene);
	const isOfSyn =
		asks(at.packet) &&
		isClients(at, connection, scene) &&
		!isLaterDatagram(at, syn);
	if (isOfSyn) {
		// A retransmission waits where the first SYN was sent, and met no rule of nat on its way.
		const isOwn = at.kind === "gateway" && stop.kind !== "waits";
		const passage = isOwn ? at : syn;
		const way =
			passage === null ? packetName(at.packet) : pathWords(passage, book);
		return { words: `${way} → ${told.words}${switched}`, rule };
	}
	const { connectedMs } = connection;
	const backend = arrivedAt(syn, log, about) ?? connection.backend;
	const isConnected = connectedMs !== null && at.atMs >= connectedMs;
	const reached = connection.protocol === "udp" ? "answered" : "connected";
	const goal = `${backend ?? "its backend"}${isConnected ? `, ${reached}` : ""}`;
	const way = syn === null ? "SYN" : pathWords(syn, book);
	const subject = subjectOf(stop, connection, scene);
	if (stop.kind === "delivered" && syn !== null && translator(syn) !== null) {
		const why = untranslatedWords(stop.at, scene);
		return {
			words: `${way} → ${goal}; ${subject} → the gateway itself: ${why.words}, so it is not translated`,
			rule: why.rule,
		};
	}
	const reset = resetWords(stop, log, about);
	if (reset !== null) return { words: `${way} → ${goal}; ${reset}`, rule };
	const end = at.kind === "gateway" ? pathWords(at, book, subject) : subject;
	const isStraight = stop.kind === "stranger" && stop.at.from !== null;
	return {
		words: `${way} → ${goal}; ${end} ${isStraight ? "" : "→ "}${told.words}${switched}`,
		rule,
	};
}

/** Why a packet of a connection that was translated is not: an entry that stays is of no use to what is not tracked. */
function untranslatedWords(at: Passage, scene: Scene): Told {
	const by = untracker(at);
	if (by !== null) {
		const rule = foundIn(scene.book, by);
		return { words: `it is not tracked, by ${named(rule)}`, rule };
	}
	const done = scene.doneBefore(at.atMs);
	return {
		words: at.isPastConntrack
			? `it is not tracked${done}: no rule needs conntrack any more`
			: `its conntrack entry is gone${done}`,
		rule: null,
	};
}

/**
 * A backend that has closed resets what its client says then, and knows the connection no more: what follows is
 * answered with RSTs that end nothing. `null`: it is not so.
 */
function resetWords(
	stop: Stop,
	log: readonly Happening[],
	{ connection, scene }: About,
): string | null {
	if (stop.kind !== "stranger" || scene.backend(stop.at.at) === null)
		return null;
	const { at: name, atMs } = stop.at;
	const fin = log.find(
		(one) =>
			one.packet.kind === "tcp" &&
			(one.packet.flags & FIN) !== 0 &&
			!isClients(one, connection, scene),
	);
	const said = log.find(
		(one) =>
			fin !== undefined &&
			one.kind === "arrives" &&
			one.at === name &&
			one.atMs >= fin.atMs &&
			one.atMs <= atMs &&
			packetName(one.packet) === "data",
	);
	return said === undefined
		? null
		: `the client's data → ${scene.backendWords(name, atMs)}, which had closed the connection: RST`;
}

/** Of a flow that the rules of nat have translated, one that they do not see any more. */
function isLaterDatagram(at: Happening, first: Passage | null): boolean {
	return (
		at.kind === "gateway" &&
		at.packet.kind === "udp" &&
		first !== null &&
		first !== at &&
		translator(first) !== null &&
		translator(at) === null
	);
}

function blamedOf(
	blamed: Blamed,
	syn: Passage | null,
	{ asked, book }: { readonly asked: Asked; readonly book: RuleBook },
): RulePlace | null {
	if (syn === null || blamed === "none") return null;
	if (blamed === "source") {
		const by = translator(syn, "source");
		return by && foundIn(book, by);
	}
	return senderOf(syn, blamed === "destination" ? "end" : asked, book);
}

/** `the answer (SYN/ACK)`, `the client's data`. */
function subjectOf(
	{ at }: Stop,
	connection: ConnectionRecord,
	scene: Scene,
): string {
	const name = packetName(at.packet);
	if (isClients(at, connection, scene)) return `the client's ${name}`;
	return name === "SYN/ACK" ? `the answer (${name})` : `the backend's ${name}`;
}

/** What became of the failover, where it is a backend's failure that stopped it. */
function switchWords(stop: Stop, scene: Scene): string {
	const { atMs } = stop.at;
	const name = backendOf(stop, scene);
	if (name === null || scene.backendWords(name, atMs) === name) return "";
	return scene.switchWords(name, atMs);
}

function backendOf(stop: Stop, scene: Scene): string | null {
	switch (stop.kind) {
		case "lost":
			return scene.backend(stop.at.host)?.name ?? null;
		case "refused":
		case "unanswered":
			return stop.at.at;
		case "waits": {
			const { waiting } = stop.at;
			return waiting === null
				? null
				: (scene.backendAt(waiting.neighbour)?.name ?? null);
		}
		default:
			return null;
	}
}
