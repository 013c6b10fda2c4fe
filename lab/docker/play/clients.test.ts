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
	const seenBy = (...met: string[]) =>
		recordOf(FLOW, udp, { met, servedBy: null });
	expect(seenBy("b1")).toMatchObject({ backend: "b1", outcome: "sent" });
	expect(seenBy()).toMatchObject({ backend: null, outcome: "undelivered" });
});
