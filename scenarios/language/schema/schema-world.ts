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
	oneLine,
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
import { httpCheckEntries } from "./schema-http-check.ts";

export const behaviour = about(
	byKind([
		about(object({ kind: v.literal("up") }), "It serves."),
		about(
			object({ kind: v.literal("refuse") }),
			"The process is dead, its kernel answers RST.",
		),
		about(
			object({ kind: v.literal("vanish") }),
			"The host is gone: no ARP, and it has forgotten everything when it comes back.",
		),
		about(
			object({ kind: v.literal("silent") }),
			"ARP is answered, packets disappear, as behind a wrong firewall.",
		),
		about(
			object({
				kind: v.literal("hang"),
				accept: about(
					yesNo,
					"true: it accepts connections and says nothing. false: it accepts nothing, and the backlog fills.",
				),
			}),
			"The process hangs.",
		),
		about(
			object({
				kind: v.literal("slow"),
				delayMs: about(milliseconds, "Milliseconds before each reply."),
			}),
			"It waits before its banner and before each reply.",
		),
		about(
			object({ kind: v.literal("drain") }),
			"New connections are refused (RST), those that stand are served.",
		),
		about(
			object({
				kind: v.literal("lossy"),
				loss: about(share, "Probability with which each packet is lost."),
			}),
			"Of the packets to it and from it some are lost.",
		),
	]),
	"What a backend does.",
);

export const timeout = v.nullable(positiveMs);

/** More than a mail server takes in one connection. */
const MOST_MESSAGES = 10_000;
const MOST_OCTETS = 10_000_000;
export const messages = whole(0, MOST_MESSAGES);

export const dialogue = byKind([
	object({
		kind: v.literal("smtp"),
		messages: about(messages, "Messages that the client sends."),
		messageOctets: v.exactOptional(
			about(whole(0, MOST_OCTETS), "Length of each message."),
		),
		paceMs: v.exactOptional(
			about(
				milliseconds,
				"Milliseconds that the client waits before it speaks.",
			),
		),
		connectTimeoutMs: timeout,
		readTimeoutMs: timeout,
	}),
	object({ kind: v.literal("connect-only"), connectTimeoutMs: timeout }),
	object({
		kind: v.literal("hold"),
		connectTimeoutMs: timeout,
		readTimeoutMs: timeout,
	}),
	object({
		kind: v.literal("http"),
		requests: about(whole(1, MOST_MESSAGES), "Requests that the client sends."),
		keepAlive: about(
			yesNo,
			"true: all on one connection, which the client closes. false: one alone, and the backend closes.",
		),
		paceMs: v.exactOptional(
			about(milliseconds, "Milliseconds before each request."),
		),
		connectTimeoutMs: timeout,
		readTimeoutMs: timeout,
	}),
	object({
		kind: v.literal("echo"),
		messages: about(messages, "Messages that the client sends."),
		messageOctets: v.exactOptional(
			about(whole(1, MOST_OCTETS), "Length of each message."),
		),
		paceMs: v.exactOptional(
			about(milliseconds, "Milliseconds before each message."),
		),
		connectTimeoutMs: timeout,
		readTimeoutMs: timeout,
	}),
	object({ kind: v.literal("silent"), connectTimeoutMs: timeout }),
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
	interface: about(text, "The gateway's interface in front of the checker."),
	address,
	targets: about(
		list(object({ backend: text, address, port, condition: text })),
		"What is probed, and the condition that is written for each.",
	),
	// What the world can play; the checker of a machine knows more.
	probe: about(
		byKind([
			object({ kind: v.literal("smtp") }),
			object({ kind: v.literal("tcp") }),
			object({ kind: v.literal("http"), ...httpCheckEntries }),
		]),
		"smtp: connect, wait for 220, say QUIT. tcp: connect, that is all. http: connect, send a request, look at the answer; the model has no TLS, so there is no https.",
	),
	...healthPolicyEntries,
});

const latencyMs = v.optional(
	about(
		milliseconds,
		"Milliseconds that a packet takes between the host and the gateway.",
	),
	1,
);
const behindInterface = about(
	text,
	"The gateway's interface behind which the host stands; lo: it is a program of the gateway's own.",
);

const defaultVia = v.exactOptional(
	about(
		address,
		"Its default route: another router on its link. Left out: the gateway.",
	),
);

/** Unique, and not empty: that is the one of `service`. */
const serviceName = v.pipe(
	oneLine,
	v.minLength(1, 'is empty\nGive the service a name: "web".'),
);

export const program = about(
	byKind([
		about(object({ kind: v.literal("smtp") }), "A mail server, over TCP."),
		about(object({ kind: v.literal("http") }), "A web server, over TCP."),
		about(object({ kind: v.literal("echo") }), "It sends back what it gets."),
		about(
			object({ kind: v.literal("silent") }),
			"It takes connections or datagrams and says nothing.",
		),
	]),
	"What the programs of its backends speak; left out: SMTP over TCP, echo over UDP.",
);

const oneService = object({
	name: about(
		serviceName,
		"A name by which steps and expectations refer to it.",
	),
	protocol: oneOf(["tcp", "udp"]),
	address: about(address, "That clients ask."),
	ports: about(
		v.pipe(
			list(port),
			v.minLength(1, "names no port\nWrite one at least: [80]."),
		),
		"That clients ask: the first one, unless a step names another.",
	),
	backends: v.exactOptional(
		about(
			list(
				object({
					backend: text,
					port: v.exactOptional(
						about(
							port,
							"Where it listens; left out: on its own port, or on the service's ports.",
						),
					),
				}),
			),
			"Backends that serve it. Left out: all.",
		),
	),
	speaks: v.exactOptional(program),
});

/** The keys of a `WorldSetup`. */
export const worldEntries = {
	service: v.exactOptional(
		about(
			object({ address, port }),
			"The address and port that clients know, where there is one service alone, of TCP.",
		),
	),
	services: v.exactOptional(
		about(list(oneService), "Services by name, besides that one."),
	),
	clients: about(
		list(
			object({
				name: text,
				address,
				interface: behindInterface,
				latencyMs,
				defaultVia,
			}),
		),
		"Hosts that connect to services, or send datagrams to them.",
	),
	backends: about(
		list(
			object({
				name: text,
				address,
				interface: behindInterface,
				latencyMs,
				behaviour: v.optional(behaviour, { kind: "up" }),
				port: v.exactOptional(
					about(port, "Where it listens; the service's port when left out."),
				),
				defaultVia,
			}),
		),
		"Servers that the rules lead to.",
	),
	neighbours: v.exactOptional(
		about(
			list(object({ interface: text, address })),
			"Other addresses that answer ARP and nothing else: routers on the way to far clients.",
		),
	),
	healthCheck: v.optional(
		about(
			v.nullable(healthCheck),
			"A health checker that writes conditions. null: none.",
		),
		null,
	),
};

export const gatewaySetup = about(
	object({
		interfaces: about(
			list(
				object({
					name: text,
					addresses: about(
						list(network),
						"With their prefix lengths (10.0.0.1/8), the primary one first.",
					),
					mtu: v.optional(
						about(whole(68, 65_535), "Longest packet, in octets."),
						1500,
					),
				}),
			),
			"The gateway's interfaces.",
		),
		routes: v.optional(
			about(
				list(
					object({
						destination: network,
						via: about(
							v.nullable(address),
							"The next router. null: the destination is on the link.",
						),
						interface: text,
					}),
				),
				"Routes besides those to the interfaces' own networks.",
			),
			[],
		),
		ip: v.exactOptional(
			about(
				list(oneLine),
				"Commands of iproute2, in this order: ip rule add fwmark 11 table 111.",
			),
		),
		sets: v.exactOptional(about(text, "Sets, as ipset save prints them.")),
		sysctls: v.optional(
			about(
				record(finite),
				"By their names without net.: netfilter.nf_conntrack_tcp_loose, ipv4.ip_forward.",
			),
			{},
		),
		listeners: v.optional(
			about(
				list(object({ protocol: oneOf(["tcp", "udp"]), port })),
				"Ports on which the gateway itself listens; all others answer RST or port-unreachable.",
			),
			[],
		),
		// A kernel keeps its seconds in 64 bits, and the rules that look at the time in 32.
		epochMs: v.optional(
			about(
				inRange(0, 0xffff_ffff * 1_000),
				"Wall-clock time at the beginning of the play, in milliseconds since 1970 (UTC).",
			),
			Date.UTC(2026, 0, 1),
		),
	}),
	"The gateway under test.",
);

const when = {
	atMs: about(
		milliseconds,
		"When it happens, in milliseconds from the beginning of the play.",
	),
	label: v.optional(
		about(text, "A name by which expectations and other steps refer to it."),
		"",
	),
};

/** A play keeps a record of each. */
export const MOST_CONNECTIONS = 1_000_000;
export const connections = whole(1, MOST_CONNECTIONS);
/** Between two arrivals; 0 is all at once. */
export const interval = milliseconds;
/** From one a day to one a microsecond. */
export const perSecond = inRange(0.000_01, 1_000_000);

const arrivals = about(
	byKind([
		object({ kind: v.literal("at-once") }),
		object({ kind: v.literal("every"), intervalMs: interval }),
		object({ kind: v.literal("poisson"), perSecond }),
	]),
	"When the connections arrive: all at once, at an interval, or by chance at a rate.",
);

const ports = about(
	byKind([
		object({ kind: v.literal("drawn") }),
		object({ kind: v.literal("from"), first: port }),
		object({ kind: v.literal("fixed"), port }),
	]),
	"Source ports: drawn as Linux draws them, counted up from a first one, or always the same.",
);

export const side = oneOf(["client", "backend"]);

const ofService = {
	service: v.exactOptional(
		about(
			text,
			"Name of the service. Left out: the first one of the protocol.",
		),
	),
	port: v.exactOptional(
		about(port, "One of the service's ports. Left out: its first one."),
	),
};

/** Where a step does not say: as a resolver does (RFC 1035, 4.2.1), so long and so often. */
export const DATAGRAM_OCTETS = 32;
export const USUAL_REPLY = { timeoutMs: 5_000, attempts: 2 };

const ofConnections = about(
	text,
	"Label of the connect step whose connections they are.",
);

/** Every step but operations. */
export const worldSteps = [
	about(
		object({
			...when,
			kind: v.literal("connect"),
			client: about(text, "Name of the client."),
			...ofService,
			count: v.optional(about(connections, "Number of connections."), 1),
			arrivals: v.optional(arrivals, { kind: "at-once" }),
			ports: v.optional(ports, { kind: "drawn" }),
			dialogue: v.exactOptional(
				about(dialogue, "Left out: one that fits what the service speaks."),
			),
		}),
		"A client opens connections to a service.",
	),
	about(
		object({
			...when,
			kind: v.literal("send"),
			client: about(text, "Name of the client."),
			...ofService,
			count: v.optional(about(connections, "Number of requests."), 1),
			arrivals: v.optional(arrivals, { kind: "at-once" }),
			ports: v.optional(ports, { kind: "drawn" }),
			sockets: v.optional(
				about(
					oneOf(["one", "each"]),
					"one: all from one socket. each: a new socket for each request.",
				),
				"one",
			),
			octets: v.optional(
				about(whole(0, 65_507), "Length of a datagram's payload."),
				DATAGRAM_OCTETS,
			),
			reply: v.optional(
				about(
					v.nullable(
						object({
							timeoutMs: about(
								positiveMs,
								"Milliseconds until the request is sent again, or given up.",
							),
							attempts: about(whole(1, 100), "Times that it is sent at most."),
						}),
					),
					"The answer that each request awaits. null: none.",
				),
				USUAL_REPLY,
			),
		}),
		"A client sends datagrams to a service.",
	),
	about(
		object({
			...when,
			kind: v.literal("speak"),
			connections: ofConnections,
			who: side,
		}),
		"Connections that wait go on: the client or its backend sends something.",
	),
	about(
		object({
			...when,
			kind: v.literal("close"),
			connections: ofConnections,
			who: side,
		}),
		"The client or its backend closes connections.",
	),
	about(
		object({
			...when,
			kind: v.literal("packet"),
			interface: text,
			packet: about(
				packetLine,
				"In one-line notation: tcp 10.0.0.10:40000 > 10.0.0.1:25 S.",
			),
		}),
		"One packet, put on an interface of the gateway.",
	),
	about(
		object({
			...when,
			kind: v.literal("backend"),
			backend: text,
			becomes: behaviour,
		}),
		"A backend's behaviour changes.",
	),
	about(
		object({ ...when, kind: v.literal("observe") }),
		"Keeps counters, conntrack and conditions as they are now under the step's label.",
	),
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
	return about(
		object({
			kind: v.literal("restore"),
			file: about(text, "A file of rules beside the scenario."),
			text: rules,
			noflush: v.optional(about(yesNo, "--noflush"), false),
			counters: v.optional(about(yesNo, "--counters"), false),
		}),
		"iptables-restore of a file.",
	);
}

const otherOperations = [
	about(
		object({ kind: v.literal("iptables"), command: text }),
		"One command: iptables -t mangle -A PREROUTING …",
	),
	about(
		object({ kind: v.literal("condition"), name: text, write: text }),
		"Writes a text into /proc/net/nf_condition/NAME.",
	),
	about(
		object({ kind: v.literal("evict"), filter: conntrackFilter }),
		"conntrack -D with a filter, which fails where no entry fits.",
	),
	about(
		object({ kind: v.literal("sysctl"), name: text, value: finite }),
		"Sets a sysctl, by its name without net.",
	),
	about(
		object({ kind: v.literal("ip"), command: oneLine }),
		"One command of iproute2: ip route replace default via 203.0.113.1.",
	),
	about(
		object({ kind: v.literal("ipset"), command: oneLine }),
		"One command of ipset: ipset add NAME 10.0.0.1.",
	),
	about(
		object({ kind: v.literal("link"), interface: text, up: yesNo }),
		"Takes an interface down, or up again.",
	),
	about(
		object({ kind: v.literal("forget-neighbour"), address }),
		"Forgets the address of a neighbour (ip neigh flush to ADDRESS).",
	),
	about(
		object({ kind: v.literal("take-over") }),
		"A second gateway with the same rules and conditions and an empty conntrack table takes the addresses over.",
	),
] as const;

const OPERATION = "What an administrator does to the gateway.";

export const operationStep = about(
	object({
		...when,
		kind: v.literal("operation"),
		operation: byKind([restore(v.exactOptional(text)), ...otherOperations]),
	}),
	OPERATION,
);

/** Of a scenario whose files have been read. */
export const playableOperationStep = about(
	object({
		...when,
		kind: v.literal("operation"),
		operation: byKind([restore(text), ...otherOperations]),
	}),
	OPERATION,
);
