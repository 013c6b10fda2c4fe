/** Which backends have seen which connections: what their programs have written down, held against what clients did. */
import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import { type ClientRecord, connectionName } from "../programs/client-plan.ts";
import type { Sighting } from "../programs/server-plan.ts";

/** What the programs of a backend have seen. */
export interface Seen {
	readonly backend: string;
	readonly sightings: readonly Sighting[];
}

/** Of one connection or flow. */
export interface Meetings {
	/** Backends, in the order of their first sight of it. */
	readonly met: readonly string[];
	/** Whose answer to a flow was the first. */
	readonly servedBy: string | null;
	/** Requests of a flow that programs have read. */
	readonly read: number;
}

export interface AllMeetings {
	of(id: number): Meetings;
	/** How many connections and flows each backend has seen. */
	readonly counts: Readonly<Record<string, number>>;
	/** Connections of which it is not known whose they are: a gateway has translated their sources. */
	readonly strangers: number;
}

const NONE: Meetings = { met: [], servedBy: null, read: 0 };
/** Clocks of one machine: so much later a program may read the same time. */
const ROOM_MS = 5;

interface Play {
	readonly setup: PlayableScenario["setup"];
	readonly epochMs: number;
	readonly records: readonly ClientRecord[];
}

/** While sightings are read. */
interface Meeting {
	readonly met: string[];
	servedBy: string | null;
	readonly requests: Set<number>;
}

/**
 * A flow names itself in its datagrams, and the client of an echo in its first message. Of any other connection the
 * address and the port are known, unless a gateway has translated them.
 */
export function meetingsOf(seen: readonly Seen[], play: Play): AllMeetings {
	const find = finderOf(play);
	const meetings = new Map<number, Meeting>();
	const counts: Record<string, number> = {};
	const unknown = new Set<string>();
	const all = seen
		.flatMap(({ backend, sightings }) =>
			sightings.map((sighting) => ({ backend, sighting })),
		)
		.sort((one, other) => one.sighting.atMs - other.sighting.atMs);
	for (const { backend, sighting } of all) {
		const id = find(sighting);
		const { saw, address, port } = sighting;
		const key = `${backend} ${address} ${port}`;
		if (saw === "connection" && id === null) unknown.add(key);
		if (id === null) continue;
		if (saw === "name") unknown.delete(key);
		let one = meetings.get(id);
		if (one === undefined) {
			one = { met: [], servedBy: null, requests: new Set() };
			meetings.set(id, one);
		}
		if (!one.met.includes(backend)) {
			one.met.push(backend);
			counts[backend] = (counts[backend] ?? 0) + 1;
		}
		if (saw === "answer") one.servedBy ??= backend;
		if (saw === "request") one.requests.add(sighting.request);
	}
	return {
		of(id) {
			const one = meetings.get(id);
			if (one === undefined) return NONE;
			const { met, servedBy, requests } = one;
			return { met, servedBy, read: requests.size };
		},
		counts,
		strangers: unknown.size,
	};
}

/** @returns what finds the connection that a program has seen; `null` for one of the checker's, or of a stranger */
function finderOf({ setup, epochMs, records }: Play) {
	const byName = new Map<string, number>();
	/** In the order in which they began. */
	const byEnd = new Map<string, ClientRecord[]>();
	const addresses = new Map(
		setup.clients.map(({ name, address }) => [name, address]),
	);
	for (const record of records) {
		const { client, sourcePort, id } = record;
		byName.set(connectionName({ client, epochMs }, id), id);
		const key = `${addresses.get(client)} ${sourcePort}`;
		const there = byEnd.get(key);
		if (there === undefined) byEnd.set(key, [record]);
		else there.push(record);
	}
	return (sighting: Sighting): number | null => {
		switch (sighting.saw) {
			case "request":
			case "answer":
				return sighting.flow;
			case "name":
				return byName.get(sighting.name) ?? null;
			case "connection": {
				const { address, port } = sighting;
				const untilMs = sighting.atMs - epochMs + ROOM_MS;
				const found = byEnd
					.get(`${address} ${port}`)
					?.findLast(
						({ startedMs, datagrams }) =>
							datagrams === null && startedMs <= untilMs,
					);
				return found?.id ?? null;
			}
		}
	};
}
