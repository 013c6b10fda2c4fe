/** What becomes of a connection in the account: who served it, and how it ended. */
import type { Course } from "../endpoint/client.ts";
import type { ConnectionOutcome } from "../endpoint/dialogue.ts";
import type { TcpSocket } from "../endpoint/tcp/tcp-socket.ts";
import type { FlowCourse } from "../endpoint/udp/udp-flow.ts";
import { formatAddress } from "../packet/address.ts";
import type { ConnectionRecord } from "./account/account.ts";
import type { Drawn } from "./account/draw-notes.ts";
import {
	type Connection,
	type Contact,
	courseOf,
	type Datagrams,
	flowCourseOf,
	NONE,
} from "./connections.ts";
import type { Station } from "./station.ts";

/** The connection as it is judged and shown. */
export function recordOf(connection: Connection): ConnectionRecord {
	if (connection.datagrams !== null)
		return recordOfFlow(connection, connection.datagrams);
	const course = courseOf(connection);
	const chance = chanceOf(connection.way);
	const source = sourceOf(connection, course);
	const plain = plainRecord(connection, course);
	const { service } = connection;
	const isUnheard = hasUnacknowledged(connection, course, plain);
	const isPlain = chance === UNCHANCED && source === UNCHANCED && !isUnheard;
	if (service === "" && isPlain) return plain;
	const { id, step, client, ...rest } = plain;
	return {
		id,
		step,
		client,
		...(service === "" ? {} : { service }),
		...rest,
		...(isUnheard ? { unacknowledged: true } : {}),
		...chance,
		...source,
	};
}

/** Of nearly all, where there are many: what is spread takes several times as long. */
function plainRecord(
	connection: Connection,
	course: Course | null,
): ConnectionRecord {
	return {
		id: connection.id,
		step: connection.step,
		client: connection.client.name,
		sourcePort: connection.sourcePort,
		startedMs: connection.startedMs,
		backend: backendOf(connection, course),
		met: namesOf(connection.met),
		syns: course?.syns ?? 0,
		retransmittedMs: course?.retransmittedMs ?? NONE,
		connectedMs: course?.connectedMs ?? null,
		greetedMs: course?.greetedMs ?? null,
		endedMs: course === null ? connection.startedMs : course.endedMs,
		outcome: outcomeOf(connection, course),
		accepted: course?.accepted ?? false,
		gatewayAnswers: connection.gatewayAnswers,
	};
}

/** A flow of UDP is recorded as a connection is: connected by its first answer. */
function recordOfFlow(
	connection: Connection,
	datagrams: Datagrams,
): ConnectionRecord {
	const course = flowCourseOf(datagrams);
	const { servedBy } = datagrams;
	const backend = servedBy ?? connection.met.at(-1);
	return {
		id: connection.id,
		step: connection.step,
		client: connection.client.name,
		...(connection.service === "" ? {} : { service: connection.service }),
		protocol: "udp",
		sourcePort: connection.sourcePort,
		startedMs: connection.startedMs,
		backend: backend?.name ?? null,
		met: namesOf(connection.met),
		syns: 0,
		retransmittedMs: course?.retransmittedMs ?? NONE,
		connectedMs: course?.answeredMs ?? null,
		greetedMs: null,
		endedMs: course === null ? connection.startedMs : course.endedMs,
		outcome: outcomeOfFlow(course, datagrams),
		accepted: false,
		gatewayAnswers: connection.gatewayAnswers,
		...chanceOf(connection.way),
		...sourceOf(connection, null),
		datagrams: {
			requests: course?.requests ?? 0,
			sent: course?.sent ?? 0,
			answers: course?.answers ?? 0,
			read: datagrams.read.count,
		},
	};
}

/**
 * What no client learns is known here: what it sent without awaiting an answer may have come to nobody, also where it
 * went to a backend, which may be silent, lose it, or have its port closed. As one request without an answer makes a
 * flow unanswered, one that nobody reads makes it undelivered.
 */
function outcomeOfFlow(
	course: FlowCourse | null,
	{ failure, read }: Datagrams,
): ConnectionOutcome {
	if (course === null) return "no-port";
	if (course.outcome !== "sent") return course.outcome;
	return failure ?? (read.count >= course.requests ? "sent" : "undelivered");
}

function chanceOf({
	chance,
	drawnFor,
	redrawn,
}: Drawn): Pick<ConnectionRecord, "chance" | "drawnFor" | "redrawn"> {
	if (redrawn === true) return { ...chanceOf({ chance, drawnFor }), redrawn };
	if (chance === null) return UNCHANCED;
	return drawnFor.length === 0 ? { chance } : { chance, drawnFor };
}

/** By chance nothing was decided. */
const UNCHANCED = {};

/**
 * As the backend saw it with which the connection was made, else the one that its last SYN met, else as that left which
 * a dead next hop lost: then also its client's own, which nothing else tells of what met no backend.
 */
function sourceOf(
	connection: Connection,
	course: Course | null,
): Pick<ConnectionRecord, "source"> {
	const { client, given, contact: last, lostAs } = connection;
	const contact =
		(course === null ? null : contactOf(connection, course)) ?? last;
	const own = contact === null ? null : client.boundTo;
	const seen = contact?.remoteAddress ?? lostAs;
	if (seen === null || seen === own) return UNCHANCED;
	const address = formatAddress(seen);
	return { source: { address, ...chanceOf(given) } };
}

function outcomeOf(
	connection: Connection,
	course: Course | null,
): ConnectionOutcome {
	if (course === null) return "no-port";
	const { outcome, connectedMs } = course;
	if (outcome !== "open" || connectedMs === null) return outcome;
	const peer = contactOf(connection, course);
	return peer !== null && isGone(peer) ? "half-open" : "open";
}

/** Where the SYN/ACK came from with which the connection was made; `null` when no backend sent it. */
function contactOf(
	{ contact, earlier }: Connection,
	{ irs }: Course,
): Contact | null {
	if (contact === null || contact.iss === irs) return contact;
	return earlier.findLast(({ iss }) => iss === irs) ?? null;
}

/** Does the backend no longer have the connection? */
function isGone(contact: Contact): boolean {
	const socket = socketOf(contact);
	if (socket === null) return true;
	// A FIN that is on its way will arrive; one that had to be sent again may never.
	return socket.state === "fin-wait-1" && socket.retries > 0;
}

/** The backend's end; `null`: it has none any more. It may have one of the same addresses and ports since. */
function socketOf(contact: Contact): TcpSocket | null {
	const { backend, localPort, remoteAddress, remotePort, iss } = contact;
	const socket = backend.host.find(
		localPort,
		remoteAddress,
		remotePort,
		contact.localAddress,
	);
	return socket === undefined || socket.iss !== iss ? null : socket;
}

/** Does one side of a connection that stands still wait to hear that the other one has what it sent? */
function hasUnacknowledged(
	connection: Connection,
	course: Course | null,
	{ outcome, connectedMs }: ConnectionRecord,
): boolean {
	if (outcome !== "open" || connectedMs === null || course === null)
		return false;
	const peer = contactOf(connection, course);
	const ends = [
		connection.dialogue?.socket,
		peer === null ? null : socketOf(peer),
	];
	return ends.some((end) => end != null && !end.isAllAcknowledged);
}

/** By the station that is alone in it. */
const namesOfOne = new WeakMap<Station, readonly string[]>();

/** The names of stations: one and the same list for all that met but the same one. */
function namesOf(met: readonly Station[]): readonly string[] {
	const first = met[0];
	if (first === undefined) return NONE;
	if (met.length > 1) return met.map(({ name }) => name);
	let names = namesOfOne.get(first);
	if (names === undefined) {
		names = [first.name];
		namesOfOne.set(first, names);
	}
	return names;
}

/** Its banner names it; else the SYN/ACK's sequence number tells; else the last SYN's way. */
function backendOf(
	connection: Connection,
	course: Course | null,
): string | null {
	if (course === null) return null;
	if (course.greetedBy !== null) return course.greetedBy;
	if (course.connectedMs !== null) {
		const answered = contactOf(connection, course);
		if (answered !== null) return answered.backend.name;
	}
	return connection.contact?.backend.name ?? null;
}
