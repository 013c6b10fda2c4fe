/** Builders of what happens in the world around the gateway. Put them at a time with `at`. */
import * as v from "valibot";
import type { BackendBehaviour } from "../../../sim/endpoint/backend.ts";
import type { Dialogue } from "../../../sim/endpoint/dialogue.ts";
import type {
	Arrivals,
	NeighbourBehaviour,
	PortPolicy,
} from "../../../sim/world/setup/setup.ts";
import type { ScenarioStep } from "../scenario.ts";
import {
	address as addressText,
	milliseconds,
	oneOf,
	packetLine,
	port,
	share,
	text,
	whole,
} from "../schema/schema.ts";
import {
	atOnce,
	behaviour,
	connections as connectionCount,
	DATAGRAM_OCTETS,
	dialogue,
	interval,
	neighbourKind,
	octets,
	perSecond,
	reply,
	side,
	sockets,
	USUAL_REPLY,
} from "../schema/schema-steps.ts";
import {
	type AtMostOne,
	atMostOne,
	checkArguments,
	options,
	steps as someSteps,
} from "./check-arguments.ts";
import { type LabelOrOptions, labelOf, stepOptions } from "./step-options.ts";

const atArguments = v.object({ atMs: milliseconds, steps: someSteps });

/**
 * Steps at a time (virtual, ms). Steps that have a time already are moved by it:
 * `at(1000, at(500, x))` is `at(1500, x)`.
 * @public
 */
export function at(
	atMs: number,
	...steps: readonly (ScenarioStep | readonly ScenarioStep[])[]
): readonly ScenarioStep[] {
	checkArguments("at", atArguments, { atMs, steps });
	return steps.flat().map((step) => ({ ...step, atMs: step.atMs + atMs }));
}

/** More repetitions than that are a slip of the pen, and fill the memory before anything is checked. */
const MOST_REPETITIONS = 100_000;

const repeatArguments = v.object({
	times: whole(0, MOST_REPETITIONS),
	everyMs: milliseconds,
	steps: v.function("expected a function\nWrite `(n) => [ … ]`."),
});

/** The same steps again and again: `repeat(8, 100, (n) => […])` at 0, 100, 200 … @public */
export function repeat(
	times: number,
	everyMs: number,
	steps: (index: number) => readonly (ScenarioStep | readonly ScenarioStep[])[],
	...surplus: readonly never[]
): readonly ScenarioStep[] {
	checkArguments("repeat", repeatArguments, { times, everyMs, steps }, surplus);
	return Array.from({ length: times }, (_, index) =>
		at(index * everyMs, ...steps(index)),
	).flat();
}

/** When connections and requests begin, and from which source ports. Times in ms, rates per second of virtual time. @public */
export type OpeningOptions = AtMostOne<{
	/** One after the other, so far apart; all at once when neither this nor `perSecond` is given. */
	readonly everyMs: number;
	/** By chance (Poisson), so many on average. */
	readonly perSecond: number;
}> &
	AtMostOne<{
		/** Always this source port; drawn when neither this nor `firstPort` is given. */
		readonly port: number;
		/** Counted up from this source port. */
		readonly firstPort: number;
	}>;

const OPENING = { everyMs: interval, perSecond, port, firstPort: port };
const openingChecks = [
	atMostOne("everyMs", "perSecond"),
	atMostOne("port", "firstPort"),
];

/** Options of `connect`. Times in ms, rates per second of virtual time. @public */
export type ConnectOptions = {
	readonly label?: string;
	/** `c1` when nothing is said. */
	readonly client?: string;
	/** Name of the service; the first one of TCP when nothing is said. */
	readonly service?: string;
	/** One of the service's ports; its first one when nothing is said. */
	readonly servicePort?: number;
	/** What fits the service when nothing is said: one message by SMTP, one request by HTTP. */
	readonly dialogue?: Dialogue;
} & OpeningOptions;

const connectArguments = v.object({
	count: connectionCount,
	options: options<ConnectOptions>(
		{
			label: text,
			client: text,
			service: text,
			servicePort: port,
			dialogue,
			...OPENING,
		},
		...openingChecks,
	),
});

/**
 * A client opens so many connections to a service: `port` and `firstPort` are ports of the client, its
 * source ports.
 * @public
 */
export function connect(
	count: number,
	options: ConnectOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments("connect", connectArguments, { count, options }, surplus);
	return {
		atMs: 0,
		label: options.label ?? "",
		kind: "connect",
		client: options.client ?? "c1",
		...ofService(options),
		count,
		arrivals: arrivals(options),
		ports: ports(options),
		...(options.dialogue === undefined ? {} : { dialogue: options.dialogue }),
	};
}

/** Options of `send`. Times in ms, rates per second of virtual time. @public */
export type SendOptions = {
	readonly label?: string;
	/** `c1` when nothing is said. */
	readonly client?: string;
	/** Name of the service; the first one of UDP when nothing is said. */
	readonly service?: string;
	/** One of the service's ports; its first one when nothing is said. */
	readonly servicePort?: number;
	/** `one` (when nothing is said): all requests from one socket. `each`: from a new socket each. */
	readonly sockets?: "one" | "each";
	/** Length of a request's payload; 32 when nothing is said. */
	readonly octets?: number;
	/** How long an answer is awaited for each attempt; twice 5 s when nothing is said. `false`: no answer is awaited. */
	readonly reply?:
		| { readonly timeoutMs: number; readonly attempts: number }
		| false;
} & OpeningOptions;

const sendArguments = v.object({
	count: connectionCount,
	options: options<SendOptions>(
		{
			label: text,
			client: text,
			service: text,
			servicePort: port,
			sockets,
			octets,
			reply: v.lazy((given) => (given === false ? v.literal(false) : reply)),
			...OPENING,
		},
		...openingChecks,
	),
});

/**
 * A client sends so many requests to a service of UDP: `send(10, { sockets: "each", everyMs: 100 })`. What comes from
 * one socket is one flow, and to expectations a flow is a connection.
 * @public
 */
export function send(
	count: number,
	options: SendOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments("send", sendArguments, { count, options }, surplus);
	return {
		atMs: 0,
		label: options.label ?? "",
		kind: "send",
		client: options.client ?? "c1",
		...ofService(options),
		count,
		arrivals: arrivals(options),
		ports: ports(options),
		sockets: options.sockets ?? "one",
		octets: options.octets ?? DATAGRAM_OCTETS,
		reply: options.reply === false ? null : (options.reply ?? USUAL_REPLY),
	};
}

function ofService({
	service,
	servicePort,
}: Pick<ConnectOptions, "service" | "servicePort">) {
	return {
		...(service === undefined ? {} : { service }),
		...(servicePort === undefined ? {} : { port: servicePort }),
	};
}

function arrivals({ everyMs, perSecond }: OpeningOptions): Arrivals {
	if (everyMs !== undefined) return { kind: "every", intervalMs: everyMs };
	return perSecond === undefined
		? { kind: "at-once" }
		: { kind: "poisson", perSecond };
}

function ports({ port, firstPort }: OpeningOptions): PortPolicy {
	if (port !== undefined) return { kind: "fixed", port };
	return firstPort === undefined
		? { kind: "drawn" }
		: { kind: "from", first: firstPort };
}

const sideArguments = v.object({
	connections: text,
	who: side,
	options: stepOptions,
});

/** The connections of an earlier `connect` step: one side of each says something. @public */
export function speak(
	connections: string,
	who: "client" | "backend" = "client",
	options: LabelOrOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	return ofSide("speak", { connections, who, options }, surplus);
}

/** … or closes. @public */
export function close(
	connections: string,
	who: "client" | "backend" = "client",
	options: LabelOrOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	return ofSide("close", { connections, who, options }, surplus);
}

/** What one side of connections does. */
function ofSide(
	kind: "speak" | "close",
	given: {
		readonly connections: string;
		readonly who: "client" | "backend";
		readonly options: LabelOrOptions;
	},
	surplus: readonly never[],
): ScenarioStep {
	checkArguments(kind, sideArguments, given, surplus);
	const { connections, who, options } = given;
	return { atMs: 0, label: labelOf(options), kind, connections, who };
}

const packetArguments = v.object({
	name: text,
	line: packetLine,
	options: stepOptions,
});

/** A packet by hand, in one-line notation, put on one of the gateway's interfaces. @public */
export function packet(
	name: string,
	line: string,
	options: LabelOrOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments("packet", packetArguments, { name, line, options }, surplus);
	return {
		atMs: 0,
		label: labelOf(options),
		kind: "packet",
		interface: name,
		packet: line,
	};
}

const raceArguments = v.object({
	packets: atOnce(
		v.strictTuple(
			[text, packetLine],
			'expected an interface and a packet\nWrite `["eth0", "udp 10.0.0.10:5000 > 10.0.0.1:53"]`.',
		),
	),
});

/**
 * Packets that are in the gateway at once, as they are on several CPUs: each walks through the rules, in
 * this order, before the first of them is confirmed:
 * `race(["eth0", "udp …"], ["eth0", "udp …"])`.
 * @public
 */
export function race(
	...packets: readonly (readonly [name: string, line: string])[]
): ScenarioStep {
	checkArguments("race", raceArguments, { packets });
	const given = packets.map(([name, line]) => {
		return { interface: name, packet: line };
	});
	return { atMs: 0, label: "", kind: "race", packets: given };
}

const slowArguments = v.object({ delayMs: milliseconds });

/** It waits so long before its banner and before each reply: `backend("b1", slow(500))`. @public */
export function slow(
	delayMs: number,
	...surplus: readonly never[]
): BackendBehaviour {
	checkArguments("slow", slowArguments, { delayMs }, surplus);
	return { kind: "slow", delayMs };
}

const lossyArguments = v.object({ loss: share });

/**
 * Of the packets that go to it or come from it, each is lost with this probability:
 * `backend("b1", lossy(0.1))`. Which ones follows from the seed, and in live time from chance.
 * @public
 */
export function lossy(
	loss: number,
	...surplus: readonly never[]
): BackendBehaviour {
	checkArguments("lossy", lossyArguments, { loss }, surplus);
	return { kind: "lossy", loss };
}

const PLAIN_BEHAVIOURS = [
	"up",
	"refuse",
	"vanish",
	"silent",
	"unavailable",
	"drain",
] as const;

const backendArguments = v.object({
	name: text,
	becomes: v.lazy((given) =>
		typeof given === "string" ? oneOf(PLAIN_BEHAVIOURS) : behaviour,
	),
	options: stepOptions,
});

/** From now on the backend behaves so: `backend("b1", "vanish")`. @public */
export function backend(
	name: string,
	becomes: BackendBehaviour | (typeof PLAIN_BEHAVIOURS)[number],
	options: LabelOrOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments(
		"backend",
		backendArguments,
		{ name, becomes, options },
		surplus,
	);
	return {
		atMs: 0,
		label: labelOf(options),
		kind: "backend",
		backend: name,
		becomes: typeof becomes === "string" ? { kind: becomes } : becomes,
	};
}

const neighbourArguments = v.object({
	address: addressText,
	becomes: neighbourKind,
	options: stepOptions,
});

/**
 * One of the setup's `neighbours` behaves so from now on, while its link stays up: `neighbour("198.51.100.1", "vanish")`
 * is a router that has died. `silent`: it answers ARP, and loses what comes to it.
 * @public
 */
export function neighbour(
	address: string,
	becomes: NeighbourBehaviour["kind"],
	options: LabelOrOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments(
		"neighbour",
		neighbourArguments,
		{ address, becomes, options },
		surplus,
	);
	return {
		atMs: 0,
		label: labelOf(options),
		kind: "neighbour",
		address,
		becomes: { kind: becomes },
	};
}

const announceArguments = v.object({
	address: addressText,
	by: oneOf(["gateway", "other"]),
	options: stepOptions,
});

/**
 * A router announces by gratuitous ARP that it has an address on one of the gateway's links: another one
 * (`announce("10.0.0.1", "other")`), or the gateway again. What hosts send to the address, or through it, goes there
 * from now on.
 * @public
 */
export function announce(
	address: string,
	by: "gateway" | "other",
	options: LabelOrOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments(
		"announce",
		announceArguments,
		{ address, by, options },
		surplus,
	);
	return { atMs: 0, label: labelOf(options), kind: "announce", address, by };
}

const carrierArguments = v.object({
	interface: text,
	becomes: oneOf(["lost", "back"]),
	options: stepOptions,
});

/**
 * The link of one of the gateway's interfaces loses its carrier, as when a cable is pulled or a modem dies
 * (`carrier("isp1", "lost")`), or gets it back. The interface stays up.
 * @public
 */
export function carrier(
	interfaceName: string,
	becomes: "lost" | "back",
	options: LabelOrOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments(
		"carrier",
		carrierArguments,
		{ interface: interfaceName, becomes, options },
		surplus,
	);
	return {
		atMs: 0,
		label: labelOf(options),
		kind: "carrier",
		interface: interfaceName,
		becomes,
	};
}

const observeArguments = v.object({ label: text });

/** Keeps counters, conntrack and conditions as they are now, for expectations that say `at: label`. @public */
export function observe(
	label: string,
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments("observe", observeArguments, { label }, surplus);
	return { atMs: 0, label, kind: "observe" };
}
