/** A client in a container: opens the connections of its plan when their time has come. */
import { createSocket } from "node:dgram";
import { prepareDialogue } from "../../../sim/endpoint/prepare-dialogue.ts";
import { LiveConnection } from "./client-connection.ts";
import { LiveFlow } from "./client-flow.ts";
import {
	type ClientCommand,
	type ClientPlan,
	type ClientRecord,
	type ClientStep,
	type ConnectStep,
	connectionName,
	type PlannedConnection,
	type SendStep,
} from "./client-plan.ts";

export interface PlayOptions {
	/** Unix time in milliseconds. */
	readonly unixMs: () => number;
	/** The kernel takes the plan's address by itself (`sourceTowards`): nothing has to be bound to it. */
	readonly sourceIsDefault: boolean;
	/** Is handed each connection that is over; at the end, those that are not, and flows whose socket stayed open. */
	readonly onRecord: (record: ClientRecord) => void;
	/** Called when an `end` has been carried out. */
	readonly onEnd: () => void;
}

export interface Play {
	obey(command: ClientCommand): void;
	/** When every connection of the plan is over. */
	readonly allOver: Promise<void>;
}

/** Unix time that does not jump when somebody sets the clock. */
export function steadyUnixMs(): number {
	return performance.timeOrigin + performance.now();
}

/** The address from which the kernel would connect to another one; `null` when it has no way. */
export function sourceTowards(address: string): Promise<string | null> {
	return new Promise((resolve) => {
		// A datagram socket is connected without a packet.
		const socket = createSocket("udp4");
		const tell = (source: string | null) => socket.close(() => resolve(source));
		socket.on("error", () => tell(null));
		socket.connect(9, address, () => tell(socket.address().address));
	});
}

export function playPlan(
	plan: ClientPlan,
	{ unixMs, sourceIsDefault, onRecord, onEnd }: PlayOptions,
): Play {
	const nowMs = () => unixMs() - plan.epochMs;
	const arrivals = plan.steps.flatMap((step) =>
		arrivalsOf(step, openerOf(plan, step, { sourceIsDefault, nowMs })),
	);
	// Stable: what arrives at the same time arrives in the plan's order.
	arrivals.sort((a, b) => a.planned.atMs - b.planned.atMs);
	const open = new Map<Live, Arrival>();
	/** Over, and their sockets are open: what comes late is of them as well. */
	const lingering = new Map<Live, Arrival>();
	let next = 0;
	let arrival: NodeJS.Timeout | undefined;
	let overAll = () => {};
	const allOver = new Promise<void>((resolve) => {
		overAll = resolve;
	});
	openDue();
	return { obey, allOver };

	/** Opens what is due, and waits for the next. A timer may fire a little early: then it waits again. */
	function openDue(): void {
		for (let one = arrivals[next]; one !== undefined; one = arrivals[next]) {
			const waitMs = one.planned.atMs - nowMs();
			if (waitMs > 0) {
				arrival = setTimeout(openDue, waitMs);
				return;
			}
			next++;
			begin(one);
		}
		if (open.size === 0) overAll();
	}

	function begin(arrival: Arrival): void {
		const { step } = arrival;
		const stays = step.kind === "send" && !step.closes;
		const live = arrival.open(arrival.planned, (ended) => {
			// Told as open already, when all has ended.
			if (!open.delete(ended)) return;
			if (stays) lingering.set(ended, arrival);
			onRecord(recordOf(ended, arrival));
			if (open.size === 0 && next === arrivals.length) overAll();
		});
		open.set(live, arrival);
	}

	function recordOf(
		{ course }: Live,
		{ step, planned }: Arrival,
	): ClientRecord {
		const { client } = plan;
		return { id: planned.id, step: step.label, client, ...course };
	}

	function obey(command: ClientCommand): void {
		switch (command.do) {
			case "speak":
			case "close":
				// A copy: whoever closes leaves the set.
				for (const [live, { step }] of [...open])
					if (step.label === command.step && live instanceof LiveConnection)
						live[command.do]();
				return;
			case "end":
				setTimeout(end, Math.max(0, command.atMs - nowMs()));
		}
	}

	function end(): void {
		clearTimeout(arrival);
		for (const [live, arrival] of [...lingering, ...open])
			onRecord(recordOf(live, arrival));
		open.clear();
		onEnd();
	}
}

type Live = LiveConnection | LiveFlow;

/** Opens one now. */
type Opener = (planned: PlannedConnection, onEnd: (live: Live) => void) => Live;

interface Surroundings {
	readonly sourceIsDefault: boolean;
	readonly nowMs: () => number;
}

/** What opens the connections of a step. */
function openerOf(
	plan: ClientPlan,
	step: ClientStep,
	around: Surroundings,
): Opener {
	return step.kind === "connect"
		? connects(plan, step, around)
		: sends(plan, step, around);
}

function connects(
	plan: ClientPlan,
	{ service, speaks, dialogue }: ConnectStep,
	{ sourceIsDefault, nowMs }: Surroundings,
): Opener {
	const prepared = prepareDialogue(dialogue, speaks);
	return ({ id, port }, onEnd) =>
		new LiveConnection({
			service,
			source: sourceIsDefault && port === null ? null : plan.source,
			port,
			plan: prepared,
			// Requests of the web have no ids.
			messagePrefix: dialogue.kind === "http" ? null : connectionName(plan, id),
			nowMs,
			onEnd,
		});
}

function sends(
	plan: ClientPlan,
	{ service, requestsMs, octets, reply, closes }: SendStep,
	{ sourceIsDefault, nowMs }: Surroundings,
): Opener {
	const requests = requestsMs.length;
	return ({ id, port }, onEnd) =>
		new LiveFlow({
			service,
			source: sourceIsDefault ? null : plan.source,
			port,
			plan: { flow: id, requests, octets, reply, closes },
			requestsMs,
			nowMs,
			onEnd,
		});
}

interface Arrival {
	readonly step: ClientStep;
	readonly planned: PlannedConnection;
	readonly open: Opener;
}

function arrivalsOf(step: ClientStep, open: Opener): readonly Arrival[] {
	return step.connections.map((planned) => ({ step, planned, open }));
}
