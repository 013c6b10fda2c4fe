/** Any packet at all, for property tests. */
import fc from "fast-check";
import { isIcmpError } from "./icmp-names.ts";
import type { Packet, TcpOptions } from "./packet.ts";
import { NO_TCP_OPTIONS, tcpOptionsLength } from "./packet-length.ts";

const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const uint8 = fc.integer({ min: 0, max: 0xff });
const payload = fc
	.uint8Array({ maxLength: 40 })
	.map((octets) => String.fromCharCode(...octets));

const ip = {
	source: int32,
	destination: int32,
	ttl: uint8,
	tos: uint8,
	id: uint16,
	dontFragment: fc.boolean(),
	payload: fc.oneof(payload, fc.constant("\0".repeat(12))),
};

const options: fc.Arbitrary<TcpOptions> = fc.oneof(
	fc.constant(NO_TCP_OPTIONS),
	fc
		.record({
			mss: fc.option(uint16),
			windowScale: fc.option(uint8),
			sackPermitted: fc.boolean(),
			timestamp: fc.option(fc.record({ value: int32, echo: int32 })),
			sack: fc.array(fc.tuple(int32, int32), { maxLength: 3 }),
		})
		.filter((some) => tcpOptionsLength(some) <= 40),
);

/** Most are right, and then nothing is said of it. */
function maybeBroken<T, C extends string>(
	packet: fc.Arbitrary<T>,
	...ways: C[]
): fc.Arbitrary<T | (T & { readonly checksum: C })> {
	const broken = fc
		.tuple(packet, fc.constantFrom(...ways))
		.map(([right, checksum]) => ({ ...right, checksum }));
	return fc.oneof({ weight: 3, arbitrary: packet }, broken);
}

const plain: fc.Arbitrary<Packet> = fc.oneof(
	maybeBroken(
		fc.record({
			kind: fc.constant("tcp" as const),
			...ip,
			sourcePort: uint16,
			destinationPort: uint16,
			flags: uint8,
			seq: int32,
			ack: int32,
			window: uint16,
			options,
		}),
		"wrong",
	),
	maybeBroken(
		fc.record({
			kind: fc.constant("udp" as const),
			...ip,
			sourcePort: uint16,
			destinationPort: uint16,
		}),
		"wrong",
		"none",
	),
	fc.record({
		kind: fc.constant("other" as const),
		...ip,
		protocol: uint8.filter((number) => ![1, 6, 17].includes(number)),
	}),
	fc.record({
		kind: fc.constant("other" as const),
		...ip,
		protocol: uint8,
		fragment: fc
			.record({
				offset: fc.integer({ min: 0, max: 0x1fff }).map((units) => units * 8),
				more: fc.boolean(),
			})
			.filter(({ offset, more }) => offset > 0 || more),
	}),
	maybeBroken(
		fc.record({
			kind: fc.constant("icmp" as const),
			...ip,
			type: uint8.filter((type) => !isIcmpError(type)),
			code: uint8,
			rest: int32,
			about: fc.constant(null),
		}),
		"wrong",
	),
);

/** Any packet that has one form as text and one as octets: errors quote a packet, others do not. */
export const anyPacket: fc.Arbitrary<Packet> = fc.oneof(
	plain,
	fc.record({
		kind: fc.constant("icmp" as const),
		...ip,
		type: uint8.filter(isIcmpError),
		code: fc.oneof(fc.constant(1), fc.constant(4), uint8),
		rest: fc.oneof(int32, uint16),
		about: plain,
	}),
);
