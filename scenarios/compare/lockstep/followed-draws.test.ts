import { expect, it } from "vitest";
import { seededChoice } from "../../../sim/chance/seeded.ts";
import { parsePacket } from "../../../sim/packet/notation/notation.ts";
import { DrawingRules } from "./drawing-rules.ts";
import { FollowedDraws } from "./followed-draws.ts";
import { RuleCursor } from "./rule-cursor.ts";

const HOPS = "eth2*1 bond0.205*1";

function drawing(...destinations: readonly string[]) {
	const noted: string[] = [];
	const draws = new FollowedDraws(seededChoice(1), {
		cursor: new RuleCursor(),
		rules: new DrawingRules(() => ({ tables: [] })),
		racer: () => 0,
		taken: () => () => new Set(),
		noteChance: (chance) => void noted.push(chance),
	});
	draws.sent = ["10.0.0.10", "10.0.0.11"].map((to) => ({
		atMs: 0,
		interface: "bond0.205",
		packet: parsePacket(`udp 10.0.0.2:1 > ${to}:1`),
	}));
	const drawn = destinations.map((to) =>
		draws.pick(2, `multipath to ${to}: ${HOPS}`),
	);
	return { drawn, noted };
}

it("takes the next hop of a packet from where the kernel sent it", () => {
	const { drawn, noted } = drawing("10.0.0.10", "10.0.0.11");
	expect(drawn).toEqual([1, 1]);
	expect(noted).toEqual([]);
});

it("does not know what was drawn at first for a packet that was routed anew", () => {
	expect(drawing("10.0.0.10", "10.0.0.10").noted).toEqual(["multipath"]);
});

it("does not know what was drawn for a packet that was not sent", () => {
	expect(drawing("10.0.0.12").noted).toEqual(["multipath"]);
});
