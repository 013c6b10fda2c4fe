/** What has to be true of an account in a file of results. */
import * as v from "valibot";
import type { Packet } from "../../sim/packet/packet.ts";
import {
	type Account,
	CONNECTION_OUTCOMES,
} from "../../sim/world/account/account.ts";
import type { SameShape } from "./same-shape.ts";

const text = v.string();
const number = v.number();
const texts = v.array(text);
const yesNo = v.boolean();
const count = v.pipe(number, v.safeInteger(), v.minValue(0));

const connection = v.strictObject({
	id: count,
	step: text,
	client: text,
	sourcePort: number,
	startedMs: number,
	backend: v.nullable(text),
	met: texts,
	syns: number,
	retransmittedMs: v.array(number),
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
	v.strictObject({ kind: v.literal("backend"), ...happened, behaviour: text }),
	v.strictObject({ kind: v.literal("belief"), ...happened, alive: yesNo }),
	v.strictObject({
		kind: v.literal("condition"),
		atMs: number,
		name: text,
		write: text,
	}),
	v.strictObject({
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
	v.check((value) => (value | 0) === value),
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

const packet: v.GenericSchema<Packet> = v.variant("kind", [
	v.strictObject({
		kind: v.literal("tcp"),
		...header,
		...ports,
		flags: octet,
		seq: word,
		ack: word,
		window: short,
		options: v.strictObject({
			mss: v.nullable(number),
			windowScale: v.nullable(number),
			sackPermitted: yesNo,
			timestamp: v.nullable(v.strictObject({ value: number, echo: number })),
			sack: v.array(v.strictTuple([number, number])),
		}),
		checksum: wrong,
	}),
	v.strictObject({
		kind: v.literal("udp"),
		...header,
		...ports,
		checksum: v.exactOptional(v.picklist(["wrong", "none"])),
	}),
	v.strictObject({
		kind: v.literal("icmp"),
		...header,
		type: octet,
		code: octet,
		rest: word,
		about: v.nullable(v.lazy(() => packet)),
		checksum: wrong,
	}),
	v.strictObject({
		kind: v.literal("other"),
		...header,
		protocol: octet,
		fragment: v.exactOptional(v.strictObject({ offset: number, more: yesNo })),
	}),
]);

const tuple = v.strictObject({ source: text, destination: text, ...ports });
const conntrackLine = v.strictObject({
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
export const accountSchema = v.strictObject({
	connections: v.array(connection),
	events: v.array(event),
	packets: v.array(
		v.strictObject({
			atMs: number,
			direction: v.picklist(["in", "out", "past"]),
			interface: text,
			packet,
			connection: v.nullable(number),
		}),
	),
	observations: v.array(
		v.strictObject({
			...moment,
			observation: v.strictObject({
				ruleset: text,
				conntrack: v.array(conntrackLine),
				conditions: v.record(text, v.picklist([0, 1])),
			}),
		}),
	),
	operations: v.array(
		v.strictObject({
			...moment,
			text,
			outcome: v.variant("ok", [
				v.strictObject({ ok: v.literal(true), count: v.exactOptional(number) }),
				v.strictObject({ ok: v.literal(false), message: text }),
			]),
		}),
	),
	tallies: v.exactOptional(
		v.array(v.strictObject({ by: text, counts: v.record(text, number) })),
	),
	mail: v.exactOptional(v.strictObject({ kept: number, missing: texts })),
	unknown: v.nullable(
		v.strictObject({ rule: text, text, line: number, reason: text }),
	),
	endedMs: number,
});

true satisfies SameShape<Account, v.InferOutput<typeof accountSchema>>;
