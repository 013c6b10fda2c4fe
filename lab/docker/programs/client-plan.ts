/** What a client in a container reads and writes: JSON, a line each. */
import * as v from "valibot";
import {
	data,
	listOf,
	number,
	text,
	texts,
	yesNo,
} from "../../../scenarios/language/schema/plain.ts";
import { dialogue } from "../../../scenarios/language/schema/schema-steps.ts";
import { CONNECTION_OUTCOMES } from "../../../sim/endpoint/dialogue.ts";
import { parseLine } from "./json-line.ts";

export { PlanError } from "./json-line.ts";

const plannedConnection = data({
	id: number,
	/** Since the epoch. */
	atMs: number,
	/** Source port; `null` leaves it to the kernel. */
	port: v.nullable(number),
});

/** What the steps of a client have in common. */
const stepEntries = {
	label: text,
	/** The service's address and port. */
	service: data({ address: text, port: number }),
	/** Of a `send` step: its flows. */
	connections: listOf(plannedConnection),
};

const connectStep = data({
	kind: v.literal("connect"),
	...stepEntries,
	/** What is spoken there. */
	speaks: v.picklist(["smtp", "http", "echo", "silent"]),
	dialogue,
});

const sendStep = data({
	kind: v.literal("send"),
	...stepEntries,
	/** When each request of a flow is sent, after the flow has begun. */
	requestsMs: listOf(number),
	/** Of each request's payload. */
	octets: number,
	reply: v.nullable(data({ timeoutMs: number, attempts: number })),
	/** The socket of a flow is closed when its requests are over. */
	closes: yesNo,
});

const clientStep = v.variant("kind", [connectStep, sendStep]);

const clientPlan = data({
	/** Time zero of the script, in milliseconds of Unix time. */
	epochMs: number,
	/** Its name in the scenario. */
	client: text,
	/** The address that it connects from. */
	source: text,
	steps: listOf(clientStep),
});

const clientRecord = data({
	id: number,
	step: text,
	client: text,
	/** 0 when it had none. */
	sourcePort: number,
	startedMs: number,
	connectedMs: v.nullable(number),
	greetedMs: v.nullable(number),
	/** `null` when it is open still. */
	endedMs: v.nullable(number),
	/** The name that it told of itself: the host name in a banner, the server of an answer. */
	backend: v.nullable(text),
	outcome: v.picklist(CONNECTION_OUTCOMES),
	/** A message was accepted. */
	accepted: yesNo,
	/** The last one that was handed over, accepted or not: without the answer it is not known. */
	messageId: v.nullable(text),
	/** Those that the backend answered for: none of them may be lost. */
	acceptedIds: texts,
	/** The kernel's word, or the reply that was not the expected one; "" when there was neither. */
	error: text,
	/** When something was sent once more by the client itself. */
	retransmittedMs: listOf(number),
	/** Of a flow. */
	datagrams: v.nullable(
		data({ requests: number, sent: number, answers: number }),
	),
});

const clientCommand = v.variant("do", [
	data({ do: v.picklist(["speak", "close"]), step: text }),
	/** Ends the client then, whatever is still open. */
	data({ do: v.literal("end"), atMs: number }),
]);

/** The first line that a client reads. */
export type ClientPlan = v.InferOutput<typeof clientPlan>;

/** The connections of one step, or its flows. */
export type ClientStep = v.InferOutput<typeof clientStep>;

export type ConnectStep = v.InferOutput<typeof connectStep>;

export type SendStep = v.InferOutput<typeof sendStep>;

export type PlannedConnection = v.InferOutput<typeof plannedConnection>;

/** Every later line. */
export type ClientCommand = v.InferOutput<typeof clientCommand>;

/**
 * What a client writes of a connection as soon as it is over; the last line of a connection counts. Times are
 * milliseconds since the epoch.
 */
export type ClientRecord = v.InferOutput<typeof clientRecord>;

/** @throws PlanError */
export function parsePlan(line: string): ClientPlan {
	return parseLine(clientPlan, line);
}

/** @throws PlanError */
export function parseCommand(line: string): ClientCommand {
	return parseLine(clientCommand, line);
}

/** @throws PlanError */
export function parseRecord(line: string): ClientRecord {
	return parseLine(clientRecord, line);
}

/** What a connection calls itself where it names itself: no other one of the play is called so. */
export function connectionName(
	{ client, epochMs }: Pick<ClientPlan, "client" | "epochMs">,
	id: number,
): string {
	return `${client}.${Math.round(epochMs).toString(36)}.${id}`;
}
