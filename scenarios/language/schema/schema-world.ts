/** The parts of the schema that say what stands around the gateway, and what can be done to it. */
import * as v from "valibot";
import { TCP_STATE_NAMES } from "../../../sim/contract/tcp-state-name.ts";
import { WRITES_SOMETHING } from "./condition-write.ts";
import {
	about,
	address,
	byKind,
	finite,
	inRange,
	list,
	milliseconds,
	network,
	object,
	oneOf,
	packetLine,
	port,
	positiveMs,
	record,
	share,
	text,
	whole,
	yesNo,
} from "./schema.ts";

export const behaviour = byKind([
	object({ kind: v.literal("up") }),
	object({ kind: v.literal("refuse") }),
	object({ kind: v.literal("vanish") }),
	object({ kind: v.literal("silent") }),
	object({ kind: v.literal("hang"), accept: yesNo }),
	object({ kind: v.literal("slow"), delayMs: milliseconds }),
	object({ kind: v.literal("drain") }),
	object({ kind: v.literal("lossy"), loss: share }),
]);

/** One of these, or `null` for none. */
export function orNull<const Schema extends v.GenericSchema>(schema: Schema) {
	return v.nullable(schema);
}

export const timeout = orNull(positiveMs);

/** More than a mail server takes in one connection. */
const MOST_MESSAGES = 10_000;
const MOST_OCTETS = 10_000_000;
export const messages = whole(0, MOST_MESSAGES);

export const dialogue = byKind([
	object({
		kind: v.literal("smtp"),
		messages,
		messageOctets: v.exactOptional(whole(0, MOST_OCTETS)),
		paceMs: v.exactOptional(milliseconds),
		connectTimeoutMs: timeout,
		readTimeoutMs: timeout,
	}),
	object({ kind: v.literal("connect-only"), connectTimeoutMs: timeout }),
	object({
		kind: v.literal("hold"),
		connectTimeoutMs: timeout,
		readTimeoutMs: timeout,
	}),
]);

/** What changes a condition. */
export const conditionWrite = v.pipe(
	text,
	v.regex(
		WRITES_SOMETHING,
		({ input }) =>
			`${JSON.stringify(input)} changes nothing\nWrite "0" or "1": the kernel looks at the first character, and ignores any other.`,
	),
);

/** A health checker's `HealthPolicy`: the same in a scenario and in the file of the one that runs on a machine. */
export const healthPolicyEntries = {
	intervalMs: about(
		positiveMs,
		"Milliseconds from the start of one probe of a target to the start of its next.",
	),
	timeoutMs: about(
		positiveMs,
		"A probe without a result after these milliseconds has failed; at most intervalMs. A health checker's default is 800, or intervalMs where that is shorter.",
	),
	rise: about(
		whole(1, 1000),
		"Good probes in a row that make a dead backend alive.",
	),
	fall: about(
		whole(1, 1000),
		"Bad probes in a row that make a backend that is alive dead.",
	),
	initially: about(
		oneOf(["alive", "dead"]),
		"What is believed before the first probes.",
	),
	writeAtStart: about(
		yesNo,
		"Write every condition at the start, whatever it is; else only changes are written.",
	),
	rewriteMs: about(
		timeout,
		"Write every condition again after these milliseconds, for values that get lost and cannot be read back. null: never.",
	),
	aliveValue: about(
		conditionWrite,
		"What is written for a backend that is alive.",
	),
	deadValue: about(conditionWrite, "What is written for a dead backend."),
	evict: about(
		yesNo,
		"Delete the conntrack entries of a backend that died, so that its clients do not stay with it.",
	),
	neverAllDead: about(
		yesNo,
		"Do not mark the last backend dead that is alive.",
	),
	// Drawn from so many and one more: a whole number.
	jitterMs: about(
		whole(0, 3_600_000),
		"Each probe starts up to these milliseconds later than its time, by chance.",
	),
};

export const healthCheck = object({
	interface: text,
	address,
	targets: list(object({ backend: text, address, port, condition: text })),
	// What the world can play; the checker of a machine knows more.
	probe: byKind([
		object({ kind: v.literal("smtp") }),
		object({ kind: v.literal("tcp") }),
	]),
	...healthPolicyEntries,
});

/** The keys of a `WorldSetup`. */
export const worldEntries = {
	service: object({ address, port }),
	clients: list(
		object({
			name: text,
			address,
			interface: text,
			latencyMs: v.optional(milliseconds, 1),
		}),
	),
	backends: list(
		object({
			name: text,
			address,
			interface: text,
			latencyMs: v.optional(milliseconds, 1),
			behaviour: v.optional(behaviour, { kind: "up" }),
			port: v.exactOptional(port),
		}),
	),
	neighbours: v.exactOptional(list(object({ interface: text, address }))),
	healthCheck: v.optional(v.nullable(healthCheck), null),
};

export const gatewaySetup = object({
	interfaces: list(
		object({
			name: text,
			addresses: list(network),
			mtu: v.optional(whole(68, 65_535), 1500),
		}),
	),
	routes: v.optional(
		list(
			object({
				destination: network,
				via: v.nullable(address),
				interface: text,
			}),
		),
		[],
	),
	sysctls: v.optional(record(finite), {}),
	listeners: v.optional(
		list(object({ protocol: oneOf(["tcp", "udp"]), port })),
		[],
	),
	// A kernel keeps its seconds in 64 bits, and the rules that look at the time in 32.
	epochMs: v.optional(inRange(0, 0xffff_ffff * 1_000), Date.UTC(2026, 0, 1)),
});

const when = { atMs: milliseconds, label: v.optional(text, "") };

/** A play keeps a record of each. */
export const MOST_CONNECTIONS = 1_000_000;
export const connections = whole(1, MOST_CONNECTIONS);
/** Between two arrivals; 0 is all at once. */
export const interval = milliseconds;
/** From one a day to one a microsecond. */
export const perSecond = inRange(0.000_01, 1_000_000);

const arrivals = byKind([
	object({ kind: v.literal("at-once") }),
	object({ kind: v.literal("every"), intervalMs: interval }),
	object({ kind: v.literal("poisson"), perSecond }),
]);

const ports = byKind([
	object({ kind: v.literal("drawn") }),
	object({ kind: v.literal("from"), first: port }),
	object({ kind: v.literal("fixed"), port }),
]);

export const side = oneOf(["client", "backend"]);

/** Every step but operations. */
export const worldSteps = [
	object({
		...when,
		kind: v.literal("connect"),
		client: text,
		count: v.optional(connections, 1),
		arrivals: v.optional(arrivals, { kind: "at-once" }),
		ports: v.optional(ports, { kind: "drawn" }),
		dialogue: v.optional(dialogue, {
			kind: "smtp",
			messages: 1,
			connectTimeoutMs: 30_000,
			readTimeoutMs: 30_000,
		}),
	}),
	object({ ...when, kind: v.literal("speak"), connections: text, who: side }),
	object({ ...when, kind: v.literal("close"), connections: text, who: side }),
	object({
		...when,
		kind: v.literal("packet"),
		interface: text,
		packet: packetLine,
	}),
	object({
		...when,
		kind: v.literal("backend"),
		backend: text,
		becomes: behaviour,
	}),
	object({ ...when, kind: v.literal("observe") }),
] as const;

export const conntrackFilter = v.pipe(
	object({
		protocol: v.exactOptional(oneOf(["tcp", "udp", "icmp"])),
		originalSource: v.exactOptional(address),
		originalDestination: v.exactOptional(address),
		replySource: v.exactOptional(address),
		replyDestination: v.exactOptional(address),
		originalSourcePort: v.exactOptional(whole(0, 65_535)),
		originalDestinationPort: v.exactOptional(whole(0, 65_535)),
		mark: v.exactOptional(whole(0, 0xffff_ffff)),
		state: v.exactOptional(oneOf(TCP_STATE_NAMES)),
	}),
	v.check(
		({ protocol = "tcp", state }) => state === undefined || protocol === "tcp",
		({ input }) =>
			`no entry of ${input.protocol} has a state\nLeave \`state\` or \`protocol\` out: TCP alone has states.`,
	),
);

/** @param rules where the file has been read, they stand in it */
function restore<const Rules extends v.GenericSchema>(rules: Rules) {
	return object({
		kind: v.literal("restore"),
		file: text,
		text: rules,
		noflush: v.optional(yesNo, false),
		counters: v.optional(yesNo, false),
	});
}

const otherOperations = [
	object({ kind: v.literal("iptables"), command: text }),
	object({ kind: v.literal("condition"), name: text, write: text }),
	object({ kind: v.literal("evict"), filter: conntrackFilter }),
	object({ kind: v.literal("sysctl"), name: text, value: finite }),
	object({ kind: v.literal("link"), interface: text, up: yesNo }),
	object({ kind: v.literal("forget-neighbour"), address }),
	object({ kind: v.literal("take-over") }),
] as const;

export const operationStep = object({
	...when,
	kind: v.literal("operation"),
	operation: byKind([restore(v.exactOptional(text)), ...otherOperations]),
});

/** Of a scenario whose files have been read. */
export const playableOperationStep = object({
	...when,
	kind: v.literal("operation"),
	operation: byKind([restore(text), ...otherOperations]),
});
