/** What a client in a container reads and writes: JSON, a line each. */
import * as v from "valibot";
import { pathOf } from "../../../scenarios/language/fault-of-issue.ts";
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

const plannedConnection = data({
	id: number,
	/** Since the epoch. */
	atMs: number,
	/** Source port; `null` leaves it to the kernel. */
	port: v.nullable(number),
});

const clientStep = data({
	label: text,
	/** The service's address and port. */
	service: data({ address: text, port: number }),
	dialogue,
	connections: listOf(plannedConnection),
});

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
	/** The host name in the banner. */
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
});

const clientCommand = v.variant("do", [
	data({ do: v.picklist(["speak", "close"]), step: text }),
	/** Ends the client then, whatever is still open. */
	data({ do: v.literal("end"), atMs: number }),
]);

/** The first line that a client reads. */
export type ClientPlan = v.InferOutput<typeof clientPlan>;

/** The connections of one step. */
export type ClientStep = v.InferOutput<typeof clientStep>;

export type PlannedConnection = v.InferOutput<typeof plannedConnection>;

/** Every later line. */
export type ClientCommand = v.InferOutput<typeof clientCommand>;

/** What a client writes of a connection as soon as it is over. Times are milliseconds since the epoch. */
export type ClientRecord = v.InferOutput<typeof clientRecord>;

/** A line that is no plan, no command and no record. */
export class PlanError extends Error {
	override readonly name = "PlanError";
}

/** @throws PlanError */
export function parsePlan(line: string): ClientPlan {
	return parse(clientPlan, line);
}

/** @throws PlanError */
export function parseCommand(line: string): ClientCommand {
	return parse(clientCommand, line);
}

/** @throws PlanError */
export function parseRecord(line: string): ClientRecord {
	return parse(clientRecord, line);
}

function parse<Schema extends v.GenericSchema>(
	schema: Schema,
	line: string,
): v.InferOutput<Schema> {
	let given: unknown;
	try {
		given = JSON.parse(line);
	} catch (error) {
		throw new PlanError(`not JSON: ${(error as Error).message}`);
	}
	const read = v.safeParse(schema, given, { abortEarly: true });
	if (read.success) return read.output;
	const [issue] = read.issues;
	throw new PlanError(`${pathOf(issue) || "the line"}: ${issue.message}`);
}
