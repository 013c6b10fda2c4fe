/** Routes with several next hops: which of them a packet takes is not known. */
import { describe, expect, it } from "vitest";
import { parseRules } from "../../../sim/script/check-rules.ts";
import { unknownOf } from "../lint/run/unknown.ts";
import { analyse } from "../services/analysis.ts";
import { givenWorld } from "./given-world.ts";
import { readAddresses, readRoutes } from "./read-ip.ts";

const LINKS = [
	["lo", "127.0.0.1", 8],
	["wan1", "203.0.113.1", 24],
	["wan2", "198.51.100.1", 24],
	["lan0", "10.20.0.1", 24],
] as const;
const ADDRESSES = LINKS.map(([ifname, local, prefixlen]) => ({
	ifname,
	addr_info: [{ family: "inet", local, prefixlen }],
}));
const wan1 = { gateway: "203.0.113.254", dev: "wan1", weight: 1 };
const wan2 = { gateway: "198.51.100.254", dev: "wan2", weight: 2 };

function unknown(nexthops: readonly object[], from = "wan2") {
	const world = givenWorld({
		addresses: readAddresses(JSON.stringify(ADDRESSES), "a.json"),
		routes: readRoutes(
			JSON.stringify([{ dst: "default", nexthops }]),
			"r.json",
		),
		rules: null,
		sysctls: {},
	});
	const text = `*nat
-A PREROUTING -i ${from} -p udp --dport 53 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.0.11
-A PREROUTING -i ${from} -p udp --dport 53 -j DNAT --to-destination 10.20.0.12
COMMIT
`;
	const { ruleset } = parseRules(text, { file: "my.rules" });
	const facts = { file: "my.rules", ...analyse(ruleset, world) };
	return { unknown: unknownOf(facts), notes: world.notes };
}

describe("a default route over two links", () => {
	it("leaves open by which of them answers leave", () => {
		const { unknown: words, notes } = unknown([wan1, wan2]);
		expect(notes).toEqual([
			"The route default has 2 next hops, among which the kernel chooses: which one a packet takes is not known.",
		]);
		expect(words).toEqual(
			["10.20.0.11", "10.20.0.12"].map((backend) =>
				expect.stringMatching(
					`whether answers of ${backend}:53 come through is unknown: which of several next hops a packet takes \\(wan1\\*1 wan2\\*2\\)`,
				),
			),
		);
	});

	it("matters to no client of the inside", () => {
		expect(unknown([wan1, wan2], "lan0").unknown).toEqual([]);
	});

	it("takes the first of those on one link: rules do not tell them apart", () => {
		const other = { ...wan2, gateway: "198.51.100.253" };
		const { unknown: words, notes } = unknown([wan2, other]);
		expect(words).toEqual([]);
		expect(notes).toEqual([
			expect.stringContaining("the model takes the first"),
		]);
	});
});
