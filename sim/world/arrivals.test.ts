import { expect, test } from "vitest";
import { seededChoice } from "../chance/seeded.ts";
import type { Account } from "./account/account.ts";
import { connects, createForwarder, playForwarded } from "./test-forwarder.ts";

const starts = (account: Account) =>
	account.connections.map((one) => one.startedMs);
const ports = (account: Account) =>
	account.connections.map((one) => one.sourcePort);

test("at once, and every so often", () => {
	const atOnce = playForwarded([connects({ atMs: 7, count: 3 })]);
	expect(starts(atOnce)).toEqual([7, 7, 7]);
	const every = playForwarded([
		connects({
			atMs: 7,
			count: 4,
			arrivals: { kind: "every", intervalMs: 0.1 },
		}),
	]);
	expect(starts(every)).toEqual([7, 7.1, 7.2, 7.3]);
});

test("Poisson: so many per second on average, and irregular as chance is", () => {
	const account = playForwarded(
		[
			connects({
				count: 4_001,
				arrivals: { kind: "poisson", perSecond: 100 },
				dialogue: { kind: "connect-only", connectTimeoutMs: null },
			}),
		],
		{ choice: seededChoice(3) },
	);
	const times = starts(account);
	const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
	const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
	// Mean 10 ms; its standard deviation over 4000 gaps is 0.158: five of them.
	expect(Math.abs(mean - 10)).toBeLessThan(0.79);
	// A share of 1/e is longer than the mean: 1471.5 of 4000, standard deviation 30.5.
	const long = gaps.filter((gap) => gap > 10).length;
	expect(Math.abs(long - 1_471.5)).toBeLessThan(153);
	for (const time of times)
		expect(time * 1000 - Math.round(time * 1000)).toBeCloseTo(0, 6);
});

test("ports: counted up past what is in use, always the same, or drawn from Linux's range", () => {
	const forwarder = createForwarder(["192.168.0.1"]);
	const counted = playForwarded(
		[
			connects({ count: 2, ports: { kind: "from", first: 65_533 } }),
			connects({ count: 2, ports: { kind: "from", first: 65_534 } }),
		],
		{ forwarder },
	);
	expect(ports(counted)).toEqual([65_533, 65_534, 65_535, 0]);
	expect(counted.connections[3]).toMatchObject({
		outcome: "no-port",
		syns: 0,
		endedMs: 0,
	});
	const drawn = playForwarded([
		connects({ count: 500, ports: { kind: "drawn" } }),
	]);
	expect(new Set(ports(drawn)).size).toBe(500);
	expect(Math.min(...ports(drawn))).toBeGreaterThanOrEqual(32_768);
	expect(Math.max(...ports(drawn))).toBeLessThanOrEqual(60_999);
	expect(ports(drawn).some((port) => port % 2 === 1)).toBe(true);
});
