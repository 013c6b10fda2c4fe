/** The clients of a play: one program in each client's container, which holds all of its connections. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Container } from "dockerode";
import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import { invariant } from "../../../sim/invariant.ts";
import type {
	Account,
	ConnectionRecord,
} from "../../../sim/world/account/account.ts";
import {
	dialogueOf,
	programOf,
	serviceOf,
} from "../../../sim/world/setup/services.ts";
import type { Step } from "../../../sim/world/setup/setup.ts";
import { LabError } from "../../lab-error.ts";
import { readFileIn } from "../engine/container-file.ts";
import { engineError } from "../engine/engine-error.ts";
import { type Ended, type Spawned, spawnIn } from "../engine/exec.ts";
import {
	type ClientPlan,
	type ClientRecord,
	parseRecord,
} from "../programs/client-plan.ts";
import type { Meetings } from "./meetings.ts";
import type { Arrivals } from "./plan-arrivals.ts";
import { requestTimes } from "./request-times.ts";

export type { ClientRecord } from "../programs/client-plan.ts";

export interface Clients {
	/** So far. */
	readonly records: ReadonlyMap<number, ClientRecord>;
	/** Tells the connections of a step to go on. */
	tell(what: "speak" | "close", step: string): void;
	/**
	 * Ends what is still open, and waits for everybody.
	 * @returns clients that somebody has killed
	 * @throws LabError when a record is missing
	 */
	end(atMs: number): Promise<readonly KilledClient[]>;
	/** All connections are over, or there is nobody any more who could know. */
	readonly isDone: boolean;
}

/** What it knew until then is among the records; what was open then is `open`. */
export interface KilledClient {
	readonly client: string;
	readonly atMs: number;
}

export interface ClientsOptions {
	/** The model's: who connects when, and from which port. */
	readonly arrivals: Arrivals;
	/** When the play begins, ms since 1970. */
	readonly epochMs: number;
	readonly containerOf: (client: string) => Container;
}

const PROGRAM = ["node", "/opt/marktwin/client.mjs"];
/** Where it writes what it tells, before it tells it. */
const LOG = "/var/log/marktwin/connections.jsonl";
/** It has only to say what it knows. */
const END_WITHIN_MS = 60_000;

interface Running {
	readonly client: string;
	readonly container: Container;
	readonly program: Spawned;
	readonly planned: Account["connections"];
	over: { readonly atMs: number } | null;
}

/** Starts them all; nobody connects before the play begins. */
export async function startClients(
	scenario: PlayableScenario,
	{ arrivals, epochMs, containerOf }: ClientsOptions,
): Promise<Clients> {
	const planned = [...arrivals.values()].flat();
	const records = new Map<number, ClientRecord>();
	const keep = (line: string) => {
		const record = parseRecord(line);
		records.set(record.id, record);
	};
	const all: Running[] = [];
	for (const { name, address } of scenario.setup.clients) {
		const own = planned.filter(({ client }) => client === name);
		if (own.length === 0) continue;
		const container = containerOf(name);
		const program = await spawnIn(container, PROGRAM, {
			timeoutMs: null,
			onLine: keep,
		});
		const plan = planOf(scenario, arrivals, { name, address, epochMs });
		program.write(`${JSON.stringify(plan)}\n`);
		const one: Running = {
			client: name,
			container,
			program,
			planned: own,
			over: null,
		};
		const isOver = () => {
			one.over = { atMs: Date.now() - epochMs };
		};
		program.ended.then(isOver, isOver);
		all.push(one);
	}
	const tellAll = (message: object) => {
		for (const { program } of all)
			program.write(`${JSON.stringify(message)}\n`);
	};
	return {
		records,
		get isDone() {
			return (
				records.size >= planned.length || all.every(({ over }) => over !== null)
			);
		},
		tell: (what, step) => tellAll({ do: what, step }),
		async end(atMs) {
			tellAll({ do: "end", atMs });
			const killed: KilledClient[] = [];
			for (const one of all) {
				const { code, err } = await endOf(one);
				if (code === 0) continue;
				if (code < KILLED) throw failed(one, err || `it ended with ${code}`);
				killed.push(await afterDeath(one, records, keep));
			}
			const known = new Set(killed.map(({ client }) => client));
			const lost = planned.filter(
				({ id, client }) => !known.has(client) && !records.has(id),
			);
			if (lost.length > 0)
				throw new LabError({
					code: "died",
					place: "the clients",
					remedy: "",
					message: `of ${lost.length} of ${planned.length} connections nothing is known`,
				});
			return killed;
		},
	};
}

/** 128 and the number of a signal; nobody else ends a program with so much. */
const KILLED = 128;

async function endOf(one: Running): Promise<Ended> {
	const timer = new AbortController();
	try {
		return await Promise.race([
			one.program.ended,
			sleep(END_WITHIN_MS, undefined, { signal: timer.signal }).then(() => {
				throw failed(one, `has not ended after ${END_WITHIN_MS / 1000} s`);
			}),
		]);
	} finally {
		timer.abort();
	}
}

/** What it told may not have reached us, but it has written it down. What it was about when it died was open. */
async function afterDeath(
	{ client, container, planned, over }: Running,
	records: Map<number, ClientRecord>,
	keep: (line: string) => void,
): Promise<KilledClient> {
	const atMs = over?.atMs ?? 0;
	try {
		const log = await readFileIn(container, LOG);
		// The last one may not have been finished.
		for (const line of log.split("\n").slice(0, -1)) keep(line);
	} catch (error) {
		throw engineError(`the records of client ${client}`, error);
	}
	for (const { id, step, startedMs, sourcePort } of planned) {
		if (records.has(id) || startedMs > atMs) continue;
		records.set(id, {
			id,
			step,
			client,
			sourcePort,
			startedMs,
			connectedMs: null,
			greetedMs: null,
			endedMs: null,
			backend: null,
			outcome: "open",
			accepted: false,
			messageId: null,
			acceptedIds: [],
			error: "its client was killed",
			retransmittedMs: [],
			datagrams: null,
		});
	}
	return { client, atMs };
}

function failed({ client }: Running, message: string): LabError {
	return new LabError({
		code: "died",
		place: `the program of client ${client}`,
		message,
		remedy: "",
	});
}

type ClientStep = Extract<Step, { readonly kind: "connect" | "send" }>;

function planOf(
	scenario: PlayableScenario,
	arrivals: Arrivals,
	client: {
		readonly name: string;
		readonly address: string;
		readonly epochMs: number;
	},
): ClientPlan {
	return {
		epochMs: client.epochMs,
		client: client.name,
		source: client.address,
		steps: scenario.steps.flatMap((step, index) =>
			(step.kind === "connect" || step.kind === "send") &&
			step.client === client.name
				? [stepOf(scenario, step, arrivals.get(index) ?? [])]
				: [],
		),
	};
}

function stepOf(
	{ setup }: PlayableScenario,
	step: ClientStep,
	connections: Account["connections"],
): ClientPlan["steps"][number] {
	const service = serviceOf(setup, step);
	const port = step.port ?? service?.ports[0];
	invariant(
		service !== undefined && port !== undefined,
		"a step without a service",
	);
	const common = {
		label: step.label,
		service: { address: service.address, port },
		connections: connections.map(({ id, startedMs, sourcePort }) => ({
			id,
			atMs: startedMs,
			// Drawn ports are drawn by the client's own kernel here.
			port: step.ports.kind === "drawn" ? null : sourcePort,
		})),
	};
	if (step.kind === "connect")
		return Object.assign(common, {
			kind: "connect" as const,
			speaks: programOf(service).kind,
			dialogue: dialogueOf(setup, step),
		});
	return Object.assign(common, {
		kind: "send" as const,
		requestsMs: requestTimes(step, setup.seed),
		octets: step.octets,
		reply: step.reply,
		closes: step.sockets === "each",
	});
}

/**
 * As the connection is judged and shown. What only a packet tells is not known here.
 * @param planned the model's record of it
 * @param met backends that have seen it
 */
export function recordOf(
	record: ClientRecord,
	{ service, protocol }: Pick<ConnectionRecord, "service" | "protocol">,
	{ met, servedBy, read }: Meetings,
): ConnectionRecord {
	const {
		error: _,
		messageId: __,
		acceptedIds: ___,
		backend: named,
		datagrams,
		...rest
	} = record;
	const backend = named ?? servedBy ?? met.at(-1) ?? null;
	const isFlow = protocol === "udp";
	return Object.assign(
		{
			...rest,
			backend,
			outcome: outcomeOf(record, read),
			met: backend === null || met.includes(backend) ? met : [...met, backend],
			syns: isFlow ? 0 : 1,
			gatewayAnswers: [],
		},
		service === undefined ? {} : { service },
		isFlow ? { protocol } : {},
		datagrams === null ? {} : { datagrams: { ...datagrams, read } },
	);
}

/** A client that awaits no answer does not learn whether programs have read all that it sent. */
function outcomeOf(
	{ outcome, datagrams }: Pick<ClientRecord, "outcome" | "datagrams">,
	read: number,
): ClientRecord["outcome"] {
	const isLost = outcome === "sent" && read < (datagrams?.requests ?? 0);
	return isLost ? "undelivered" : outcome;
}
