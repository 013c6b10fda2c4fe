import { expect, test } from "vitest";
import { recordOf } from "./clients.ts";

const FLOW = {
	id: 0,
	step: "metrics",
	client: "c1",
	sourcePort: 40_000,
	startedMs: 0,
	retransmittedMs: [],
	connectedMs: null,
	greetedMs: null,
	endedMs: 5,
	outcome: "sent" as const,
	accepted: false,
	error: "",
	messageId: null,
	acceptedIds: [],
	backend: null,
	datagrams: { requests: 1, sent: 1, answers: 0 },
};

test("what a client sends without awaiting an answer is undelivered where no program has read it", () => {
	const udp = { protocol: "udp" as const };
	const seenBy = (read: number, ...met: string[]) =>
		recordOf(FLOW, udp, { met, servedBy: null, read });
	expect(seenBy(1, "b1")).toMatchObject({ backend: "b1", outcome: "sent" });
	expect(seenBy(0)).toMatchObject({ backend: null, outcome: "undelivered" });
});

test("one datagram that no program has read makes its flow undelivered", () => {
	const datagrams = { requests: 20, sent: 20, answers: 0 };
	const flow = { ...FLOW, datagrams };
	const seen = { met: ["b1"], servedBy: null, read: 19 };
	expect(recordOf(flow, { protocol: "udp" }, seen)).toMatchObject({
		backend: "b1",
		outcome: "undelivered",
		datagrams: { sent: 20, read: 19 },
	});
});
