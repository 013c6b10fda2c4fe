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
import { CONNECTION_OUTCOMES } from "../../sim/endpoint/dialogue.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import type { Account } from "../../sim/world/account/account.ts";

/** What the gateway did not know; `null` where there was no such thing. */
export const unknownSchema = v.nullable(
	data({ rule: text, text, line: number, reason: text }),
);

const connection = data({
	id: count,
	step: text,
	client: text,
	sourcePort: number,
	startedMs: number,
	backend: v.nullable(text),
	met: texts,
	syns: number,
	retransmittedMs: listOf(number),
	connectedMs: v.nullable(number),
	greetedMs: v.nullable(number),
	endedMs: v.nullable(number),
	outcome: v.picklist(CONNECTION_OUTCOMES),
	accepted: yesNo,
	chance: v.exactOptional(v.picklist(["drew", "recalled", "unknown"])),
	gatewayAnswers: texts,
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
	connections: listOf(connection),
	events: listOf(event),
	packets: listOf(
		data({
			atMs: number,
			direction: v.picklist(["in", "out", "past"]),
			interface: text,
			packet,
			connection: v.nullable(number),
		}),
	),
	observations: listOf(
		data({
			...moment,
			observation: data({
				ruleset: text,
				conntrack: listOf(conntrackLine),
				conditions: recordOf(v.picklist([0, 1])),
			}),
		}),
	),
	operations: listOf(
		data({
			...moment,
			text,
			outcome: v.variant("ok", [
				data({ ok: v.literal(true), count: v.exactOptional(number) }),
				data({ ok: v.literal(false), message: text }),
			]),
		}),
	),
	tallies: v.exactOptional(
		listOf(data({ by: text, counts: recordOf(number) })),
	),
	mail: v.exactOptional(data({ kept: number, missing: texts })),
	unknown: unknownSchema,
	endedMs: number,
});

true satisfies SameShape<Account, v.InferOutput<typeof accountSchema>>;
