import { expect, test } from "vitest";
import { icmpError, tcp } from "../packet/build.ts";
import { ACK, FIN, type Packet, RST, SYN } from "../packet/packet.ts";
import { createApplication, createWire, LEFT, RIGHT } from "./test-wire.ts";

const TO = { address: RIGHT, port: 25 };

/** A connection that stands, the server's end of it, and a wire with an empty log. */
function connected() {
	const wire = createWire();
	const server = createApplication();
	const client = createApplication();
	wire.right.listen(25, () => server);
	const socket = wire.left.connect(TO, 40_000, client);
	wire.clock.advanceTo(100);
	const peer = wire.right.find(25, LEFT, 40_000);
	if (peer === undefined) throw new Error("not connected");
	wire.log.length = 0;
	wire.packets.length = 0;
	return { wire, server, client, socket, peer };
}

const last = (packets: readonly Packet[]) => {
	const packet = packets.at(-1);
	if (packet?.kind !== "tcp") throw new Error("no segment");
	return packet;
};

test("a SYN that nobody answers goes out at 0, 1, 3, 7, 15, 31 and 63 s; at 127 s the client's kernel gives up", () => {
	const wire = createWire();
	wire.loses = () => true;
	const client = createApplication();
	wire.left.connect(TO, 40_000, client);
	wire.clock.advanceTo(126_999);
	expect(wire.log).toEqual(
		[0, 1, 3, 7, 15, 31, 63].map((second) => `${second * 1000} > S`),
	);
	expect(client.told).toEqual([]);
	wire.clock.advanceTo(300_000);
	expect(wire.log).toHaveLength(7);
	expect(client.told).toEqual(["timeout"]);
});

test("a SYN/ACK that nobody confirms goes out six times, and is forgotten at 63 s", () => {
	const wire = createWire();
	wire.loses = () => true;
	wire.right.listen(25, () => createApplication());
	wire.right.receive(
		tcp({
			source: LEFT,
			sourcePort: 40_000,
			destination: RIGHT,
			destinationPort: 25,
		}),
	);
	wire.clock.advanceTo(62_999);
	expect(wire.log).toEqual(
		[0, 1, 3, 7, 15, 31].map((second) => `${second * 1000} < SA`),
	);
	expect(wire.right.socketCount).toBe(1);
	wire.clock.advanceTo(63_000);
	expect(wire.right.socketCount).toBe(0);
});

test("data that is not acknowledged goes out again after 200 ms and the round trip: a probe first, then each time twice as late", () => {
	const { wire, socket } = connected();
	wire.loses = () => true;
	socket.send("hello");
	wire.clock.advanceTo(7_000);
	// Round trip 10 ms: 210, 210, 420, 840 … after the one before.
	expect(wire.log).toEqual(
		[100, 310, 520, 940, 1780, 3460, 6820].map((ms) => `${ms} > PA hello`),
	);
});

test("data goes out again after one second, and three, when the handshake was repeated and measured nothing", () => {
	const wire = createWire();
	wire.right.listen(25, () => createApplication());
	wire.loses = () => wire.clock.nowMs < 500;
	const client = createApplication({
		onConnected(socket) {
			wire.loses = () => true;
			socket.send("hello");
		},
	});
	wire.left.connect({ address: RIGHT, port: 25 }, 40_000, client);
	wire.clock.advanceTo(12_000);
	expect(wire.log.filter((line) => line.endsWith("hello"))).toEqual(
		[1_010, 2_010, 5_010, 11_010].map((ms) => `${ms} > PA hello`),
	);
});

test("the time is not halved again by the acknowledgement of what was sent twice, which measures nothing", () => {
	const { wire, socket } = connected();
	const lose = (payload: string, times: number) => {
		let left = times;
		wire.loses = (packet) =>
			packet.kind === "tcp" && packet.payload === payload && left-- > 0;
		socket.send(payload);
	};
	lose("one", 3);
	wire.clock.advanceTo(2_000);
	lose("two", 2);
	wire.clock.advanceTo(4_000);
	lose("three", 0);
	wire.clock.advanceTo(5_000);
	lose("four", 2);
	wire.clock.advanceTo(6_000);
	const times = (payload: string) =>
		wire.log
			.filter((line) => line.endsWith(`> PA ${payload}`))
			.map((line) => Number.parseInt(line, 10));
	expect(times("one")).toEqual([100, 310, 520, 940]);
	// 840 ms after its probe: so long "one" would have waited for its next.
	expect(times("two")).toEqual([2_000, 2_220, 3_060]);
	expect(times("four")).toEqual([5_000, 5_210, 5_420]);
});

test("data that is never acknowledged ends the connection after some 15 minutes", () => {
	const { wire, client, socket } = connected();
	wire.loses = () => true;
	socket.send("hello");
	wire.clock.advanceTo(900_000);
	expect(client.told).toEqual(["connected"]);
	wire.clock.advanceTo(1_200_000);
	expect(client.told).toEqual(["connected", "timeout"]);
});

test("what is lost is sent again and read once, in order", () => {
	const { wire, server, socket } = connected();
	let lost = 0;
	wire.loses = (packet) =>
		packet.kind === "tcp" && packet.payload === "one" && lost++ === 0;
	socket.send("one");
	socket.send("two");
	wire.clock.advanceTo(2_000);
	expect(server.told).toEqual(["connected", "one", "two"]);
	expect(socket.isAllAcknowledged).toBe(true);
});

test("more than fits one segment is cut, and more than fits the window waits", () => {
	const { wire, server, socket } = connected();
	const text = "x".repeat(100_000);
	socket.send(text);
	expect(wire.log.length).toBe(Math.ceil(64_240 / 1_460));
	wire.clock.advanceTo(2_000);
	expect(server.told.slice(1).join("")).toBe(text);
});

test("FINs both ways: the side that closes first waits 60 s in TIME_WAIT, the other is gone at once", () => {
	const { wire, client, server, socket, peer } = connected();
	socket.close();
	wire.clock.advanceTo(110);
	expect(socket.state).toBe("fin-wait-2");
	expect(peer.state).toBe("close-wait");
	peer.close();
	wire.clock.advanceTo(200);
	expect(wire.log).toEqual(["100 > FA", "105 < A", "110 < FA", "115 > A"]);
	expect(socket.state).toBe("time-wait");
	expect(wire.right.socketCount).toBe(0);
	expect(client.told).toEqual(["connected", "closed"]);
	expect(server.told).toEqual(["connected", "peer closed", "closed"]);
	wire.clock.advanceTo(60_114);
	expect(wire.left.socketCount).toBe(1);
	wire.clock.advanceTo(60_115);
	expect(wire.left.socketCount).toBe(0);
});

test("both sides close at once: both end in TIME_WAIT", () => {
	const { wire, socket, peer } = connected();
	socket.close();
	peer.close();
	wire.clock.advanceTo(200);
	expect([socket.state, peer.state]).toEqual(["time-wait", "time-wait"]);
});

test("an orphan in FIN_WAIT_2 is gone after 60 s", () => {
	const { wire, socket } = connected();
	socket.close();
	wire.clock.advanceTo(60_109);
	expect(socket.state).toBe("fin-wait-2");
	wire.clock.advanceTo(60_110);
	expect(socket.state).toBe("closed");
});

test("data for a process that has closed is answered with RST", () => {
	const { wire, server, socket, peer } = connected();
	socket.close();
	wire.clock.advanceTo(110);
	peer.send("too late");
	wire.clock.advanceTo(200);
	expect(wire.log.slice(2)).toEqual(["110 < PA too late", "115 > R"]);
	expect(server.told.at(-1)).toBe("reset");
});

test("a port where nobody listens answers RST with the numbers of RFC 9293", () => {
	const wire = createWire();
	const to = {
		source: LEFT,
		sourcePort: 40_000,
		destination: RIGHT,
		destinationPort: 25,
	};
	wire.right.receive(tcp({ ...to, seq: 1000 }));
	expect(last(wire.packets)).toMatchObject({
		flags: RST | ACK,
		seq: 0,
		ack: 1001,
	});
	wire.right.receive(
		tcp({ ...to, seq: 1000, flags: SYN | FIN, payload: "abc" }),
	);
	expect(last(wire.packets)).toMatchObject({
		flags: RST | ACK,
		seq: 0,
		ack: 1005,
	});
	wire.right.receive(tcp({ ...to, seq: 1000, ack: -7, flags: ACK }));
	expect(last(wire.packets)).toMatchObject({ flags: RST, seq: -7, ack: 0 });
	const before = wire.packets.length;
	wire.right.receive(tcp({ ...to, seq: 1000, flags: RST }));
	expect(wire.packets.length).toBe(before);
});

test("a RST counts at the expected sequence number only; elsewhere in the window it is challenged, outside ignored", () => {
	const { wire, client, socket } = connected();
	const reset = (offset: number) =>
		wire.left.receive(
			tcp({
				source: RIGHT,
				sourcePort: 25,
				destination: LEFT,
				destinationPort: 40_000,
				flags: RST,
				seq: socket.receiveNext + offset,
			}),
		);
	reset(-1);
	reset(100_000);
	expect(wire.log).toEqual([]);
	reset(1);
	expect(wire.log).toEqual(["100 > A"]);
	expect(socket.state).toBe("established");
	reset(0);
	expect(client.told).toEqual(["connected", "reset"]);
});

test("a SYN on a connection that stands is challenged", () => {
	const { wire, socket, peer } = connected();
	wire.right.receive(
		tcp({
			source: LEFT,
			sourcePort: 40_000,
			destination: RIGHT,
			destinationPort: 25,
			seq: 12345,
		}),
	);
	expect(wire.log).toEqual(["100 < A"]);
	expect(last(wire.packets)).toMatchObject({
		seq: peer.sendNext,
		ack: peer.receiveNext,
	});
	expect([socket.state, peer.state]).toEqual(["established", "established"]);
});

test("a client that was started anew with the same port: challenge ACK, RST, and the SYN again 8 ms later", () => {
	const { wire, server } = connected();
	const client = createApplication();
	wire.left.connect(TO, 40_000, client);
	wire.clock.advanceTo(200);
	expect(wire.log).toEqual([
		"100 > S",
		"105 < A",
		"110 > R",
		"118 > S",
		"123 < SA",
		"128 > A",
	]);
	expect(server.told).toEqual(["connected", "reset", "connected"]);
	expect(client.told).toEqual(["connected"]);
});

test("a SYN that meets TIME_WAIT opens a new connection when its sequence number is beyond the old one's", () => {
	const { wire, socket, peer } = connected();
	peer.close();
	wire.clock.advanceTo(110);
	socket.close();
	wire.clock.advanceTo(200);
	expect(peer.state).toBe("time-wait");
	const client = createApplication();
	wire.log.length = 0;
	const next = wire.left.connect(TO, 40_000, client);
	wire.clock.advanceTo(300);
	expect(wire.log).toEqual(["200 > S", "205 < SA", "210 > A"]);
	expect(next.irs).toBe((peer.sendNext + 65_537) | 0);
});

test("a SYN with an older sequence number is answered by TIME_WAIT with its ACK, and the RST to that ends it", () => {
	const { wire, socket, peer } = connected();
	peer.close();
	wire.clock.advanceTo(110);
	socket.close();
	wire.clock.advanceTo(200);
	wire.log.length = 0;
	const old = {
		source: LEFT,
		sourcePort: 40_000,
		destination: RIGHT,
		destinationPort: 25,
	};
	wire.right.receive(tcp({ ...old, seq: peer.receiveNext - 1000 }));
	expect(wire.log).toEqual(["200 < A"]);
	expect(last(wire.packets)).toMatchObject({
		seq: peer.sendNext,
		ack: peer.receiveNext,
	});
	wire.clock.advanceTo(300);
	expect(wire.log.slice(1)).toEqual(["205 > R"]);
	expect(wire.right.socketCount).toBe(0);
});

test("an ICMP error ends a connection attempt, and is advice only once the connection stands", () => {
	const wire = createWire();
	const client = createApplication();
	wire.left.connect(TO, 40_000, client);
	const [syn] = wire.packets;
	if (syn === undefined) throw new Error("no SYN");
	wire.left.receive(icmpError(syn, { type: 3, code: 1, from: RIGHT }));
	expect(client.told).toEqual(["unreachable"]);
	expect(wire.left.socketCount).toBe(0);

	const standing = connected();
	standing.wire.loses = () => true;
	standing.socket.send("hello");
	const segment = last(standing.wire.packets);
	standing.wire.left.receive(
		icmpError(segment, { type: 3, code: 1, from: RIGHT }),
	);
	standing.wire.left.receive(
		icmpError(segment, { type: 3, code: 3, from: RIGHT }),
	);
	expect(standing.socket.state).toBe("established");
});

test("an ICMP error about a sequence number that was never sent changes nothing", () => {
	const wire = createWire();
	const client = createApplication();
	wire.left.connect(TO, 40_000, client);
	const syn = last(wire.packets);
	const forged = { ...syn, seq: (syn.seq + 7) | 0 };
	wire.left.receive(icmpError(forged, { type: 3, code: 1, from: RIGHT }));
	expect(client.told).toEqual([]);
});

test("a path that takes less than a segment is not modelled, and one about another packet is none", () => {
	const { wire, socket } = connected();
	const reasons: string[] = [];
	wire.left.doesNotKnow = (reason) => reasons.push(reason);
	wire.loses = () => true;
	socket.send("hello");
	const segment = last(wire.packets);
	const tooLong = { type: 3, code: 4, from: RIGHT };
	wire.left.receive(
		icmpError({ ...segment, seq: (segment.seq + 77) | 0 }, tooLong),
	);
	expect(reasons).toEqual([]);
	wire.left.receive(icmpError(segment, tooLong));
	expect(reasons).toEqual([
		"a host that learns of a smaller MTU on its path is not modelled",
	]);
});

test("host-unreachable takes one step of back-off back (RFC 6069)", () => {
	const { wire, socket } = connected();
	wire.loses = () => true;
	socket.send("hello");
	wire.clock.advanceTo(1_000);
	expect(wire.log.map((line) => line.split(" ")[0])).toEqual([
		"100",
		"310",
		"520",
		"940",
	]);
	// Without the error the next one would go out at 1780; the step before was 420 ms.
	wire.left.receive(
		icmpError(last(wire.packets), { type: 3, code: 1, from: RIGHT }),
	);
	wire.clock.advanceTo(1_400);
	expect(wire.log.at(-1)).toBe("1360 > PA hello");
});

test("initial sequence numbers of the same ports grow with time", () => {
	const wire = createWire();
	wire.loses = () => true;
	const first = wire.left.connect(TO, 40_000, createApplication()).iss;
	wire.clock.advanceTo(1_000);
	const second = wire.left.connect(TO, 40_000, createApplication()).iss;
	expect((second - first) | 0).toBe(15_625_000);
});

test("hosts answer pings, and UDP with port-unreachable", () => {
	const wire = createWire();
	const header = {
		source: LEFT,
		destination: RIGHT,
		ttl: 64,
		tos: 0,
		id: 0,
		dontFragment: false,
	};
	wire.right.receive({
		...header,
		kind: "icmp",
		type: 8,
		code: 0,
		rest: 0x10002,
		payload: "abc",
		about: null,
	});
	expect(wire.packets.at(-1)).toMatchObject({
		type: 0,
		rest: 0x10002,
		payload: "abc",
		destination: LEFT,
	});
	wire.right.receive({
		...header,
		kind: "udp",
		sourcePort: 5353,
		destinationPort: 53,
		payload: "",
	});
	expect(wire.packets.at(-1)).toMatchObject({
		kind: "icmp",
		type: 3,
		code: 3,
		destination: LEFT,
	});
});

test.each([
	[1460, 1460],
	[960, 960],
	[9000, 1460],
	[1, 48],
	[0, 536],
	[null, 536],
])(
	"to a peer that names a segment size of %s go segments of %i octets",
	(mss, size) => {
		const wire = createWire();
		const server = createApplication();
		wire.right.listen(25, () => server);
		const from = {
			source: LEFT,
			sourcePort: 40_000,
			destination: RIGHT,
			destinationPort: 25,
		};
		const options = mss === null ? {} : { mss };
		wire.right.receive(tcp({ ...from, seq: 1, options }));
		const synAck = last(wire.packets);
		wire.right.receive(
			tcp({ ...from, flags: ACK, seq: 2, ack: (synAck.seq + 1) | 0 }),
		);
		wire.packets.length = 0;
		wire.right.find(25, LEFT, 40_000)?.send("x".repeat(1500));
		expect(wire.packets[0]).toMatchObject({ payload: "x".repeat(size) });
	},
);
