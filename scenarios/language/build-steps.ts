/** Builders of what happens in the world around the gateway. Put them at a time with `at`. */
import type { BackendBehaviour } from "../../sim/endpoint/backend.ts";
import type { Dialogue } from "../../sim/endpoint/client.ts";
import type { Arrivals, PortPolicy } from "../../sim/world/setup.ts";
import type { ScenarioStep } from "./scenario.ts";

/**
 * Steps at a time (virtual, ms). Steps that have a time already are moved by it:
 * `at(1000, at(500, x))` is `at(1500, x)`.
 */
export function at(
	atMs: number,
	...steps: readonly (ScenarioStep | readonly ScenarioStep[])[]
): readonly ScenarioStep[] {
	return steps.flat().map((step) => ({ ...step, atMs: step.atMs + atMs }));
}

/** The same steps again and again: `repeat(8, 100, (n) => […])` at 0, 100, 200 … */
export function repeat(
	times: number,
	everyMs: number,
	steps: (index: number) => readonly (ScenarioStep | readonly ScenarioStep[])[],
): readonly ScenarioStep[] {
	return Array.from({ length: times }, (_, index) =>
		at(index * everyMs, ...steps(index)),
	).flat();
}

export interface ConnectOptions {
	readonly label?: string;
	/** `c1` when nothing is said. */
	readonly client?: string;
	/** One after the other, so far apart; all at once when neither this nor `perSecond` is given. */
	readonly everyMs?: number;
	/** By chance (Poisson), so many on average. */
	readonly perSecond?: number;
	/** Always this source port, or counted up from it; drawn when nothing is said. */
	readonly port?: number;
	readonly firstPort?: number;
	/** One message by SMTP when nothing is said. */
	readonly dialogue?: Dialogue;
}

/** A client opens so many connections to the service. */
export function connect(
	count: number,
	options: ConnectOptions = {},
): ScenarioStep {
	return {
		atMs: 0,
		label: options.label ?? "",
		kind: "connect",
		client: options.client ?? "c1",
		count,
		arrivals: arrivals(options),
		ports: ports(options),
		dialogue: options.dialogue ?? smtp(),
	};
}

function arrivals({ everyMs, perSecond }: ConnectOptions): Arrivals {
	if (everyMs !== undefined) return { kind: "every", intervalMs: everyMs };
	return perSecond === undefined
		? { kind: "at-once" }
		: { kind: "poisson", perSecond };
}

function ports({ port, firstPort }: ConnectOptions): PortPolicy {
	if (port !== undefined) return { kind: "fixed", port };
	return firstPort === undefined
		? { kind: "drawn" }
		: { kind: "from", first: firstPort };
}

/** Patience of a client where nothing is said: half a minute, as mail programs have it and more. */
const PATIENCE_MS = 30_000;

/** Banner, a message, QUIT. */
export function smtp(
	options: {
		readonly messages?: number;
		readonly connectTimeoutMs?: number | null;
		readonly readTimeoutMs?: number | null;
		readonly paceMs?: number;
	} = {},
): Dialogue {
	const { connectTimeoutMs, readTimeoutMs, paceMs } = options;
	return {
		kind: "smtp",
		messages: options.messages ?? 1,
		connectTimeoutMs:
			connectTimeoutMs === undefined ? PATIENCE_MS : connectTimeoutMs,
		readTimeoutMs: readTimeoutMs === undefined ? PATIENCE_MS : readTimeoutMs,
		...(paceMs === undefined ? {} : { paceMs }),
	};
}

/** Connects, waits for the banner and stays, until a `speak` or `close` step says more. */
export function hold(
	options: { readonly readTimeoutMs?: number | null } = {},
): Dialogue {
	return {
		kind: "hold",
		connectTimeoutMs: PATIENCE_MS,
		readTimeoutMs: options.readTimeoutMs ?? null,
	};
}

/** Connects and closes. */
export function connectOnly(
	connectTimeoutMs: number | null = PATIENCE_MS,
): Dialogue {
	return { kind: "connect-only", connectTimeoutMs };
}

/** The connections of an earlier `connect` step: one side of each says something. */
export function speak(
	connections: string,
	who: "client" | "backend" = "client",
): ScenarioStep {
	return { atMs: 0, label: "", kind: "speak", connections, who };
}

/** … or closes. */
export function close(
	connections: string,
	who: "client" | "backend" = "client",
): ScenarioStep {
	return { atMs: 0, label: "", kind: "close", connections, who };
}

/** A packet by hand, in one-line notation, put on one of the gateway's interfaces. */
export function packet(name: string, line: string): ScenarioStep {
	return { atMs: 0, label: "", kind: "packet", interface: name, packet: line };
}

/** It waits so long before its banner and before each reply: `backend("b1", slow(500))`. */
export function slow(delayMs: number): BackendBehaviour {
	return { kind: "slow", delayMs };
}

/**
 * Of the packets that go to it or come from it, each is lost with this probability:
 * `backend("b1", lossy(0.1))`. Which ones follows from the seed, and in live time from chance.
 */
export function lossy(loss: number): BackendBehaviour {
	return { kind: "lossy", loss };
}

/** From now on the backend behaves so: `backend("b1", "vanish")`. */
export function backend(
	name: string,
	becomes: BackendBehaviour | "up" | "refuse" | "vanish" | "silent" | "drain",
	label = "",
): ScenarioStep {
	return {
		atMs: 0,
		label,
		kind: "backend",
		backend: name,
		becomes: typeof becomes === "string" ? { kind: becomes } : becomes,
	};
}

/** Keeps counters, conntrack and conditions as they are now, for expectations that say `at: label`. */
export function observe(label: string): ScenarioStep {
	return { atMs: 0, label, kind: "observe" };
}
