/** What has to be true of an account in a file of results. */
import * as v from "valibot";
import {
	count,
	data,
	listOf,
	number,
	recordOf,
	text,
	texts,
	yesNo,
} from "../../scenarios/language/schema/plain.ts";
import type { SameShape } from "../../scenarios/language/schema/same-shape.ts";
import { about } from "../../scenarios/language/schema/schema.ts";
import { CONNECTION_OUTCOMES } from "../../sim/endpoint/dialogue.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import type { Account } from "../../sim/world/account/account.ts";

/** What the gateway did not know; `null` where there was no such thing. */
export const unknownSchema = about(
	v.nullable(data({ rule: text, text, line: number, reason: text })),
	"What the model does not know: the play ended there. null: nothing.",
);

const chance = {
	chance: v.exactOptional(
		about(
			v.picklist(["drew", "recalled", "unknown"]),
			"How chance had a part in it. Left out: it had none.",
		),
	),
	drawnFor: v.exactOptional(
		about(
			listOf(count),
			"Connections for which a draw was made that rules remembered for this one. Left out: none.",
		),
	),
};

const connection = data({
	id: count,
	step: about(text, "Label of its connect or send step."),
	client: text,
	service: v.exactOptional(
		about(text, "Name of its service. Left out: the one without a name."),
	),
	protocol: v.exactOptional(about(v.literal("udp"), "Left out: TCP.")),
	sourcePort: number,
	startedMs: about(number, "When its first packet was sent."),
	backend: about(
		v.nullable(text),
		"The backend that answered, else the one that its last SYN or datagram reached. null: none.",
	),
	met: about(texts, "Every backend that one of its packets reached, in order."),
	syns: about(
		number,
		"SYNs that were sent, retransmissions included; 0 for UDP.",
	),
	retransmittedMs: about(
		listOf(number),
		"When its client sent something once more.",
	),
	connectedMs: about(v.nullable(number), "When the SYN/ACK came. null: never."),
	greetedMs: about(v.nullable(number), "When the banner came. null: never."),
	endedMs: about(v.nullable(number), "null: it was open at the end."),
	outcome: v.picklist(CONNECTION_OUTCOMES),
	unacknowledged: v.exactOptional(
		about(
			v.literal(true),
			"It stood at the end, and what one side had said was not acknowledged. Left out: it was, or it is not known.",
		),
	),
	accepted: about(yesNo, "The backend accepted a message."),
	...chance,
	redrawn: v.exactOptional(
		about(
			v.literal(true),
			"A draw was made for a packet behind those that decided which backend it met. Left out: none.",
		),
	),
	source: v.exactOptional(
		about(
			data({ address: text, ...chance }),
			"Its source as its backend saw it. Left out: its client's own address.",
		),
	),
	gatewayAnswers: about(
		texts,
		"What the gateway itself answered: rst, icmp host-unreachable …",
	),
	datagrams: v.exactOptional(
		about(
			data({ requests: count, sent: count, answers: count, read: count }),
			"Of UDP: requests, datagrams that were sent, answers that came, requests that the program of a backend has read.",
		),
	),
});

const happened = { atMs: number, backend: text };
const event = v.variant("kind", [
	data({ kind: v.literal("backend"), ...happened, behaviour: text }),
	data({ kind: v.literal("belief"), ...happened, alive: yesNo }),
	data({
		kind: v.literal("condition"),
		atMs: number,
		name: text,
		write: text,
	}),
	data({
		kind: v.literal("probe"),
		...happened,
		ok: yesNo,
		reason: text,
	}),
]);

/** A signed 32-bit integer, as all of `sim` has them. */
const word = v.pipe(
	number,
	v.integer(),
	v.minValue(-(2 ** 31)),
	v.maxValue(2 ** 31 - 1),
);
const octet = v.pipe(number, v.integer(), v.minValue(0), v.maxValue(255));
const short = v.pipe(number, v.integer(), v.minValue(0), v.maxValue(65_535));
const header = {
	source: word,
	destination: word,
	ttl: octet,
	tos: octet,
	id: short,
	dontFragment: yesNo,
	payload: text,
};
const ports = { sourcePort: short, destinationPort: short };
const wrong = v.exactOptional(v.literal("wrong"));

const tcp = data({
	kind: v.literal("tcp"),
	...header,
	...ports,
	flags: octet,
	seq: word,
	ack: word,
	window: short,
	options: data({
		mss: v.nullable(number),
		windowScale: v.nullable(number),
		sackPermitted: yesNo,
		timestamp: v.nullable(data({ value: number, echo: number })),
		sack: listOf(v.pipe(v.strictTuple([number, number]), v.readonly())),
	}),
	checksum: wrong,
});
const udp = data({
	kind: v.literal("udp"),
	...header,
	...ports,
	checksum: v.exactOptional(v.picklist(["wrong", "none"])),
});
const icmp = data({
	kind: v.literal("icmp"),
	...header,
	type: octet,
	code: octet,
	rest: word,
	about: v.nullable(v.lazy((): v.GenericSchema<Packet> => packet)),
	checksum: wrong,
});
const other = data({
	kind: v.literal("other"),
	...header,
	protocol: octet,
	fragment: v.exactOptional(data({ offset: number, more: yesNo })),
});
const packet = v.variant("kind", [tcp, udp, icmp, other]);
true satisfies SameShape<Packet, v.InferOutput<typeof packet>>;

const tuple = data({ source: text, destination: text, ...ports });
const conntrackLine = data({
	text,
	protocol: text,
	state: text,
	timeoutS: number,
	original: tuple,
	reply: tuple,
	unreplied: yesNo,
	assured: yesNo,
	mark: number,
});

const moment = { label: text, atMs: number };
export const accountSchema = data({
	connections: about(
		listOf(connection),
		"In the order of their first packets.",
	),
	events: about(
		listOf(event),
		"What changed about backends, and what the health checker did about it.",
	),
	packets: about(
		listOf(
			data({
				atMs: number,
				direction: v.picklist(["in", "out", "past"]),
				interface: text,
				packet,
				connection: about(
					v.nullable(number),
					"Id of the connection that it belongs to. null: none, or not known.",
				),
				isLost: v.exactOptional(
					about(
						v.literal(true),
						"It did not come in: its link was down, or had no carrier.",
					),
				),
			}),
		),
		"Every packet on either side of the gateway and past it, where they are kept.",
	),
	observations: listOf(
		data({
			...moment,
			observation: data({
				ruleset: text,
				conntrack: listOf(conntrackLine),
				conditions: recordOf(v.picklist([0, 1])),
				sets: v.exactOptional(text),
			}),
		}),
	),
	operations: listOf(
		data({
			...moment,
			text,
			outcome: v.variant("ok", [
				data({ ok: v.literal(true), count: v.exactOptional(number) }),
				data({
					ok: v.literal(false),
					message: text,
					exitCode: v.exactOptional(number),
				}),
			]),
			isIdle: v.exactOptional(v.literal(true)),
		}),
	),
	cameIn: v.exactOptional(
		about(
			recordOf(number),
			"When the first packet of each protocol, by its number, came into the gateway. Left out: it is not known.",
		),
	),
	tallies: v.exactOptional(
		about(
			listOf(data({ by: text, counts: recordOf(number) })),
			"Connections by backend, as real servers counted them.",
		),
	),
	mail: v.exactOptional(
		about(
			data({ kept: number, missing: texts }),
			"Messages that real servers kept, and ids of accepted ones that are missing.",
		),
	),
	unknown: unknownSchema,
	endedMs: about(number, "When the play ended (virtual)."),
});

true satisfies SameShape<Account, v.InferOutput<typeof accountSchema>>;
