import { expect, test } from "vitest";
import type { Choice } from "../chance/choice.ts";
import { seededChoice } from "../chance/seeded.ts";
import type { BackendBehaviour } from "../endpoint/backend.ts";
import type { Dialogue } from "../endpoint/dialogue.ts";
import { printPacket } from "../packet/notation/notation.ts";
import type { ConnectionRecord } from "./account/account.ts";
import type { Step } from "./setup/setup.ts";
import {
	connects,
	createForwarder,
	INSIDE,
	OUTSIDE,
	playForwarded,
	testSetup,
} from "./test-forwarder.ts";

const HOLD: Dialogue = {
	kind: "hold",
	connectTimeoutMs: 30_000,
	readTimeoutMs: 60_000,
};

function becomes(atMs: number, behaviour: BackendBehaviour): Step {
	const label = `b1 ${behaviour.kind}`;
	return { atMs, label, kind: "backend", backend: "b1", becomes: behaviour };
}

/** All connections go to b1. */
function playWithB1(steps: readonly Step[], endMs = 600_000) {
	const forwarder = createForwarder(["192.168.0.1"]);
	return playForwarded(steps, { forwarder, endMs });
}

function firstOf(steps: readonly Step[]): ConnectionRecord {
	const [first] = playWithB1(steps).connections;
	if (first === undefined) throw new Error("nobody connected");
	return first;
}

test("connections go to the backends by turns, and each message is accepted", () => {
	const account = playForwarded([
		connects({ count: 4, arrivals: { kind: "every", intervalMs: 10 } }),
	]);
	expect(account.connections.map((one) => one.backend)).toEqual([
		"b1",
		"b2",
		"b1",
		"b2",
	]);
	expect(account.connections[1]).toEqual({
		id: 1,
		step: "clients",
		client: "c1",
		sourcePort: 40_001,
		startedMs: 10,
		backend: "b2",
		met: ["b2"],
		syns: 1,
		retransmittedMs: [],
		connectedMs: 14,
		greetedMs: 18,
		endedMs: 46,
		outcome: "completed",
		accepted: true,
		gatewayAnswers: [],
	});
});

test("the gateway is told who answers ARP, then what happens, in the order of time", () => {
	const forwarder = createForwarder(["192.168.0.1"]);
	playForwarded([connects({ atMs: 10 })], { forwarder });
	const [first, second, third, fourth, fifth] = forwarder.asks;
	expect([first, second, third]).toEqual(
		[
			[OUTSIDE, "10.0.0.10"],
			[INSIDE, "192.168.0.1"],
			[INSIDE, "192.168.0.2"],
		].map(([name, address]) => ({
			kind: "neighbour",
			atMs: 0,
			interface: name,
			address,
			answers: true,
		})),
	);
	expect([fourth, fifth]).toEqual([
		{ kind: "wait", atMs: 0, toMs: 10 },
		{ kind: "wait", atMs: 10, toMs: 11 },
	]);
	expect(forwarder.asks[5]).toMatchObject({ kind: "packet", atMs: 11 });
	const times = forwarder.asks.map((ask) => ask.atMs);
	expect(times).toEqual([...times].sort((a, b) => a - b));
	expect(forwarder.asks.at(-1)?.kind).toBe("observe");
});

test("the play ends when nothing is left to happen, after a time in which the gateway may still complain", () => {
	expect(playForwarded([connects()]).endedMs).toBe(5_036);
	expect(playForwarded([connects()], { endMs: 20 })).toMatchObject({
		endedMs: 20,
		connections: [{ outcome: "open", endedMs: null }],
	});
});

test("a backend that refuses: RST on the SYN", () => {
	const record = firstOf([becomes(0, { kind: "refuse" }), connects()]);
	expect(record).toMatchObject({
		outcome: "refused",
		backend: "b1",
		syns: 1,
		retransmittedMs: [],
		endedMs: 4,
		connectedMs: null,
		gatewayAnswers: [],
	});
});

test("a backend whose host is gone: the gateway says so after three seconds", () => {
	const account = playWithB1([becomes(0, { kind: "vanish" }), connects()]);
	expect(account.connections[0]).toMatchObject({
		outcome: "unreachable",
		backend: null,
		met: [],
		syns: 3,
		endedMs: 1 + 3_072 + 1,
		// One for each of the three SYNs.
		gatewayAnswers: Array(3).fill("icmp host-unreachable"),
	});
	expect(account.events).toEqual([
		{ kind: "backend", atMs: 0, backend: "b1", behaviour: "vanish" },
	]);
});

test("a backend that answers ARP and nothing else: the client's patience decides", () => {
	const record = firstOf([becomes(0, { kind: "silent" }), connects()]);
	expect(record).toMatchObject({
		outcome: "connect-timeout",
		backend: "b1",
		met: ["b1"],
		syns: 5,
		endedMs: 30_000,
	});
});

test("a client without a time-out of its own waits for its kernel's: 127 s", () => {
	const dialogue: Dialogue = {
		kind: "connect-only",
		connectTimeoutMs: null,
	};
	const record = firstOf([
		becomes(0, { kind: "silent" }),
		connects({ dialogue }),
	]);
	expect(record).toMatchObject({
		outcome: "connect-timeout",
		syns: 7,
		endedMs: 127_000,
	});
});

test("a process that is stuck: connected, and never greeted", () => {
	const record = firstOf([
		becomes(0, { kind: "hang", accept: true }),
		connects(),
	]);
	expect(record).toMatchObject({
		outcome: "read-timeout",
		backend: "b1",
		connectedMs: 4,
		greetedMs: null,
		endedMs: 300_004,
	});
});

test("a process that accepts nothing: its backlog takes 101 connections, then SYNs are dropped", () => {
	const { connections } = playWithB1([
		becomes(0, { kind: "hang", accept: false }),
		connects({ count: 120, arrivals: { kind: "every", intervalMs: 10 } }),
	]);
	const connected = connections.filter((one) => one.connectedMs !== null);
	expect(connected.map((one) => one.id)).toEqual([...Array(101).keys()]);
	expect(connections[101]?.outcome).toBe("connect-timeout");
});

test("a process that goes on after a while serves what has waited for it", () => {
	const steps = [becomes(0, { kind: "hang", accept: false }), connects()];
	const record = firstOf([...steps, becomes(5_000, { kind: "up" })]);
	expect(record).toMatchObject({
		outcome: "completed",
		connectedMs: 4,
		greetedMs: 5_002,
	});
});

test("a slow backend waits before the banner and each of six replies", () => {
	const record = firstOf([
		becomes(0, { kind: "slow", delayMs: 1_000 }),
		connects(),
	]);
	expect(record).toMatchObject({ outcome: "completed", greetedMs: 1_008 });
	expect(record.endedMs).toBe(36 + 7_000);
});

test("a backend that drains serves who is there, and refuses who comes", () => {
	const { connections } = playWithB1([
		becomes(0, { kind: "slow", delayMs: 100 }),
		connects(),
		becomes(50, { kind: "drain" }),
		connects({ atMs: 60, label: "late" }),
	]);
	expect(connections.map((one) => one.outcome)).toEqual([
		"completed",
		"refused",
	]);
});

test("a lossy backend: each packet to it and from it is drawn for, once, and a lost SYN has met it all the same", () => {
	const draws: string[] = [];
	const choice: Choice = {
		...seededChoice(1),
		happens(numerator, denominator, label) {
			draws.push(`${label}: ${numerator} of ${denominator}`);
			// The SYN, and the SYN/ACK of the second one.
			return draws.length === 1 || draws.length === 3;
		},
	};
	const { connections, packets, events } = playForwarded(
		[becomes(0, { kind: "lossy", loss: 0.3 }), connects()],
		{ choice, keepPackets: true, forwarder: createForwarder(["192.168.0.1"]) },
	);
	expect(connections[0]).toMatchObject({
		outcome: "completed",
		backend: "b1",
		met: ["b1"],
		syns: 2,
		connectedMs: 2_004,
	});
	expect(events).toMatchObject([{ backend: "b1", behaviour: "lossy" }]);
	const inside = packets.filter((packet) => packet.interface === INSIDE);
	// What was lost on its way to the gateway never came in.
	expect(draws).toHaveLength(inside.length + 1);
	expect(new Set(draws)).toEqual(
		new Set(["a packet is lost: 300000 of 1000000"]),
	);
});

test("a lossy backend: TCP repairs it for who waits, and who gives up after one SYN tells how much is lost", () => {
	const every = (intervalMs: number) =>
		({ kind: "every", intervalMs }) as const;
	const patience = { connectTimeoutMs: null, readTimeoutMs: null };
	const { connections } = playWithB1(
		[
			becomes(0, { kind: "lossy", loss: 0.1 }),
			connects({
				label: "patient",
				count: 300,
				arrivals: every(10),
				dialogue: {
					kind: "smtp",
					messages: 2,
					messageOctets: 10_000,
					...patience,
				},
			}),
			connects({
				atMs: 60_000,
				label: "hasty",
				count: 2_000,
				arrivals: every(1),
				dialogue: { kind: "connect-only", connectTimeoutMs: 900 },
			}),
		],
		2_000_000,
	);
	const outcomes = (step: string) =>
		connections.filter((one) => one.step === step).map((one) => one.outcome);
	expect(new Set(outcomes("patient"))).toEqual(new Set(["completed"]));
	const served = outcomes("hasty").filter((one) => one === "completed").length;
	// 81 % of 2,000, within six standard deviations.
	expect(Math.abs(served - 1_620)).toBeLessThan(106);
	expect(served).toBeLessThan(2_000);
});

test("a killed process: FIN to whom it had read, RST to whom it had not, and to those in its backlog", () => {
	const { connections } = playWithB1([
		connects({ label: "read", dialogue: HOLD }),
		becomes(100, { kind: "hang", accept: true }),
		{
			atMs: 200,
			label: "speaks",
			kind: "speak",
			connections: "read",
			who: "client",
		},
		connects({ atMs: 200, label: "unread", dialogue: HOLD }),
		becomes(250, { kind: "hang", accept: false }),
		connects({ atMs: 300, label: "waiting", dialogue: HOLD }),
		becomes(1_000, { kind: "refuse" }),
	]);
	const outcomes = connections.map((one) => [one.step, one.outcome]);
	expect(outcomes).toEqual([
		["read", "reset"],
		["unread", "cut-short"],
		["waiting", "reset"],
	]);
});

test("a host that comes back has forgotten its connections, and resets them", () => {
	const { connections } = playWithB1([
		connects({ dialogue: HOLD }),
		becomes(100, { kind: "vanish" }),
		becomes(200, { kind: "up" }),
		{
			atMs: 300,
			label: "speaks",
			kind: "speak",
			connections: "clients",
			who: "client",
		},
	]);
	expect(connections[0]).toMatchObject({
		outcome: "reset",
		endedMs: 304,
		gatewayAnswers: [],
	});
});

test("a held connection speaks and closes when told to, from either side", () => {
	const told = (
		atMs: number,
		kind: "speak" | "close",
		who: "client" | "backend",
	): Step => ({
		atMs,
		label: `${who} ${kind}`,
		kind,
		connections: "clients",
		who,
	});
	const forwarder = createForwarder(["192.168.0.1"]);
	const account = playForwarded(
		[
			connects({ dialogue: HOLD }),
			told(100, "speak", "client"),
			told(200, "speak", "backend"),
			told(300, "close", "backend"),
		],
		{ forwarder, keepPackets: true },
	);
	expect(account.connections[0]).toMatchObject({ outcome: "completed" });
	const said = account.packets
		.filter(({ direction, packet }) => direction === "in" && packet.payload)
		.map(({ atMs, packet }) => [atMs, packet.payload]);
	expect(said).toEqual([
		[7, "220 b1 ESMTP\r\n"],
		[101, "NOOP\r\n"],
		[103, "250 2.0.0 Ok\r\n"],
		[201, "250 b1 is still here\r\n"],
	]);
	const closed = playWithB1([
		connects({ dialogue: HOLD }),
		told(300, "close", "client"),
	]);
	expect(closed.connections[0]).toMatchObject({ outcome: "completed" });
});

test("port reuse: the SYN meets TIME_WAIT on the backend and opens a new connection", () => {
	const ports = { kind: "fixed", port: 40_000 } as const;
	const { connections } = playWithB1([
		connects({ ports }),
		connects({ ports, atMs: 1_000 }),
		connects({ ports, atMs: 30_000 }),
	]);
	for (const one of connections)
		expect(one).toMatchObject({ outcome: "completed", syns: 1, backend: "b1" });
	expect(connections).toHaveLength(3);
});

test("a packet by hand goes in as it stands, from whoever; what comes back is written down and not answered", () => {
	const account = playForwarded(
		[
			{
				atMs: 5,
				label: "by hand",
				kind: "packet",
				interface: OUTSIDE,
				packet: "tcp 10.0.0.77:40000 > 10.0.0.1:25 S",
			},
		],
		{ keepPackets: true },
	);
	const seen = account.packets.map(({ atMs, direction, interface: name }) => [
		atMs,
		direction,
		name,
	]);
	expect(seen.slice(0, 4)).toEqual([
		[5, "in", OUTSIDE],
		[5, "out", INSIDE],
		[7, "in", INSIDE],
		[7, "out", OUTSIDE],
	]);
	expect(account.connections).toEqual([]);
});

test("hosts behind the same interface reach each other without the gateway", () => {
	const setup = testSetup({
		service: { address: "192.168.0.2", port: 25 },
		clients: [
			{
				name: "c1",
				address: "192.168.0.7",
				interface: INSIDE,
				latencyMs: 1,
			},
		],
	});
	const account = playForwarded([connects()], { setup, keepPackets: true });
	expect(account.connections[0]).toMatchObject({
		outcome: "completed",
		accepted: true,
	});
	expect(account.connections[0]).toMatchObject({ backend: "b2", met: ["b2"] });
	const shown = account.packets.map(
		({ direction, interface: name, connection, packet }) =>
			`${direction} ${name} ${connection} ${printPacket(packet)}`,
	);
	expect(shown.length).toBeGreaterThan(5);
	expect(shown[0]).toMatch(
		/^past eth1 0 tcp 192\.168\.0\.7:\d+ > 192\.168\.0\.2:25 S /,
	);
	expect(shown[1]).toMatch(
		/^past eth1 0 tcp 192\.168\.0\.2:25 > 192\.168\.0\.7:\d+ SA /,
	);
	expect(shown.every((line) => line.startsWith("past"))).toBe(true);
});

test("the same seed gives the same account, another seed another one", () => {
	const steps = [
		connects({
			count: 200,
			arrivals: { kind: "poisson", perSecond: 100 },
			ports: { kind: "drawn" },
		}),
	];
	const account = (seed: number) =>
		JSON.stringify(playForwarded(steps, { choice: seededChoice(seed) }));
	expect(account(1)).toBe(account(1));
	expect(account(1)).not.toBe(account(2));
});

test("the gateway's ignorance ends the play", () => {
	const forwarder = createForwarder(["192.168.0.1"]);
	const unknown = {
		rule: "mangle:PREROUTING:rule:1",
		text: "",
		line: 3,
		reason: "not modelled",
	};
	const { answer } = forwarder;
	forwarder.answer = (ask) =>
		ask.kind === "packet"
			? { ...answer(ask), emissions: [], unknown }
			: answer(ask);
	const account = playForwarded([connects()], { forwarder });
	expect(account).toMatchObject({ unknown, endedMs: 1 });
});

test("steps and setups that do not fit together are refused by name", () => {
	const [client] = testSetup().clients;
	if (client === undefined) throw new Error("no client");
	expect(() => playForwarded([connects({ client: "c9" })])).toThrow(
		'the step "clients" names a client that does not exist: "c9"',
	);
	const setup = testSetup({ clients: [{ ...client, address: "192.168.0.1" }] });
	expect(() => playForwarded([], { setup })).toThrow(
		"b1 and c1 have the same address, 192.168.0.1",
	);
	const twins = testSetup({ clients: [client, client] });
	expect(() => playForwarded([], { setup: twins })).toThrow(
		"two hosts are called c1",
	);
});
