/** Plays a scenario in a lab, in live time: the same steps, with real clients, real servers and a real kernel. */

import { setTimeout as sleep } from "node:timers/promises";
import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import { mustSetUp, setUpOperations } from "../../../scenarios/run/set-up.ts";
import type { Observation, Unknown } from "../../../sim/contract/gateway.ts";
import type { BackendBehaviour } from "../../../sim/endpoint/backend.ts";
import type {
	Account,
	WorldEvent,
} from "../../../sim/world/account/account.ts";
import { describeOperation } from "../../../sim/world/account/describe-operation.ts";
import type { Step } from "../../../sim/world/setup/setup.ts";
import type { Lab } from "../lab.ts";
import { type Checker, startChecker } from "./checker.ts";
import {
	type ClientRecord,
	type Clients,
	type KilledClient,
	recordOf,
	startClients,
} from "./clients.ts";
import { makeBackend } from "./faults.ts";
import { whyTooLate } from "./lateness.ts";
import type { AllMeetings } from "./meetings.ts";
import type { Arrivals } from "./plan-arrivals.ts";
import { readServerRecords } from "./server-records.ts";

/** Between the plan and the first connection: everybody has to be told. */
const LEAD_MS = 1_000;
const POLL_MS = 20;
/** As all of them are when the lab is there. */
const UP: BackendBehaviour = { kind: "up" };

export interface LivePlay {
	readonly account: Account;
	/** What the clients know of each connection beyond the account. */
	readonly records: readonly ClientRecord[];
	/** What the lab did so late that the play, unknown then, shows nothing of the rules; `null`: nothing. */
	readonly tooLate: string | null;
	/** Live time from the first moment of the play to its last. */
	readonly tookMs: number;
}

/**
 * @param planned the model's account of the same scenario and seed
 * @throws ScenarioError when the ruleset cannot be loaded, and LabError
 */
export async function playLive(
	scenario: PlayableScenario,
	lab: Lab,
	{
		planned,
		arrivals,
		file,
	}: {
		readonly planned: Account;
		readonly arrivals: Arrivals;
		readonly file: string;
	},
): Promise<LivePlay> {
	await setUp(scenario, lab, file);
	const behaviours = new Map<string, BackendBehaviour>();
	for (const { name, behaviour } of scenario.setup.backends) {
		await makeBackend(lab, name, { from: UP, to: behaviour });
		behaviours.set(name, behaviour);
	}
	const epochMs = Date.now() + LEAD_MS;
	const clients = await startClients(scenario, {
		arrivals,
		epochMs,
		containerOf: (client) => lab.containers.get(client),
	});
	const checker = await startChecker(scenario, lab, epochMs);
	const stage: Stage = {
		lab,
		clients,
		behaviours,
		epochMs,
		events: [],
		operations: [],
		observations: [],
	};
	await playSteps(scenario, stage);
	await untilOver(scenario, clients, epochMs);
	const killed = await clients.end(nowMs(stage));
	await checker?.stop();
	return accountOf(scenario, stage, { clients, checker, killed, planned });
}

interface Stage {
	readonly lab: Lab;
	readonly clients: Clients;
	readonly behaviours: Map<string, BackendBehaviour>;
	readonly epochMs: number;
	readonly events: WorldEvent[];
	readonly operations: Account["operations"][number][];
	readonly observations: Account["observations"][number][];
}

function nowMs({ epochMs }: Pick<Stage, "epochMs">): number {
	return Date.now() - epochMs;
}

async function setUp(
	{ name, setup }: PlayableScenario,
	{ router }: Lab,
	file: string,
): Promise<void> {
	for (const step of setUpOperations(setup)) {
		const outcome = await router.operate(step.operation);
		mustSetUp(step, outcome, { scenario: name, file });
	}
}

/** One after the other, each at its time, or as soon after it as the one before is done. */
async function playSteps(
	{ steps }: PlayableScenario,
	stage: Stage,
): Promise<void> {
	for (const step of steps) {
		if (step.kind === "connect" || step.kind === "send") continue;
		const waitMs = step.atMs - nowMs(stage);
		if (waitMs > 0) await sleep(waitMs);
		await playStep(step, stage);
	}
}

async function playStep(step: Step, stage: Stage): Promise<void> {
	const { lab, clients, behaviours, events, operations } = stage;
	const { label } = step;
	switch (step.kind) {
		case "backend": {
			const { backend, becomes } = step;
			const atMs = nowMs(stage);
			const from = behaviours.get(backend) ?? UP;
			await makeBackend(lab, backend, { from, to: becomes });
			behaviours.set(backend, becomes);
			// It fails when it is begun, and serves again when it is done.
			const isUp = becomes.kind === "up";
			events.push({
				kind: "backend",
				backend,
				behaviour: becomes.kind,
				atMs: isUp ? nowMs(stage) : atMs,
			});
			return;
		}
		case "operation": {
			const outcome = await lab.router.operate(step.operation);
			const text = describeOperation(step.operation);
			operations.push({ label, atMs: nowMs(stage), text, outcome });
			return;
		}
		case "observe":
			await observe(stage, label);
			return;
		case "speak":
		case "close":
			clients.tell(step.kind, step.connections);
			return;
		case "connect":
		case "send":
		case "packet":
		case "race":
		case "neighbour":
		case "announce":
		case "carrier":
			return;
	}
}

async function observe(stage: Stage, label: string): Promise<Observation> {
	const observation = await stage.lab.router.observe();
	stage.observations.push({ label, atMs: nowMs(stage), observation });
	return observation;
}

/** Until every connection is over, or the scenario's time is. */
async function untilOver(
	{ endMs }: PlayableScenario,
	clients: Clients,
	epochMs: number,
): Promise<void> {
	while (!clients.isDone && nowMs({ epochMs }) < endMs) await sleep(POLL_MS);
}

async function accountOf(
	scenario: PlayableScenario,
	stage: Stage,
	{
		clients,
		checker,
		killed,
		planned,
	}: {
		readonly clients: Clients;
		readonly checker: Checker | null;
		readonly killed: readonly KilledClient[];
		readonly planned: Account;
	},
): Promise<LivePlay> {
	const endedMs = nowMs(stage);
	await observe(stage, "");
	const records = [...clients.records.values()].sort(
		(one, other) => one.id - other.id,
	);
	const { epochMs } = stage;
	const { meetings, ...books } = await readServerRecords(scenario, stage.lab, {
		records,
		epochMs,
	});
	const plans = new Map(planned.connections.map((one) => [one.id, one]));
	const connections = records.map((record) =>
		recordOf(record, plans.get(record.id) ?? {}, meetings.of(record.id)),
	);
	const events = [...stage.events, ...(checker?.events ?? [])].sort(
		(one, other) => one.atMs - other.atMs,
	);
	const tooLate = whyTooLate(scenario.setup, planned, { connections, events });
	const account: Account = {
		...books,
		connections,
		events,
		packets: [],
		observations: stage.observations,
		operations: stage.operations,
		unknown:
			unknownAfter(killed) ??
			unknownMeetings(connections, meetings) ??
			unknownTooLate(tooLate),
		endedMs,
	};
	return { account, records, tooLate, tookMs: endedMs };
}

/** What a killed client would have seen is no fault of the rules: nobody knows. */
function unknownAfter([first]: readonly KilledClient[]): Unknown | null {
	if (first === undefined) return null;
	const seconds = (first.atMs / 1000).toFixed(1);
	const reason = `client ${first.client} was killed ${seconds} s into the play; its records end there`;
	return { rule: "", text: "", line: 0, reason };
}

/** What a busy machine does is no fault of the rules either. */
function unknownTooLate(tooLate: string | null): Unknown | null {
	if (tooLate === null) return null;
	const reason = `${tooLate}: this machine is too busy for a play in live time`;
	return { rule: "", text: "", line: 0, reason };
}

/** Rather unknown than met by no backend. */
function unknownMeetings(
	connections: Account["connections"],
	{ strangers }: AllMeetings,
): Unknown | null {
	const isUnknown = connections.some(
		({ protocol, connectedMs, backend }) =>
			protocol === undefined && connectedMs !== null && backend === null,
	);
	if (strangers === 0 || !isUnknown) return null;
	const reason =
		"the gateway translates the sources of connections on which nothing is said, so it is not known which backend they met";
	return { rule: "", text: "", line: 0, reason };
}
