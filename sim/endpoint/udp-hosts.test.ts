import { describe, expect, test } from "vitest";
import { icmpError, udp } from "../packet/build.ts";
import type { IcmpPacket, Packet, UdpPacket } from "../packet/packet.ts";
import { Backend, type BackendBehaviour } from "./backend.ts";
import { createWire, LEFT, RIGHT } from "./test-wire.ts";
import { requestOf, requestPayload } from "./udp/datagram.ts";
import { type FlowPlan, UdpFlow } from "./udp/udp-flow.ts";
import type { UdpProgram } from "./udp/udp-server.ts";

const TO = { address: RIGHT, port: 53 };
const REPLY = { timeoutMs: 1_000, attempts: 2 };

interface Story {
	readonly behaviour?: BackendBehaviour;
	readonly program?: UdpProgram;
	readonly plan?: Partial<FlowPlan>;
}

/** A client with one flow, and a backend that serves datagrams on port 53. */
function play({
	behaviour = { kind: "up" },
	program = "echo",
	plan = {},
}: Story) {
	const wire = createWire();
	const listening = [{ port: 25, program: { kind: "smtp" } as const }];
	const backend = new Backend("b1", wire.right, listening, behaviour);
	backend.serveDatagrams(53, program);
	wire.right.takesDatagram = (packet) => backend.takesDatagram(packet);
	wire.loses = () => backend.loss === 1;
	const flow = new UdpFlow(wire.left, TO, 40_000, {
		flow: 7,
		requests: 1,
		octets: 32,
		reply: REPLY,
		closes: true,
		...plan,
	});
	return { wire, backend, flow };
}

const ports = (packet: Packet) =>
	packet.kind === "udp"
		? `${packet.sourcePort} > ${packet.destinationPort}`
		: packet.kind;

describe("a request names its flow and itself", () => {
	test("whatever its length", () => {
		const name = { flow: 1_000_000, request: 46_655 };
		for (const octets of [10, 32, 1472]) {
			const payload = requestPayload(name, octets);
			expect(payload).toHaveLength(octets);
			expect(requestOf(payload)).toEqual(name);
		}
	});

	test("and no other payload does", () => {
		expect(requestOf("")).toBeNull();
		expect(requestOf("some dns query, or none")).toBeNull();
	});
});

test("an answer ends a request, and closes its socket", () => {
	const { wire, flow } = play({});
	flow.request();
	wire.clock.advanceTo(20_000);
	expect(wire.log).toEqual(["0 > udp", "5 < udp"]);
	expect(flow.course).toEqual({
		outcome: "answered",
		answeredMs: 10,
		endedMs: 10,
		retransmittedMs: [],
		requests: 1,
		sent: 1,
		answers: 1,
	});
	expect(wire.left.datagrams.count).toBe(0);
});

test("what is not answered goes out again from the same port, and is given up after the last attempt", () => {
	const { wire, flow } = play({ program: "silent" });
	flow.request();
	wire.clock.advanceTo(20_000);
	expect(wire.log).toEqual(["0 > udp", "1000 > udp"]);
	expect(wire.packets.map(ports)).toEqual(["40000 > 53", "40000 > 53"]);
	expect(flow.course).toMatchObject({
		outcome: "unanswered",
		endedMs: 2_000,
		retransmittedMs: [1_000],
		sent: 2,
		answers: 0,
	});
});

test("a second answer finds the socket closed", () => {
	const { wire, flow } = play({ behaviour: { kind: "slow", delayMs: 1_500 } });
	flow.request();
	wire.clock.advanceTo(20_000);
	expect(wire.log).toEqual([
		"0 > udp",
		"1000 > udp",
		"1505 < udp",
		"2505 < udp",
		"2510 > icmp",
	]);
	expect(flow.course).toMatchObject({ outcome: "answered", endedMs: 1_510 });
});

test("a closed port refuses a request, and is not asked again", () => {
	const { wire, flow } = play({ behaviour: { kind: "refuse" } });
	flow.request();
	wire.clock.advanceTo(20_000);
	expect(wire.log).toEqual(["0 > udp", "5 < icmp"]);
	expect(flow.course).toMatchObject({ outcome: "refused", endedMs: 10 });
});

test("an unreachable host ends what waits", () => {
	const { wire, flow } = play({ behaviour: { kind: "silent" } });
	flow.request();
	const [request] = wire.packets;
	wire.clock.advanceTo(500);
	wire.left.receive(
		icmpError(request as Packet, { type: 3, code: 1, from: RIGHT }),
	);
	wire.clock.advanceTo(20_000);
	expect(flow.course).toMatchObject({ outcome: "unreachable", endedMs: 500 });
});

test("an error about another flow of the same port is none of it", () => {
	const { wire, flow } = play({ behaviour: { kind: "silent" } });
	flow.request();
	const about = { ...(wire.packets[0] as UdpPacket), destinationPort: 54 };
	wire.left.receive(icmpError(about, { type: 3, code: 3, from: RIGHT }));
	expect(flow.course.outcome).toBe("open");
});

test("a datagram that is too long for its path is not modelled", () => {
	const { wire, flow } = play({ behaviour: { kind: "silent" } });
	const reasons: string[] = [];
	wire.left.doesNotKnow = (reason) => reasons.push(reason);
	flow.request();
	wire.left.receive(
		icmpError(wire.packets[0] as Packet, { type: 3, code: 4, from: RIGHT }),
	);
	expect(reasons).toHaveLength(1);
});

test("where no answer is awaited, the last datagram ends the flow", () => {
	const { wire, flow } = play({
		program: "silent",
		plan: { reply: null, requests: 2 },
	});
	flow.request();
	wire.clock.advanceTo(100);
	expect(flow.course.outcome).toBe("open");
	flow.request();
	expect(flow.course).toMatchObject({
		outcome: "sent",
		endedMs: 100,
		sent: 2,
		requests: 2,
	});
});

test("one socket for several requests: an error ends those that wait, and the next ones go out", () => {
	const { wire, flow, backend } = play({
		behaviour: { kind: "refuse" },
		plan: { requests: 2, closes: false },
	});
	flow.request();
	wire.clock.advanceTo(100);
	backend.become({ kind: "up" });
	flow.request();
	wire.clock.advanceTo(200);
	expect(flow.course).toMatchObject({
		outcome: "refused",
		answeredMs: 110,
		endedMs: 110,
		sent: 2,
		answers: 1,
	});
	expect(wire.left.datagrams.isFree(40_000)).toBe(false);
});

test("a socket of the same port takes its place, and what waits gets no answer", () => {
	const { wire, flow } = play({});
	flow.request();
	const other = new UdpFlow(wire.left, TO, 40_000, {
		flow: 8,
		requests: 1,
		octets: 10,
		reply: null,
		closes: false,
	});
	wire.clock.advanceTo(20_000);
	expect(flow.course).toMatchObject({ outcome: "unanswered", endedMs: 0 });
	// The answer to the other one came to it, and is not one of its own.
	expect(other.course).toMatchObject({ outcome: "open", answers: 0 });
});

test("on a host that is gone, a flow gets no answer any more", () => {
	const { wire, flow } = play({ plan: { requests: 2 } });
	flow.request();
	wire.left.loseEverything();
	flow.request();
	wire.clock.advanceTo(20_000);
	expect(flow.course).toMatchObject({ outcome: "unanswered", sent: 1 });
	expect(wire.left.datagrams.count).toBe(0);
});

test("an answer from elsewhere is refused: the socket is connected", () => {
	const { wire, flow } = play({ behaviour: { kind: "silent" } });
	flow.request();
	wire.left.receive(
		udp({
			source: "192.168.0.1",
			sourcePort: 53,
			destination: LEFT,
			destinationPort: 40_000,
			payload: requestPayload({ flow: 7, request: 0 }, 32),
		}),
	);
	const said = wire.packets.at(-1) as IcmpPacket;
	expect([said.kind, said.type, said.code]).toEqual(["icmp", 3, 3]);
	expect(flow.course.answers).toBe(0);
});

describe("a backend's program", () => {
	test("reads what has waited for it when it is no longer stuck, as much as its socket holds", () => {
		const { wire, flow, backend } = play({
			behaviour: { kind: "hang", accept: true },
			plan: { requests: 400, reply: null, closes: false },
		});
		for (let count = 0; count < 400; count++) flow.request();
		wire.clock.advanceTo(100);
		expect(flow.course.answers).toBe(0);
		backend.become({ kind: "up" });
		wire.clock.advanceTo(200);
		expect(flow.course.answers).toBe(278);
	});

	test("that is killed forgets what has waited for it", () => {
		const { wire, flow, backend } = play({
			behaviour: { kind: "hang", accept: false },
		});
		flow.request();
		wire.clock.advanceTo(100);
		backend.become({ kind: "refuse" });
		backend.become({ kind: "up" });
		wire.clock.advanceTo(900);
		expect(flow.course.answers).toBe(0);
	});

	test("drains: peers that it knows are served, others refused", () => {
		const { wire, flow, backend } = play({
			plan: { requests: 2, closes: false },
		});
		flow.request();
		wire.clock.advanceTo(100);
		backend.become({ kind: "drain" });
		flow.request();
		const other = new UdpFlow(wire.left, TO, 40_001, {
			flow: 8,
			requests: 1,
			octets: 32,
			reply: REPLY,
			closes: true,
		});
		other.request();
		wire.clock.advanceTo(20_000);
		expect(flow.course).toMatchObject({ outcome: "answered", answers: 2 });
		expect(other.course.outcome).toBe("refused");
	});

	test("says nothing any more when it died before its pause was over", () => {
		const { wire, flow, backend } = play({
			behaviour: { kind: "slow", delayMs: 200 },
			plan: { reply: { timeoutMs: 1_000, attempts: 1 } },
		});
		flow.request();
		wire.clock.advanceTo(100);
		backend.become({ kind: "refuse" });
		wire.clock.advanceTo(20_000);
		expect(wire.log).toEqual(["0 > udp"]);
		expect(flow.course.outcome).toBe("unanswered");
	});

	test("has no other ports", () => {
		const { wire } = play({});
		wire.right.receive(
			udp({
				source: LEFT,
				sourcePort: 1,
				destination: RIGHT,
				destinationPort: 54,
			}),
		);
		expect(wire.log).toEqual(["0 < icmp"]);
	});
});
