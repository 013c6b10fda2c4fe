/** The parts of the schema that say what stands around the gateway. */
import * as v from "valibot";
import { WRITES_SOMETHING } from "./condition-write.ts";
import {
	about,
	address,
	byKind,
	list,
	milliseconds,
	object,
	oneLine,
	oneOf,
	port,
	positiveMs,
	text,
	whole,
	yesNo,
} from "./schema.ts";
import { httpCheckEntries } from "./schema-http-check.ts";
import { behaviour, timeout } from "./schema-steps.ts";

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

/** One less than -1, which stands for none. */
const GREATEST_ID = 0xfffffffe;
const account = v.union(
	[text, whole(0, GREATEST_ID)],
	(issue) =>
		`expected a name or a number, not ${issue.received}\nWrite a number, or a name that every Debian machine has: "www-data".`,
);
/** Of a program on the gateway. */
const ownerEntries = {
	user: v.exactOptional(
		about(
			account,
			"Of a program on the gateway (lo): whose it is, as -m owner asks for it, a number or a name that every Debian machine has. Left out: root.",
		),
	),
	group: v.exactOptional(
		about(
			account,
			"Of a program on the gateway (lo): its group. Left out: the one with the user's name or number.",
		),
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
	...ownerEntries,
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

const program = about(
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
				...ownerEntries,
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
				...ownerEntries,
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
