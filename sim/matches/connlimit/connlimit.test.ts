import { expect, test } from "vitest";
import type { UnseenChance } from "../../chance/choice.ts";
import { IPS_ASSURED, IPS_CONFIRMED } from "../../conntrack/table/status.ts";
import {
	ip,
	type TestEntry,
	testEntry,
	testMatch,
	testPorts,
	testSkb,
	UnknownOutcome,
} from "../../extension/test-host.ts";
import { connlimit } from "./connlimit.ts";

/** Connections from ports 40000 on, not confirmed yet; each with its SYN. */
function connections(count: number, source = "10.0.0.10"): TestEntry[] {
	return Array.from({ length: count }, (_, index) =>
		testEntry({
			tcpState: "SYN_SENT",
			original: { source: ip(source), sourcePort: 40000 + index },
		}),
	);
}

const confirm = (entry: TestEntry, status = 0) => {
	entry.status = IPS_CONFIRMED | status;
};

/** What the match says of the SYNs of new connections, one per second. */
function arrivals(options: string, entries: TestEntry[]): boolean[] {
	const ports = testPorts({ entries });
	const matches = testMatch(connlimit, options, ports);
	return entries.map((entry, index) => {
		const matched = matches(
			testSkb({ entry: index, source: entry.original.source }),
		);
		confirm(entry);
		ports.clock.nowMs += 1000;
		return matched;
	});
}

test("above 2 begins with the third connection", () => {
	const above = arrivals("--connlimit-above 2", connections(4));
	expect(above).toEqual([false, false, true, true]);
	const upTo = arrivals("--connlimit-upto 2", connections(4));
	expect(upTo).toEqual([true, true, false, false]);
});

test("addresses are counted apart, or together under a mask", () => {
	const entries = () => [
		...connections(1, "10.0.0.10"),
		...connections(1, "10.0.0.11"),
	];
	expect(arrivals("--connlimit-above 1", entries())).toEqual([false, false]);
	expect(
		arrivals("--connlimit-above 1 --connlimit-mask 24", entries()),
	).toEqual([false, true]);
	expect(arrivals("--connlimit-above 1 --connlimit-daddr", entries())).toEqual([
		false,
		true,
	]);
});

test("a retransmitted SYN is not another connection", () => {
	const entries = connections(2);
	const ports = testPorts({ entries });
	const matches = testMatch(connlimit, "--connlimit-above 1", ports);
	const syn = testSkb({ entry: 0 });
	expect(matches(syn)).toBe(false);
	for (const entry of entries) confirm(entry);
	ports.clock.nowMs += 1000;
	expect(matches(syn)).toBe(false);
	ports.clock.nowMs += 1000;
	expect(matches(testSkb({ entry: 1 }))).toBe(true);
});

test.each(["TIME_WAIT", "CLOSE"])("%s does not count", (tcpState) => {
	const entries = connections(2);
	const [first, second] = entries;
	const ports = testPorts({ entries });
	const matches = testMatch(connlimit, "--connlimit-above 1", ports);
	expect(matches(testSkb({ entry: 0 }))).toBe(false);
	if (first) Object.assign(first, { tcpState, status: IPS_CONFIRMED });
	if (second) confirm(second);
	ports.clock.nowMs += 1000;
	expect(matches(testSkb({ entry: 1 }))).toBe(false);
});

test("what has left the table does not count", () => {
	const entries = connections(2);
	const [first] = entries;
	const ports = testPorts({ entries });
	const matches = testMatch(connlimit, "--connlimit-above 1", ports);
	expect(matches(testSkb({ entry: 0 }))).toBe(false);
	if (first) first.alive = false;
	ports.clock.nowMs += 1000;
	expect(matches(testSkb({ entry: 1 }))).toBe(false);
});

test("within one tick nothing is cleared away", () => {
	const entries = connections(2);
	const [first] = entries;
	const matches = testMatch(
		connlimit,
		"--connlimit-above 1",
		testPorts({ entries }),
	);
	expect(matches(testSkb({ entry: 0 }))).toBe(false);
	if (first) first.alive = false;
	expect(matches(testSkb({ entry: 1 }))).toBe(true);
});

test.each([
	[0, ["tick"]],
	[4, ["tick"]],
	[8, []],
])(
	"whether a packet %i ms later comes with the next tick is a kernel's chance",
	(ms, chances) => {
		const met: UnseenChance[] = [];
		const unseen = (chance: UnseenChance) => void met.push(chance);
		const entries = connections(3);
		const ports = testPorts({ entries });
		Object.assign(ports.choice, { unseen });
		const matches = testMatch(connlimit, "--connlimit-above 1", ports);
		const [first] = entries;
		matches(testSkb({ entry: 0 }));
		if (first) first.alive = false;
		ports.clock.nowMs += ms;
		matches(testSkb({ entry: 1 }));
		expect(met).toEqual(chances);
	},
);

test("the last packet of the only connection is dropped: nothing is left to count", () => {
	// Seen on 6.1.192: the ACK of the second FIN, under a rule without --syn.
	const entries = connections(1);
	const [entry] = entries;
	const ports = testPorts({ entries });
	const matches = testMatch(connlimit, "--connlimit-above 100", ports);
	matches(testSkb({ entry: 0 }));
	if (entry) {
		confirm(entry, IPS_ASSURED);
		entry.tcpState = "TIME_WAIT";
	}
	ports.clock.nowMs += 50;
	const last = testSkb({ entry: 0 });
	expect([matches(last), last.hotdrop]).toEqual([false, true]);
});

test("a packet that belongs to no connection has an unknown outcome", () => {
	expect(() => testMatch(connlimit, "--connlimit-above 1")(testSkb())).toThrow(
		UnknownOutcome,
	);
});
