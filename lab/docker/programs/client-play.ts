/** A client in a container: opens the connections of its plan when their time has come. */
import { createSocket } from "node:dgram";
import type { DialoguePlan } from "../../../sim/endpoint/dialogue-machine.ts";
import { prepareDialogue } from "../../../sim/endpoint/prepare-dialogue.ts";
import { LiveConnection } from "./client-connection.ts";
import type {
	ClientCommand,
	ClientPlan,
	ClientRecord,
	ClientStep,
	PlannedConnection,
} from "./client-plan.ts";

export interface PlayOptions {
	/** Unix time in milliseconds. */
	readonly unixMs: () => number;
	/** The kernel takes the plan's address by itself (`sourceTowards`): nothing has to be bound to it. */
	readonly sourceIsDefault: boolean;
	/** Is handed each connection that is over; at the end, those that are not. */
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
	const arrivals = plan.steps.flatMap(arrivalsOf);
	// Stable: what arrives at the same time arrives in the plan's order.
	arrivals.sort((a, b) => a.planned.atMs - b.planned.atMs);
	const messagePrefix = `${plan.client}.${Math.round(plan.epochMs).toString(36)}`;
	const open = new Map<LiveConnection, Arrival>();
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
		const { service } = arrival.step;
		const { id, port } = arrival.planned;
		const connection = new LiveConnection({
			service,
			source: sourceIsDefault && port === null ? null : plan.source,
			port,
			plan: arrival.dialogue,
			messagePrefix: `${messagePrefix}.${id}`,
			nowMs,
			onEnd(ended) {
				// Told as open already, when all has ended.
				if (!open.delete(ended)) return;
				onRecord(recordOf(ended, arrival));
				if (open.size === 0 && next === arrivals.length) overAll();
			},
		});
		open.set(connection, arrival);
	}

	function recordOf(
		{ course }: LiveConnection,
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
				for (const [connection, { step }] of [...open])
					if (step.label === command.step) connection[command.do]();
				return;
			case "end":
				setTimeout(end, Math.max(0, command.atMs - nowMs()));
		}
	}

	function end(): void {
		clearTimeout(arrival);
		for (const [connection, arrival] of open)
			onRecord(recordOf(connection, arrival));
		open.clear();
		onEnd();
	}
}

interface Arrival {
	readonly step: ClientStep;
	readonly dialogue: DialoguePlan;
	readonly planned: PlannedConnection;
}

function arrivalsOf(step: ClientStep): readonly Arrival[] {
	const dialogue = prepareDialogue(step.dialogue);
	return step.connections.map((planned) => ({ step, dialogue, planned }));
}
