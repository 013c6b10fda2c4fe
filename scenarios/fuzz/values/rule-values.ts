/** What rules name: addresses, ports and marks that traffic has, or nearly. */
import fc from "fast-check";
import {
	CLIENT_PORTS,
	HOSTS,
	OWN_ADDRESSES,
	SERVICE_PORTS,
} from "../world/topology.ts";

/** Texts of one match, `-m NAME` among them, or of one target. */
export type Uses = fc.Arbitrary<string>;

/** What a rule's packets are: its `-p`. */
export type RuleProtocol =
	| ""
	| "tcp"
	| "udp"
	| "icmp"
	| "ah"
	| "esp"
	| "108"
	| "sctp";

/** With `!` in front now and then. */
export function inverted(use: (not: string) => string): Uses;
export function inverted<T>(
	of: fc.Arbitrary<T>,
	use: (not: string, value: T) => string,
): Uses;
export function inverted<T>(
	of: fc.Arbitrary<T> | ((not: string) => string),
	use?: (not: string, value: T) => string,
): Uses {
	const not = fc.constantFrom("", "", "! ");
	if (typeof of === "function") return not.map(of);
	return fc.tuple(not, of).map(([sign, value]) => use?.(sign, value) ?? "");
}

const address = fc.constantFrom(
	...HOSTS.map((host) => host.address),
	...OWN_ADDRESSES,
);
/** Networks, whole or in part. */
export const network = fc.oneof(
	address,
	fc.constantFrom(
		"10.0.0.0/8",
		"10.0.0.0/28",
		"192.168.0.0/24",
		"172.16.0.0/255.255.255.0",
		"0.0.0.1/0.0.0.1",
		"203.0.113.0/24",
	),
);
/** Marks that rules set, and ask for. */
export const mark = fc.oneof(
	{ weight: 4, arbitrary: fc.integer({ min: 0, max: 3 }) },
	{ weight: 1, arbitrary: fc.constantFrom(0x10, 0x80000000, 0xffffffff) },
);
export const mask = fc.constantFrom(
	0xffffffff,
	0xff,
	0x3,
	0x1,
	0xf0,
	0x80000000,
);
export const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

const port = fc.oneof(
	{ weight: 4, arbitrary: fc.constantFrom<number>(...SERVICE_PORTS) },
	{ weight: 2, arbitrary: fc.constantFrom<number>(...CLIENT_PORTS) },
	{ weight: 1, arbitrary: fc.integer({ min: 0, max: 65_535 }) },
);
const portRange = fc
	.tuple(port, port)
	.map(([a, b]) => `${Math.min(a, b)}:${Math.max(a, b)}`);
export const ports = fc.oneof(port.map(String), portRange);

/** `A:B` below a limit. */
export const ranges = (most: number) =>
	fc
		.tuple(fc.nat(most), fc.nat(most))
		.map(([a, b]) => `${Math.min(a, b)}:${Math.max(a, b)}`);
/** Some of them, with commas. */
export const subset = (values: readonly string[]) =>
	fc.subarray([...values], { minLength: 1 }).map((some) => some.join(","));
