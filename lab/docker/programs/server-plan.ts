/** What the programs of a backend in a container read and write: JSON, a line each. */
import * as v from "valibot";
import {
	data,
	listOf,
	number,
	text,
	yesNo,
} from "../../../scenarios/language/schema/plain.ts";
import { parseLine } from "./json-line.ts";

const serverPlan = data({
	/** The backend's name, which answers of HTTP tell. */
	name: text,
	listening: listOf(
		data({
			protocol: v.picklist(["tcp", "udp"]),
			port: number,
			speaks: v.picklist(["http", "echo", "silent"]),
		}),
	),
});

const manner = data({
	/** Pause before each answer. */
	delayMs: number,
	/** Clients are turned away. */
	isUnavailable: yesNo,
	/** Datagrams are taken of the peers alone that have been served before. */
	isDraining: yesNo,
});

/** The other end, as it is seen here: a gateway may have translated it. */
const peer = { atMs: number, address: text, port: number };

const sighting = v.variant("saw", [
	/** A connection was accepted. */
	data({ saw: v.literal("connection"), ...peer }),
	/** The first words of a connection named it. */
	data({ saw: v.literal("name"), ...peer, name: text }),
	/** A request of a flow came, for the first time. */
	data({ saw: v.literal("request"), ...peer, flow: number, request: number }),
	/** The first answer to a flow was sent. */
	data({ saw: v.literal("answer"), ...peer, flow: number }),
]);

/** Argument of the program. */
export type ServerPlan = v.InferOutput<typeof serverPlan>;

export type Listening = ServerPlan["listening"][number];

/** How the programs behave; read again at each SIGHUP. */
export type Manner = v.InferOutput<typeof manner>;

/** As they behave at their start. */
export const USUAL_MANNER: Manner = {
	delayMs: 0,
	isUnavailable: false,
	isDraining: false,
};

/** What the program writes. Times are Unix time in milliseconds. */
export type Sighting = v.InferOutput<typeof sighting>;

/** @throws PlanError */
export function parseServerPlan(line: string): ServerPlan {
	return parseLine(serverPlan, line);
}

/** @throws PlanError */
export function parseManner(line: string): Manner {
	return parseLine(manner, line);
}

/** @throws PlanError */
export function parseSighting(line: string): Sighting {
	return parseLine(sighting, line);
}
