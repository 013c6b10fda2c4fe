import { expect, test } from "vitest";
import { parsePacket } from "../../../sim/packet/notation/notation.ts";
import type { Decision } from "./decision.ts";
import { laterPackets } from "./later-packets.ts";
import { SYN, testWalker, whereTo } from "./test-walk.ts";
import type { Arrival } from "./walker.ts";

const DNAT = "-j DNAT --to-destination";

function leaves(
	decision: Decision,
): readonly Extract<Decision, { kind: "leaf" }>[] {
	return decision.kind === "leaf" ? [decision] : decision.ways.flatMap(leaves);
}

test("behind DNAT, packets of a known connection ask no counter of nat any more", () => {
	const walker = testWalker({
		nat: [
			`-A PREROUTING -p tcp -m statistic --mode nth --every 2 --packet 0 ${DNAT} 10.20.0.11`,
			`-A PREROUTING -p tcp ${DNAT} 10.20.0.12`,
		],
	});
	for (const { end } of leaves(walker.walk(SYN))) {
		const { again, answer, next } = laterPackets(walker, SYN, end);
		const where = whereTo(end);
		expect(again.kind === "leaf" && whereTo(again.end)).toBe(where);
		expect(answer?.kind === "leaf" && whereTo(answer.end)).toBe(
			"198.51.100.7:40000",
		);
		expect(next?.kind === "leaf" && whereTo(next.end)).toBe(where);
	}
});

test("a counter of mangle is asked again by each packet, unless a mark keeps it from that", () => {
	const mark =
		"-A PREROUTING -p tcp -i eth0 -m statistic --mode nth --every 2 --packet 0 -j MARK --set-mark 1";
	const walker = testWalker({ mangle: [mark] });
	const delivered = leaves(walker.walk(SYN))[0];
	if (delivered === undefined) throw new Error("no end");
	const { again, answer } = laterPackets(walker, SYN, delivered.end);
	expect(again.kind).toBe("fork");
	// A program of the gateway's own answers.
	expect(answer?.kind === "leaf" && answer.end.fate).toEqual({
		kind: "forwarded",
		interface: "eth0",
	});
});

test("a backend that the way back is closed to has no next packet", () => {
	const walker = testWalker({
		nat: [`-A PREROUTING -p tcp ${DNAT} 10.20.0.11`],
		filter: ["-A FORWARD -i eth1 -j DROP"],
	});
	const [leaf] = leaves(walker.walk(SYN));
	if (leaf === undefined) throw new Error("no end");
	const { answer, next } = laterPackets(walker, SYN, leaf.end);
	expect(answer?.kind === "leaf" && answer.end.fate).toEqual({
		kind: "dropped",
		by: "filter:FORWARD:rule:1",
	});
	expect(next).toBe(null);
});

test("what a program of the gateway opens is answered to it", () => {
	const walker = testWalker({
		nat: [
			`-A OUTPUT -p tcp -m statistic --mode nth --every 2 --packet 0 ${DNAT} 10.20.0.11`,
			`-A OUTPUT -p tcp ${DNAT} 10.20.0.12`,
		],
	});
	const first: Arrival = {
		interface: "lo",
		packet: parsePacket("tcp 203.0.113.1:40000 > 192.0.2.1:80 S seq 1"),
	};
	const ends = leaves(walker.walk(first)).map(({ end }) => end);
	expect(ends.map(whereTo)).toEqual(["10.20.0.12:80", "10.20.0.11:80"]);
	for (const end of ends) {
		const { again, answer, next } = laterPackets(walker, first, end);
		const where = whereTo(end);
		expect(again.kind === "leaf" && whereTo(again.end)).toBe(where);
		expect(answer?.kind === "leaf" && answer.end).toMatchObject({
			fate: { kind: "delivered" },
			answered: null,
		});
		expect(next?.kind === "leaf" && whereTo(next.end)).toBe(where);
	}
});

test("a packet of a known connection that meets no rule is translated as its first one was", () => {
	const walker = testWalker({
		nat: ["-A PREROUTING -p udp --dport 53 -j REDIRECT --to-ports 5353"],
	});
	const first: Arrival = {
		interface: "eth0",
		packet: parsePacket("udp 198.51.100.7:40000 > 203.0.113.1:53 len 9"),
	};
	const [leaf] = leaves(walker.walk(first));
	if (leaf === undefined) throw new Error("no end");
	const { again } = laterPackets(walker, first, leaf.end);
	expect(again.kind === "leaf" && again.end.packet).toMatchObject({
		destinationPort: 5353,
	});
});
