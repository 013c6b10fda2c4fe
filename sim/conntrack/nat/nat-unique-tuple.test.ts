import { describe, expect, it } from "vitest";
import { seededChoice } from "../../chance/seeded.ts";
import type { NatRange } from "../../extension/host.ts";
import { formatAddress } from "../../packet/address.ts";
import { TCP } from "../../packet/packet.ts";
import { address, range } from "../test-hooks.ts";
import { pickAddress } from "./nat-unique-tuple.ts";

/** Client, destination, and the last octet of what a kernel 6.1.192 (x86) picked. */
const DNAT = `
10.160.130.190 10.0.0.1 4; 10.177.14.216 10.0.0.1 3; 10.199.127.167 10.0.0.1 3
10.41.57.96 10.0.0.1 3; 10.64.194.140 10.0.0.1 3; 10.147.127.4 10.0.0.1 1
10.56.208.72 10.0.0.1 4; 10.197.199.41 10.0.0.1 1; 10.114.64.34 10.0.0.1 4
10.43.85.75 10.0.0.1 5`;
const PERSISTENT_DNAT = `
10.51.104.47 10.0.0.1 3; 10.51.196.77 10.0.0.1 4; 10.68.33.85 10.0.0.1 1
10.155.1.153 10.0.0.1 5; 10.182.173.17 10.0.0.1 4; 10.91.156.124 10.0.0.1 2
10.81.94.124 10.0.0.1 1; 10.181.90.15 10.0.0.1 2; 10.5.214.94 10.0.0.1 1`;
const SNAT = `
10.182.92.160 192.168.0.2 102; 10.194.125.238 192.168.0.8 104
10.89.181.229 192.168.0.5 110; 10.199.236.28 192.168.0.6 110
10.76.18.111 192.168.0.4 100; 10.88.185.236 192.168.0.6 101
10.71.47.80 192.168.0.6 107`;

function cases(text: string): string[][] {
	return text
		.trim()
		.split(/[;\n]/)
		.map((line) => line.trim().split(" "));
}

function tupleOf(source: string, destination: string) {
	return {
		source: address(source),
		destination: address(destination),
		ports: 0,
		protocol: TCP,
	};
}

function pickFrom(
	tuple: ReturnType<typeof tupleOf>,
	range: NatRange,
	manip: "source" | "destination",
): void {
	pickAddress(tuple, { range, manip, choice: seededChoice(1) }, 0);
}

describe("the address that a range gives to a connection", () => {
	it.each(cases(DNAT))("DNAT: %s to %s gets .%s", (source, service, octet) => {
		const tuple = tupleOf(source ?? "", service ?? "");
		pickFrom(tuple, range("192.168.0.1-192.168.0.5"), "destination");
		expect(formatAddress(tuple.destination)).toBe(`192.168.0.${octet}`);
	});

	it.each(cases(PERSISTENT_DNAT))(
		"DNAT --persistent: %s to %s gets .%s",
		(source, service, octet) => {
			const tuple = tupleOf(source ?? "", service ?? "");
			pickFrom(
				tuple,
				range("192.168.0.1-192.168.0.5", { persistent: true }),
				"destination",
			);
			expect(formatAddress(tuple.destination)).toBe(`192.168.0.${octet}`);
		},
	);

	it.each(cases(SNAT))(
		"SNAT: %s to %s comes from .%s",
		(source, service, octet) => {
			const tuple = tupleOf(source ?? "", service ?? "");
			pickFrom(tuple, range("192.168.0.100-192.168.0.110"), "source");
			expect(formatAddress(tuple.source)).toBe(`192.168.0.${octet}`);
		},
	);

	it("with --persistent does not depend on where the connection goes", () => {
		const sources = ["192.168.0.1", "192.168.0.2", "198.51.100.7"].map((to) => {
			const tuple = tupleOf("10.1.2.3", to);
			pickFrom(
				tuple,
				range("203.0.113.1-203.0.113.200", { persistent: true }),
				"source",
			);
			return tuple.source;
		});
		expect(new Set(sources).size).toBe(1);
	});

	it("spreads clients over the range, and stays inside", () => {
		const count = new Map<string, number>();
		for (let client = 0; client < 5000; client++) {
			const tuple = tupleOf("10.0.0.0", "10.0.0.1");
			tuple.source += client;
			pickFrom(tuple, range("192.168.0.1-192.168.0.5"), "destination");
			const picked = formatAddress(tuple.destination);
			count.set(picked, (count.get(picked) ?? 0) + 1);
		}
		expect([...count.keys()].sort()).toEqual(
			[1, 2, 3, 4, 5].map((octet) => `192.168.0.${octet}`),
		);
		for (const times of count.values()) expect(times).toBeGreaterThan(850);
	});

	it("NETMAP keeps the host part", () => {
		const tuple = tupleOf("10.0.0.10", "10.1.2.77");
		pickFrom(
			tuple,
			range("192.168.5.0-192.168.5.255", { netmap: true }),
			"destination",
		);
		expect(formatAddress(tuple.destination)).toBe("192.168.5.77");
	});
});
