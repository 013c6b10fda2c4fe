/** The parts of the schema that say what happens in a play, and what clients and backends do. */
import * as v from "valibot";
import { LEAST_OCTETS } from "../../../sim/endpoint/udp/datagram.ts";
import {
	about,
	address,
	byKind,
	inRange,
	milliseconds,
	object,
	oneOf,
	packetLine,
	port,
	positiveMs,
	share,
	text,
	whole,
	yesNo,
} from "./schema.ts";

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
			object({ kind: v.literal("unavailable") }),
			"It accepts connections and turns its clients away: 421 of SMTP, 503 of HTTP; one that echoes closes.",
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

export const neighbourKind = oneOf(["up", "vanish", "silent"]);

const neighbourBehaviour = about(
	byKind([
		about(
			object({ kind: v.literal("up") }),
			"It answers ARP, and sends on what comes to it.",
		),
		about(
			object({ kind: v.literal("vanish") }),
			"It is gone: it answers no ARP.",
		),
		about(
			object({ kind: v.literal("silent") }),
			"ARP is answered, and what comes to it is lost.",
		),
	]),
	"What a neighbour does.",
);

export const timeout = v.nullable(positiveMs);

/** More than a mail server takes in one connection. */
const MOST_MESSAGES = 10_000;
const MOST_OCTETS = 10_000_000;
export const messages = whole(0, MOST_MESSAGES);
export const requests = whole(1, MOST_MESSAGES);
export const messageOctets = whole(1, MOST_OCTETS);

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
	v.pipe(
		object({
			kind: v.literal("http"),
			requests: about(requests, "Requests that the client sends."),
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
		v.check(
			({ requests, keepAlive }) => keepAlive || requests === 1,
			({ input }) =>
				`${input.requests} requests need a connection that is kept alive\nWrite \`keepAlive: true\`, or one request, and the number of connections as \`count\`.`,
		),
	),
	object({
		kind: v.literal("echo"),
		messages: about(messages, "Messages that the client sends."),
		messageOctets: v.exactOptional(
			about(messageOctets, "Length of each message."),
		),
		paceMs: v.exactOptional(
			about(milliseconds, "Milliseconds before each message."),
		),
		connectTimeoutMs: timeout,
		readTimeoutMs: timeout,
	}),
	object({ kind: v.literal("silent"), connectTimeoutMs: timeout }),
]);

export const when = {
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

export const sockets = oneOf(["one", "each"]);

/** A datagram names its flow, and is not fragmented on an Ethernet. */
export const octets = whole(LEAST_OCTETS, 1_472);

export const reply = object({
	timeoutMs: about(
		positiveMs,
		"Milliseconds until the request is sent again, or given up.",
	),
	attempts: about(whole(1, 100), "Times that it is sent at most."),
});

const ofConnections = about(
	text,
	"Label of the connect step whose connections they are.",
);

/** As many as the virtual machine holds (`MOST_HELD`, lab/vm/guest/marktwin.c). */
const MOST_RACERS = 16;

/** Packets that race, each in this form. */
export function atOnce<Item extends v.GenericSchema>(item: Item) {
	return v.pipe(
		v.array(item),
		v.minLength(
			2,
			"one packet does not race\nWrite two or more, or a `packet` step.",
		),
		v.maxLength(
			MOST_RACERS,
			`more than ${MOST_RACERS} packets at once\nWrite ${MOST_RACERS} at most.`,
		),
	);
}

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
					sockets,
					"one: all from one socket. each: a new socket for each request.",
				),
				"one",
			),
			octets: v.optional(
				about(octets, "Length of a request's payload."),
				DATAGRAM_OCTETS,
			),
			reply: v.optional(
				about(
					v.nullable(reply),
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
			kind: v.literal("race"),
			packets: atOnce(
				object({
					interface: text,
					packet: about(packetLine, "In one-line notation."),
				}),
			),
		}),
		"Packets that are in the gateway at once: each walks through the rules, in this order, before the first of them is confirmed.",
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
		object({
			...when,
			kind: v.literal("neighbour"),
			address: about(address, "One of `setup.neighbours`."),
			becomes: neighbourBehaviour,
		}),
		"A neighbour dies while its link stays up, or comes back.",
	),
	about(
		object({
			...when,
			kind: v.literal("announce"),
			address: about(address, "On a network of one of the gateway's links."),
			by: oneOf(["gateway", "other"]),
		}),
		"A router announces by gratuitous ARP that it has an address: the gateway, or another one on the link.",
	),
	about(
		object({
			...when,
			kind: v.literal("carrier"),
			interface: about(text, "One of the gateway's interfaces."),
			becomes: oneOf(["lost", "back"]),
		}),
		"The link of an interface loses its carrier, as when a cable is pulled, or gets it back; the interface stays up.",
	),
	about(
		object({ ...when, kind: v.literal("observe") }),
		"Keeps counters, conntrack and conditions as they are now under the step's label.",
	),
] as const;
