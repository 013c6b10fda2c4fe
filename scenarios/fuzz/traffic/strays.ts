/** Packets that belong to nothing. */
import fc from "fast-check";
import { icmp, other, tcp, udp } from "../../../sim/packet/build.ts";
import {
	parsePacket,
	printPacket,
} from "../../../sim/packet/notation/notation.ts";
import {
	interfaceTo,
	OWN_ADDRESSES,
	SERVICE_PORTS,
} from "../world/topology.ts";
import { summed } from "./ends.ts";
import type { StepPlanKind } from "./plan.ts";
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

/** The model does not know what becomes of them when the box itself sends there. */
const ODD_ADDRESSES: readonly string[] = [
	"10.255.255.255",
	"255.255.255.255",
	"192.168.0.255",
	"127.0.0.1",
	"0.0.0.0",
];

const strayAddress = fc.oneof(
	{ weight: 6, arbitrary: target },
	{
		weight: 1,
		arbitrary: fc.constantFrom(...ODD_ADDRESSES),
	},
);

/** For protocols that are octets to the model: a number, 258, at every fourth octet. */
const NUMBERED = "\0\0\x01\x02".repeat(400);

/** What a packet is that belongs to nothing. */
const strayKinds = fc.oneof(
	{
		weight: 4,
		arbitrary: fc.record({
			kind: fc.constant<"tcp">("tcp"),
			flags: fc.nat(255),
		}),
	},
	{ weight: 2, arbitrary: fc.constant({ kind: "udp" as const }) },
	{
		weight: 1,
		arbitrary: fc.record({
			kind: fc.constant<"icmp">("icmp"),
			type: fc.constantFrom(0, 8, 14, 17, 30),
		}),
	},
	{
		weight: 3,
		arbitrary: fc.record({
			kind: fc.constant<"other">("other"),
			protocol: fc.constantFrom(4, 50, 50, 51, 51, 89, 108, 108, 253),
		}),
	},
);

/** Belongs to nobody: any flags, any protocol, from anywhere. */
export const strays: fc.Arbitrary<StepPlanKind> = fc
	.record({
		from: fc.oneof(
			{ weight: 6, arbitrary: speaker },
			{
				weight: 1,
				arbitrary: strayAddress
					.filter(
						(address) =>
							!address.endsWith(".255") || address === "255.255.255.255",
					)
					.map((address) => ({ interface: interfaceTo(address), address })),
			},
		),
		to: strayAddress,
		sourcePort: port,
		destinationPort: targetPort,
		what: strayKinds,
		octets,
		ttl,
		tos,
		checksum,
	})
	.map((stray) => {
		const { from, sourcePort, destinationPort, what } = stray;
		const isOdd = from.interface === "lo" && ODD_ADDRESSES.includes(stray.to);
		const to = isOdd ? OWN_ADDRESSES[0] : stray.to;
		const { octets, ttl, tos, checksum } = stray;
		const ip = {
			source: from.address,
			destination: to,
			ttl,
			tos,
			payload: "\0".repeat(octets),
		};
		const ports = { sourcePort, destinationPort };
		const packet = {
			tcp: () =>
				tcp({
					...ip,
					...ports,
					seq: 77,
					ack: 88,
					flags: "flags" in what ? what.flags : 0,
				}),
			udp: () => udp({ ...ip, ...ports }),
			icmp: () => icmp({ ...ip, type: "type" in what ? what.type : 0 }),
			other: () =>
				other({
					...ip,
					payload: NUMBERED.slice(0, octets),
					protocol: "protocol" in what ? what.protocol : 253,
				}),
		}[what.kind]();
		return {
			kind: "stray",
			interface: from.interface,
			packet: printPacket(summed(packet, checksum)),
		};
	});

/** Chunks of an association from its beginning to its end, and some that do not fit together. */
const CHUNKS = [
	"INIT",
	"INIT_ACK",
	"COOKIE_ECHO",
	"COOKIE_ACK",
	"COOKIE_ECHO DATA",
	"DATA",
	"DATA SACK",
	"HEARTBEAT",
	"HEARTBEAT_ACK",
	"SHUTDOWN",
	"SHUTDOWN_ACK",
	"SHUTDOWN_COMPLETE",
	"SHUTDOWN_COMPLETE/1",
	"ABORT",
	"ABORT/1",
	"ERROR",
	"DATA INIT",
] as const;
const CLIENT = { address: "10.0.0.10", port: 40_000 };
const SERVICE = { address: OWN_ADDRESSES[0], port: SERVICE_PORTS[0] };
const BACKEND = { address: "192.168.0.1", port: SERVICE_PORTS[0] };

/** Few ends and few tags, so that packets belong together. */
export const sctpPackets: fc.Arbitrary<StepPlanKind> = fc
	.record({
		ends: fc.constantFrom(
			[CLIENT, SERVICE],
			[BACKEND, CLIENT],
			[CLIENT, BACKEND],
			[SERVICE, CLIENT],
		),
		chunks: fc.constantFrom(...CHUNKS),
		vtag: fc.nat(2),
		itag: fc.integer({ min: 1, max: 2 }),
		isBroken: fc.oneof(
			{ weight: 12, arbitrary: fc.constant(false) },
			{ weight: 1, arbitrary: fc.constant(true) },
		),
	})
	.map(({ ends: [from, to], chunks, vtag, itag, isBroken }) => ({
		kind: "stray",
		interface: from === SERVICE ? "lo" : interfaceTo(from.address),
		packet: printPacket(
			parsePacket(
				[
					`sctp ${from.address}:${from.port} > ${to.address}:${to.port} ${chunks}`,
					...(chunks.startsWith("INIT") && chunks !== "INIT_ACK"
						? ["vtag 0"]
						: [`vtag ${vtag}`]),
					...(chunks.includes("INIT") ? [`itag ${itag}`] : []),
					...(isBroken ? ["badsum"] : []),
				].join(" "),
			),
		),
	}));
