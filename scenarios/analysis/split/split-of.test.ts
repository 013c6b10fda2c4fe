import { describe, expect, test } from "vitest";
import {
	printPercent,
	printRational,
	rational,
} from "../../../sim/rational.ts";
import type { Decision } from "../walk/decision.ts";
import type { Share, Split } from "./split.ts";
import { splitOf } from "./split-of.ts";
import {
	condition,
	draw,
	drawCascade,
	leaf,
	nameOf,
	nthCascade,
	open,
	probability,
	spread,
	turn,
	turnNot,
} from "./test-decisions.ts";

function split(
	decision: Decision,
	conditions: Readonly<Record<string, 0 | 1>> = {},
): Split {
	const values = new Map(Object.entries(conditions));
	return splitOf(decision, { keyOf: nameOf, conditions: values });
}

function print(share: Share): string {
	if (share.kind === "exact") return printRational(share.value);
	if (share.kind === "unknown") return share.why;
	return `${printRational(share.least)} to ${printRational(share.greatest)}, by ${share.on}`;
}

const shares = ({ parts }: Split) =>
	Object.fromEntries(parts.map(({ key, share }) => [key, print(share)]));

const windows = ({ parts }: Split) =>
	Object.fromEntries(
		parts.map(({ key, deviation }) => [
			key,
			deviation === null ? null : printRational(deviation.anyWindow),
		]),
	);

const sinceLoad = ({ parts }: Split) =>
	parts.map(({ deviation }) =>
		deviation === null ? null : printRational(deviation.sinceLoad),
	);

describe("a cascade that ends in DNAT", () => {
	test("three times every 3, each with a packet of its own", () => {
		const found = split(
			nthCascade([
				[3, 0],
				[3, 1],
				[3, 2],
			]),
		);
		expect(shares(found)).toEqual({
			b1: "1/3",
			b2: "2/9",
			b3: "4/27",
			"no backend": "8/27",
		});
		expect(windows(found)).toEqual({
			b1: "2/3",
			b2: "8/9",
			b3: "28/27",
			"no backend": "38/27",
		});
		expect(found).toMatchObject({ method: "rates", period: 27n });
	});

	test("twice every 2", () => {
		const found = split(
			nthCascade([
				[2, 0],
				[2, 1],
			]),
		);
		expect(shares(found)).toEqual({
			b1: "1/2",
			b2: "1/4",
			"no backend": "1/4",
		});
		expect(windows(found)).toEqual({
			b1: "1/2",
			b2: "3/4",
			"no backend": "3/4",
		});
	});

	test("five times every 5", () => {
		const found = split(
			nthCascade([
				[5, 0],
				[5, 1],
				[5, 2],
				[5, 3],
				[5, 4],
			]),
		);
		expect(shares(found)).toEqual({
			b1: "1/5",
			b2: "4/25",
			b3: "16/125",
			b4: "64/625",
			b5: "256/3125",
			"no backend": "1024/3125",
		});
		expect(windows(found)).toEqual({
			b1: "4/5",
			b2: "24/25",
			b3: "136/125",
			b4: "744/625",
			b5: "3976/3125",
			"no backend": "8404/3125",
		});
	});

	test("3, 2, 1 is right, and so is 5, 4, 3, 2, 1", () => {
		const three = split(
			nthCascade([
				[3, 0],
				[2, 0],
				[1, 0],
			]),
		);
		expect(shares(three)).toEqual({ b1: "1/3", b2: "1/3", b3: "1/3" });
		expect(windows(three)).toEqual({ b1: "2/3", b2: "2/3", b3: "2/3" });
		const five = split(
			nthCascade([
				[5, 0],
				[4, 0],
				[3, 0],
				[2, 0],
				[1, 0],
			]),
		);
		expect(windows(five)).toEqual({
			b1: "4/5",
			b2: "4/5",
			b3: "4/5",
			b4: "4/5",
			b5: "4/5",
		});
		expect(five).toMatchObject({ period: 5n, best: rational(7, 8) });
	});

	test("a probability of .33 three times", () => {
		const found = split(drawCascade([0.33, 0.33, 0.33].map(probability)));
		const percents = found.parts.map(({ share }) =>
			share.kind === "exact" ? printPercent(share.value) : null,
		);
		expect(percents).toEqual(["33.0 %", "22.1 %", "14.8 %", "30.1 %"]);
		expect(found).toMatchObject({
			byChance: true,
			period: null,
			noDeviation: "draws have a part",
		});
		expect(sinceLoad(found)).toEqual([null, null, null, null]);
	});
});

describe("counters", () => {
	const EVERY_2 = { key: "two", every: 2, packet: 0 };
	const EVERY_3 = { key: "three", every: 3, packet: 0 };

	test("that come round elsewhere when inverted", () => {
		const found = split(turnNot(EVERY_3, leaf("b1"), leaf("b2")));
		expect(shares(found)).toEqual({ b1: "2/3", b2: "1/3" });
	});

	test("of rules that only mark see every packet, and the last mark wins", () => {
		// --every 3 three times: each packet is marked by one of them.
		const ends = (mark: string) => leaf(mark);
		const nth = (packet: number) => ({ key: `${packet}`, every: 3, packet });
		const third = (mark: string) => turn(nth(2), ends("b3"), ends(mark));
		const second = (mark: string) => turn(nth(1), third("b2"), third(mark));
		const first = turn(nth(0), second("b1"), second("no mark"));
		const found = split(first);
		expect(shares(found)).toEqual({
			b1: "1/3",
			b2: "1/3",
			b3: "1/3",
			"no mark": "0",
		});
		expect(found).toMatchObject({ method: "orbit", period: 3n });
		expect(windows(found)).toEqual({
			b1: "2/3",
			b2: "2/3",
			b3: "2/3",
			"no mark": "0",
		});
	});

	test("that change nothing have no part, wherever they stand", () => {
		const log = { key: "log", every: 7, packet: 3 };
		const [b1, b2] = [leaf("b1"), leaf("b2")];
		const found = split(
			turn(EVERY_2, turn(log, b1, b1), turn(log, leaf("b2"), b2)),
		);
		expect(found).toMatchObject({ method: "rates", period: 2n });
	});

	test("that change nothing at one place count where they do at another one", () => {
		const counted = leaf("b2");
		const found = split(
			turn(
				EVERY_3,
				turn(EVERY_2, counted, counted),
				turn(EVERY_2, leaf("b1"), leaf("no backend")),
			),
		);
		expect(found.method).toBe("orbit");
		expect(shares(found)).toEqual({
			b1: "1/3",
			b2: "1/3",
			"no backend": "1/3",
		});
	});

	test("whose states run into a cycle, since a packet meets one twice", () => {
		const b = leaf("b");
		const a = turn(
			EVERY_2,
			turn(EVERY_2, leaf("a"), b),
			turn(EVERY_3, b, leaf("c")),
		);
		expect(split(a).method).toBe("orbit");
	});

	test("too many to walk leave the deviation out, and say so", () => {
		const found = split(
			nthCascade([
				[100, 0],
				[100, 1],
				[100, 2],
				[100, 3],
				[100, 4],
			]),
		);
		expect(found).toMatchObject({
			period: 10_000_000_000n,
			noDeviation:
				"the counters come back after 10,000,000,000 connections, of which at most 1,000,000 are walked",
		});
		expect(shares(found).b2).toBe("99/10000");
		expect(sinceLoad(found)).toContain(null);
	});

	test("in more than a million states, at several places, leave the share unknown", () => {
		const ends = (mark: string) => leaf(mark);
		const nth = (every: number) => ({ key: `${every}`, every, packet: 0 });
		const third = (mark: string) => turn(nth(1009), ends("b3"), ends(mark));
		const second = (mark: string) => turn(nth(1013), third("b2"), third(mark));
		const found = split(turn(nth(1019), second("b1"), second("no mark")));
		expect(shares(found).b1).toBe(
			"more than 1,000,000 states of counters that stand at several places",
		);
		expect(found).toMatchObject({ method: "none", best: null, period: null });
	});
});

describe("conditions", () => {
	const decision = condition(
		"alive",
		turn({ key: "two", every: 2, packet: 0 }, leaf("b1"), leaf("b2")),
		leaf("b2"),
	);

	test("have the value that is given, and ends of other values get nothing", () => {
		expect(shares(split(decision, { alive: 1 }))).toEqual({
			b1: "1/2",
			b2: "1/2",
		});
		const dead = split(decision, { alive: 0 });
		expect(shares(dead)).toEqual({ b1: "0", b2: "1" });
		expect(dead).toMatchObject({
			period: 1n,
			best: rational(0),
			noDeviation: null,
		});
		expect(sinceLoad(dead)).toEqual(["0", "0"]);
	});

	test("are 0 before they are written", () => {
		expect(shares(split(decision))).toEqual({ b1: "0", b2: "1" });
	});
});

describe("chance", () => {
	test("spreads over a range, by the address of the client or by a draw", () => {
		const ways = [leaf("b1"), leaf("b2"), leaf("b2")];
		expect(shares(split(spread("draw", ways)))).toEqual({
			b1: "1/3",
			b2: "2/3",
		});
		expect(split(spread("hash", ways))).toMatchObject({
			byChance: true,
			noDeviation: "it depends on the addresses of clients",
		});
	});

	test("never has a part where both ways are the same", () => {
		const found = split(draw(rational(1, 3), leaf("b1"), leaf("b1")));
		expect(found).toMatchObject({ byChance: false, period: 1n });
	});

	test("before a counter", () => {
		const nth = { key: "two", every: 2, packet: 0 };
		const rest = turn(nth, leaf("b2"), leaf("b3"));
		expect(shares(split(draw(rational(1, 3), leaf("b1"), rest)))).toEqual({
			b1: "1/3",
			b2: "1/3",
			b3: "1/3",
		});
	});
});

describe("draws and counters that stand at several places", () => {
	const two = { key: "two", every: 2, packet: 0 };
	const reads = (yes: Decision, no: Decision) =>
		turn(two, turn(two, yes, yes), turn(two, no, no));

	test("average over the states that come about", () => {
		const three = { key: "three", every: 3, packet: 0 };
		const rest = turn(two, leaf("b1"), leaf("b2"));
		const found = split(
			draw(
				rational(1, 4),
				rest,
				turn(three, rest, turn(two, leaf("b2"), leaf("b3"))),
			),
		);
		expect(shares(found)).toEqual({ b1: "1/4", b2: "1/2", b3: "1/4" });
		expect(found).toMatchObject({ method: "orbit", byChance: true });
	});

	test("that a packet meets twice, and puts back, is always the same", () => {
		const found = split(
			draw(rational(1, 3), reads(leaf("b1"), leaf("b2")), leaf("b3")),
		);
		expect(shares(found)).toEqual({ b1: "1/3", b2: "0", b3: "2/3" });
	});

	test("leave the share unknown where early draws decide it for good", () => {
		// Starts at 0, and comes round by one packet at 3, by two at 2, by three at 1.
		const four = { key: "four", every: 4, packet: 3 };
		const moved = (times: number, end: Decision): Decision =>
			times === 0
				? end
				: turn(four, moved(times - 1, end), moved(times - 1, end));
		const staysAt3 = moved(3, leaf("b1"));
		const staysAt2 = moved(2, leaf("b2"));
		const from0 = draw(rational(1, 2), leaf("b3"), moved(3, leaf("b3")));
		const found = split(
			turn(four, staysAt3, turn(four, staysAt2, turn(four, leaf("b3"), from0))),
		);
		const why =
			"packets meet a counter twice, and draws soon after the load decide for good which states it comes to";
		expect(shares(found)).toEqual({ b1: why, b2: why, b3: why });
	});
});

describe("what nothing bounds", () => {
	const rate = (yes: Decision, no: Decision) =>
		open("the rate of packets", yes, no);

	test("makes intervals of the shares that depend on it", () => {
		const half = { key: "two", every: 2, packet: 0 };
		const found = split(
			turn(half, leaf("b1"), rate(leaf("b2"), leaf("no backend"))),
		);
		expect(shares(found)).toEqual({
			b1: "1/2",
			b2: "0 to 1/2, by the rate of packets",
			"no backend": "0 to 1/2, by the rate of packets",
		});
		expect(found).toMatchObject({
			method: "rates",
			period: null,
			noDeviation: "it depends on the rate of packets",
		});
	});

	test("before a counter divides no more than the counter does", () => {
		const half = { key: "two", every: 2, packet: 0 };
		const third = { key: "three", every: 3, packet: 0 };
		const found = split(
			rate(
				turn(half, leaf("b1"), leaf("b2")),
				turn(third, leaf("b1"), leaf("b3")),
			),
		);
		expect(shares(found)).toEqual({
			b1: "1/3 to 1/2, by the rate of packets",
			b2: "0 to 1/2, by the rate of packets",
			b3: "0 to 2/3, by the rate of packets",
		});
	});
});
