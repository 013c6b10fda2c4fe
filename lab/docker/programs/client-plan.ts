/** What a client in a container is told, and what it answers: JSON, a line each. */
import type { Dialogue } from "../../../sim/endpoint/dialogue.ts";
import type { ConnectionOutcome } from "../../../sim/world/account/account.ts";

/** The first line that a client is told. */
export interface ClientPlan {
	/** Time zero of the script, in milliseconds of Unix time. */
	readonly epochMs: number;
	readonly service: { readonly address: string; readonly port: number };
	/** Its name in the scenario. */
	readonly client: string;
	/** The address that it connects from. */
	readonly source: string;
	readonly steps: readonly ClientStep[];
}

/** The connections of one step. */
export interface ClientStep {
	readonly label: string;
	readonly dialogue: Dialogue;
	readonly connections: readonly PlannedConnection[];
}

export interface PlannedConnection {
	readonly id: number;
	/** Since the epoch. */
	readonly atMs: number;
	/** Source port; `null` leaves it to the kernel. */
	readonly port: number | null;
}

/** Every later line. */
export type ClientCommand =
	| { readonly do: "speak" | "close"; readonly step: string }
	/** Ends the client then, whatever is still open. */
	| { readonly do: "end"; readonly atMs: number };

/** What a client tells of a connection as soon as it is over. Times are milliseconds since the epoch. */
export interface ClientRecord {
	readonly id: number;
	readonly step: string;
	readonly client: string;
	/** 0 when it had none. */
	readonly sourcePort: number;
	readonly startedMs: number;
	readonly connectedMs: number | null;
	readonly greetedMs: number | null;
	/** `null` when it is open still. */
	readonly endedMs: number | null;
	/** The host name in the banner. */
	readonly backend: string | null;
	readonly outcome: ConnectionOutcome;
	/** A message was accepted. */
	readonly accepted: boolean;
	/** The last one that was handed over, accepted or not: without the answer, nobody knows. */
	readonly messageId: string | null;
	/** Those that the backend answered for: none of them may be lost. */
	readonly acceptedIds: readonly string[];
	/** The kernel's word, or the reply that was not the one awaited; "" when there was neither. */
	readonly error: string;
}

/** A line that is no plan and no command. */
export class PlanError extends Error {
	override readonly name = "PlanError";
}

/** @throws PlanError */
export function parsePlan(line: string): ClientPlan {
	const plan = readJson(line);
	const service = fieldsOf(plan.service, "service");
	return {
		epochMs: numberOf(plan, "epochMs"),
		service: {
			address: textOf(service, "address"),
			port: numberOf(service, "port"),
		},
		client: textOf(plan, "client"),
		source: textOf(plan, "source"),
		steps: listOf(plan, "steps").map((one) => {
			const step = fieldsOf(one, "a step");
			return {
				label: textOf(step, "label"),
				dialogue: dialogueOf(step),
				connections: listOf(step, "connections").map(connectionOf),
			};
		}),
	};
}

/** @throws PlanError */
export function parseCommand(line: string): ClientCommand {
	const command = readJson(line);
	switch (command.do) {
		case "speak":
		case "close":
			return { do: command.do, step: textOf(command, "step") };
		case "end":
			return { do: "end", atMs: numberOf(command, "atMs") };
		default:
			throw new PlanError(`unknown command: ${line}`);
	}
}

type Fields = Readonly<Record<string, unknown>>;

function readJson(line: string): Fields {
	let read: unknown;
	try {
		read = JSON.parse(line);
	} catch (error) {
		throw new PlanError(`not JSON: ${(error as Error).message}`);
	}
	return fieldsOf(read, "the line");
}

function connectionOf(one: unknown): PlannedConnection {
	const connection = fieldsOf(one, "a connection");
	const { port } = connection;
	return {
		id: numberOf(connection, "id"),
		atMs: numberOf(connection, "atMs"),
		port: port === null ? null : numberOf(connection, "port"),
	};
}

const DIALOGUES: readonly unknown[] = ["smtp", "connect-only", "hold"];

/** Checked in the scenario already; here only so far that no other version's is taken for it. */
function dialogueOf(step: Fields): Dialogue {
	const dialogue = fieldsOf(step.dialogue, "a dialogue");
	if (!DIALOGUES.includes(dialogue.kind))
		throw new PlanError(`unknown dialogue: ${String(dialogue.kind)}`);
	return dialogue as unknown as Dialogue;
}

function fieldsOf(value: unknown, what: string): Fields {
	if (typeof value === "object" && value !== null && !Array.isArray(value))
		return value as Fields;
	throw new PlanError(`${what} is no object`);
}

function listOf(fields: Fields, name: string): readonly unknown[] {
	const value = fields[name];
	if (Array.isArray(value)) return value;
	throw new PlanError(`${name} is no list`);
}

function textOf(fields: Fields, name: string): string {
	const value = fields[name];
	if (typeof value === "string") return value;
	throw new PlanError(`${name} is no text`);
}

function numberOf(fields: Fields, name: string): number {
	const value = fields[name];
	if (typeof value === "number" && Number.isFinite(value)) return value;
	throw new PlanError(`${name} is no number`);
}
