import { expect, test } from "vitest";
import { connects, playForwarded } from "./test-forwarder.ts";

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
		connectedMs: 14,
		greetedMs: 18,
		endedMs: 46,
		outcome: "completed",
		accepted: true,
		gatewayAnswers: [],
	});
});
