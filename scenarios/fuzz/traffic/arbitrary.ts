/** Conversations, strays and pauses that fast-check makes up, and makes smaller. */
import fc from "fast-check";
import {
	ACK,
	FIN,
	PSH,
	RST,
	SYN,
	type TcpOptions,
	URG,
} from "../../../sim/packet/packet.ts";
import type {
	FlowPlan,
	ReachableState,
	SegmentPlan,
	Side,
	SpokenPlan,
	StepPlan,
	StepPlanKind,
} from "./plan.ts";
import { sctpPackets, strays } from "./strays.ts";
import {
	checksum,
	octets,
	port,
	speaker,
	target,
	targetPort,
	tos,
	ttl,
} from "./values.ts";

/** Conversations in a case: few, so that something happens to each. */
export const FLOWS = 6;

/** Among them numbers that soon run over, signed and unsigned. */
const firstSeq = fc.constantFrom(1_000, -100, 0x7fffff00, 0, 5_000_000);

export const flowPlans: fc.Arbitrary<FlowPlan> = fc.record({
	protocol: fc.oneof(
		{ weight: 6, arbitrary: fc.constant<"tcp">("tcp") },
		{ weight: 2, arbitrary: fc.constant<"udp">("udp") },
		{ weight: 1, arbitrary: fc.constant<"icmp">("icmp") },
	),
	client: speaker,
	target,
	clientPort: port,
	targetPort,
	clientSeq: firstSeq,
	serverSeq: firstSeq,
});

const flow = fc.nat(FLOWS - 1);
const side: fc.Arbitrary<Side> = fc.constantFrom("client", "server");
const flags = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.constantFrom(
			SYN,
			SYN | ACK,
			ACK,
			PSH | ACK,
			FIN | ACK,
			RST,
			RST | ACK,
			URG | ACK,
			0,
		),
	},
	{ weight: 1, arbitrary: fc.nat(255) },
);
const options: fc.Arbitrary<Partial<TcpOptions>> = fc.oneof(
	{ weight: 6, arbitrary: fc.constant({}) },
	{
		weight: 1,
		arbitrary: fc.constantFrom<Partial<TcpOptions>>(
			{ mss: 1460, windowScale: 7, sackPermitted: true },
			{ mss: 536 },
			{ windowScale: 14 },
			{ windowScale: 0, timestamp: { value: 1, echo: 0 } },
			{ sackPermitted: true },
			{ sack: [[1_050, 1_100]] },
		),
	},
);

const segments: fc.Arbitrary<SegmentPlan> = fc.record({
	flags,
	seq: fc.oneof(
		{ weight: 6, arbitrary: fc.constant<"next">("next") },
		{
			weight: 3,
			arbitrary: fc.constantFrom<SegmentPlan["seq"]>(
				"again",
				"before",
				"old",
				"beyond",
			),
		},
	),
	ack: fc.oneof(
		{ weight: 6, arbitrary: fc.constant<"heard">("heard") },
		{
			weight: 1,
			arbitrary: fc.constantFrom<SegmentPlan["ack"]>("old", "future"),
		},
	),
	octets,
	window: fc.constantFrom(64_240, 64_240, 8_192, 1, 0, 65_535),
	options,
	checksum,
});

const STATES: readonly ReachableState[] = [
	"ESTABLISHED",
	"SYN_SENT",
	"SYN_SENT2",
	"SYN_RECV",
	"FIN_WAIT",
	"CLOSE_WAIT",
	"LAST_ACK",
	"TIME_WAIT",
	"CLOSE",
];

/** Types and codes of errors that may be about a packet, and some that may not. */
const ERRORS = [
	[3, 0],
	[3, 1],
	[3, 3],
	[3, 4],
	[3, 13],
	[11, 0],
	[11, 1],
	[4, 0],
	[5, 1],
	[12, 0],
	[3, 200],
] as const;

/** From one socket, or from hosts that use the same port. */
const races: fc.Arbitrary<StepPlanKind & { readonly kind: "race" }> = fc
	.record({
		flow: flowPlans,
		clients: fc.array(fc.option(speaker), { minLength: 1, maxLength: 2 }),
		isAnswered: fc.boolean(),
	})
	.map(({ flow, clients, isAnswered }) => ({
		kind: "race",
		flows: [
			flow,
			...clients.map((client) => ({ ...flow, client: client ?? flow.client })),
		],
		isAnswered,
	}));

/** Around the 2 s after which datagrams both ways are a stream, and the time-outs of 30 s and 120 s. */
const exchangeGaps = fc.constantFrom(
	100,
	1_900,
	2_100,
	20_000,
	31_000,
	121_000,
);

const dialogues: fc.Arbitrary<StepPlanKind & { readonly kind: "dialogue" }> =
	fc.record({
		kind: fc.constant<"dialogue">("dialogue"),
		flow,
		spoken: fc.record<SpokenPlan>({
			speaks: fc.constantFrom<SpokenPlan["speaks"]>(
				"smtp",
				"http",
				"echo",
				"silent",
			),
			isLong: fc.boolean(),
			isUnavailable: fc.oneof(
				{ weight: 4, arbitrary: fc.constant(false) },
				{ weight: 1, arbitrary: fc.constant(true) },
			),
		}),
	});

/** Everything but operations. */
export const trafficSteps: fc.Arbitrary<StepPlanKind> = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.record({
			kind: fc.constant<"reach">("reach"),
			flow,
			state: fc.oneof(
				{ weight: 2, arbitrary: fc.constant<"ESTABLISHED">("ESTABLISHED") },
				{ weight: 3, arbitrary: fc.constantFrom(...STATES) },
			),
			next: fc.option(
				fc.record({
					side,
					segment: segments.map((segment) => ({
						...segment,
						seq: "next" as const,
					})),
				}),
			),
		}),
	},
	{
		weight: 12,
		arbitrary: fc.record({
			kind: fc.constant<"segment">("segment"),
			flow,
			side,
			segment: segments,
		}),
	},
	{
		weight: 12,
		arbitrary: fc.record({
			kind: fc.constant<"message">("message"),
			flow,
			side,
			octets,
			ttl,
			tos,
			checksum,
		}),
	},
	{
		weight: 1,
		arbitrary: fc.record({
			kind: fc.constant<"exchange">("exchange"),
			flow,
			rounds: fc.integer({ min: 2, max: 4 }),
			everyMs: exchangeGaps,
			isAnswered: fc.boolean(),
			octets,
		}),
	},
	{
		weight: 1,
		arbitrary: fc.record({
			kind: fc.constant<"fragments">("fragments"),
			flow,
			side,
			octets: fc.integer({ min: 24, max: 2_000 }),
			units: fc.integer({ min: 1, max: 150 }),
			isBackwards: fc.boolean(),
			isTorn: fc.oneof(
				{ weight: 4, arbitrary: fc.constant(false) },
				{ weight: 1, arbitrary: fc.constant(true) },
			),
		}),
	},
	{
		weight: 3,
		arbitrary: fc
			.record({
				flow,
				side,
				error: fc.constantFrom(...ERRORS),
				isInvented: fc.oneof(
					{ weight: 4, arbitrary: fc.constant(false) },
					{ weight: 1, arbitrary: fc.constant(true) },
				),
				isFromAfar: fc.boolean(),
			})
			.map(({ error: [type, code], ...rest }) => ({
				kind: "error" as const,
				type,
				code,
				...rest,
			})),
	},
	{ weight: 4, arbitrary: strays },
	{ weight: 2, arbitrary: races },
	{ weight: 3, arbitrary: sctpPackets },
	{ weight: 1, arbitrary: dialogues },
);

/** Mostly at once; now and then long enough for a time-out, or for all of them. */
const pauses = fc.oneof(
	{ weight: 100, arbitrary: fc.constantFrom(1, 1, 2, 20) },
	{ weight: 4, arbitrary: fc.constantFrom(400, 1_000, 3_500) },
	{ weight: 2, arbitrary: fc.constantFrom(11_000, 31_000, 61_000) },
	{ weight: 1, arbitrary: fc.constantFrom(125_000, 301_000, 830_000) },
);

/** Steps at their distances. */
export function timed(
	kinds: fc.Arbitrary<StepPlanKind>,
): fc.Arbitrary<StepPlan> {
	return fc
		.tuple(pauses, kinds)
		.map(([afterMs, kind]) => ({ afterMs, ...kind }));
}
