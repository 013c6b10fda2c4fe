import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Backend, type BackendBehaviour } from "./backend.ts";
import { ClientConnection } from "./client.ts";
import type { Dialogue } from "./dialogue.ts";
import { prepareDialogue } from "./prepare-dialogue.ts";
import type { Program } from "./program.ts";
import { createWire, RIGHT } from "./test-wire.ts";

const PATIENCE = { connectTimeoutMs: 5_000, readTimeoutMs: 5_000 };
const WEB: Dialogue = {
	kind: "http",
	requests: 3,
	keepAlive: true,
	...PATIENCE,
};
const PAGE: Dialogue = { ...WEB, requests: 1, keepAlive: false };
const ECHO: Dialogue = { kind: "echo", messages: 2, ...PATIENCE };
const SILENT: Dialogue = { kind: "silent", connectTimeoutMs: 5_000 };
const HOLD: Dialogue = { kind: "hold", ...PATIENCE };
const PORT = 80;

/** A client and a backend on a wire of 5 ms. */
function meet(
	dialogue: Dialogue,
	speaks: Program["kind"],
	behaviour: BackendBehaviour = { kind: "up" },
) {
	const wire = createWire();
	const program = { kind: speaks };
	const backend = new Backend(
		"b1",
		wire.right,
		[{ port: PORT, program }],
		behaviour,
	);
	const client = new ClientConnection(
		wire.left,
		{ address: RIGHT, port: PORT },
		40_000,
		{ plan: prepareDialogue(dialogue, speaks) },
	);
	const said = () =>
		wire.packets.flatMap((packet) =>
			packet.kind === "tcp" && packet.payload !== ""
				? [
						`${packet.sourcePort === PORT ? "<" : ">"} ${packet.payload.split("\r\n")[0]}`,
					]
				: [],
		);
	const passTo = (atMs: number) => {
		while (wire.clock.fireNext(atMs));
		wire.clock.advanceTo(atMs);
		return client.course;
	};
	return { wire, backend, client, said, passTo };
}

describe("http", () => {
	test("keep-alive: one connection, request by request, and the client closes", () => {
		const { said, passTo, wire } = meet(WEB, "http");
		expect(passTo(1_000)).toMatchObject({
			outcome: "completed",
			greetedBy: "b1",
			connectedMs: 10,
			greetedMs: 20,
			accepted: true,
		});
		const turn = ["> GET / HTTP/1.1", "< HTTP/1.1 200 OK"];
		expect(said()).toEqual([...turn, ...turn, ...turn]);
		expect(wire.log.find((line) => line.includes("F"))).toContain(">");
	});

	test("without: one request, and the backend closes", () => {
		const { said, passTo, wire } = meet(PAGE, "http");
		expect(passTo(1_000)).toMatchObject({
			outcome: "completed",
			greetedBy: "b1",
		});
		expect(said()).toEqual(["> GET / HTTP/1.1", "< HTTP/1.1 200 OK"]);
		expect(wire.log.find((line) => line.includes("F"))).toContain("<");
	});

	test("requests come at a pace, and answers after a pause", () => {
		const { passTo } = meet({ ...WEB, paceMs: 100 }, "http", {
			kind: "slow",
			delayMs: 200,
		});
		expect(passTo(10_000)).toMatchObject({
			greetedMs: 10 + 100 + 5 + 200 + 5,
			endedMs: 10 + 3 * (100 + 210) + 10,
		});
	});

	test("a server that turns its clients away has answered, and accepted nothing", () => {
		const { passTo, said } = meet(WEB, "http", { kind: "unavailable" });
		expect(passTo(1_000)).toMatchObject({
			outcome: "completed",
			accepted: false,
			greetedBy: "b1",
		});
		expect(said()).toEqual([
			"> GET / HTTP/1.1",
			"< HTTP/1.1 503 Service Unavailable",
		]);
	});

	test("a stuck server's client gives up", () => {
		const { passTo } = meet(WEB, "http", { kind: "hang", accept: true });
		expect(passTo(60_000)).toMatchObject({
			outcome: "read-timeout",
			endedMs: 5_010,
		});
	});

	test.each(["smtp", "echo"] as const)(
		"a server that speaks %s is no web server: the client leaves",
		(speaks) => {
			const { passTo } = meet(WEB, speaks);
			expect(passTo(1_000)).toMatchObject({
				outcome: "cut-short",
				accepted: false,
				greetedBy: null,
			});
		},
	);

	test("a client that is made to speak sends a request more", () => {
		const { client, passTo, said } = meet({ ...WEB, requests: 1 }, "http");
		passTo(12);
		expect(client.speak()).toBe(true);
		expect(passTo(1_000)).toMatchObject({ outcome: "completed" });
		expect(said().filter((one) => one.startsWith("<"))).toHaveLength(2);
	});

	test("a backend that speaks out of turn answers nothing by it", () => {
		const { backend, client, passTo, said } = meet(
			{ ...WEB, paceMs: 100 },
			"http",
		);
		passTo(50);
		const { socket } = client;
		const end = backend.host.find(PORT, socket.localAddress, socket.localPort);
		if (end !== undefined) backend.speak(end);
		expect(passTo(5_000)).toMatchObject({ outcome: "completed" });
		expect(said().filter((one) => one.includes(" 200 "))).toHaveLength(3);
		expect(said()).toContain("< HTTP/1.1 100 Continue");
	});
});

describe("echo", () => {
	test("each message comes back, and the client closes", () => {
		const { passTo, said } = meet(ECHO, "echo");
		expect(passTo(1_000)).toMatchObject({
			outcome: "completed",
			accepted: true,
			greetedMs: 20,
			// An echo names nobody.
			greetedBy: null,
		});
		const line = "x".repeat(98);
		expect(said()).toEqual([
			`> ${line}`,
			`< ${line}`,
			`> ${line}`,
			`< ${line}`,
		]);
	});

	test("a message of many segments comes back whole", () => {
		const { passTo, wire } = meet(
			{ ...ECHO, messages: 1, messageOctets: 100_000 },
			"echo",
		);
		expect(passTo(10_000)).toMatchObject({ outcome: "completed" });
		const octets = wire.packets.reduce(
			(sum, packet) =>
				sum + (packet.kind === "tcp" ? packet.payload.length : 0),
			0,
		);
		expect(octets).toBe(200_000);
	});

	test("a program that says nothing is given up", () => {
		expect(meet(ECHO, "silent").passTo(60_000)).toMatchObject({
			outcome: "read-timeout",
		});
	});

	test("a program that turns its clients away closes, and its kernel resets what still comes", () => {
		const { passTo } = meet(ECHO, "echo", { kind: "unavailable" });
		expect(passTo(1_000)).toMatchObject({ outcome: "reset" });
	});
});

describe("silent", () => {
	test.each<Program["kind"]>(["smtp", "http", "echo", "silent"])(
		"over %s: it stays, speaks when it is made to, and closes",
		(speaks) => {
			const { client, passTo, said } = meet(SILENT, speaks);
			expect(passTo(100_000)).toMatchObject({
				outcome: "open",
				greetedBy: speaks === "smtp" ? "b1" : null,
			});
			const before = said().length;
			expect(client.speak()).toBe(true);
			passTo(100_100);
			expect(said()).toHaveLength(before + (speaks === "silent" ? 1 : 2));
			expect(client.leave()).toBe(true);
			expect(passTo(200_000)).toMatchObject({ outcome: "completed" });
		},
	);
});

describe("hold", () => {
	test.each<Program["kind"]>(["http", "echo", "silent"])(
		"waits for no banner of %s",
		(speaks) => {
			const { client, passTo } = meet(HOLD, speaks);
			expect(passTo(100_000)).toMatchObject({ outcome: "open" });
			client.speak();
			expect(passTo(200_000)).toMatchObject({
				outcome: speaks === "silent" ? "read-timeout" : "open",
			});
		},
	);
});

test("a mail server that turns its clients away says 421 and closes", () => {
	const mail: Dialogue = { kind: "smtp", messages: 1, ...PATIENCE };
	const { passTo, said, backend, client } = meet(mail, "smtp", {
		kind: "unavailable",
	});
	expect(passTo(1_000)).toMatchObject({ accepted: false });
	expect(said()[0]).toBe(
		"< 421 4.3.2 b1 Service not available, closing transmission channel",
	);
	expect(client.socket.state).toBe("closed");
	expect(backend.host.socketCount).toBeLessThanOrEqual(1);
});

test("whatever two ends speak, every connection ends as one of the outcomes, and nothing is thrown", () => {
	const dialogue = fc.constantFrom(WEB, PAGE, ECHO, SILENT, HOLD);
	const speaks = fc.constantFrom<Program["kind"]>(
		"smtp",
		"http",
		"echo",
		"silent",
	);
	const behaviour = fc.constantFrom<BackendBehaviour>(
		{ kind: "up" },
		{ kind: "unavailable" },
		{ kind: "drain" },
		{ kind: "refuse" },
		{ kind: "hang", accept: true },
		{ kind: "slow", delayMs: 50 },
	);
	const happens = fc.array(
		fc.tuple(
			fc.nat({ max: 300 }),
			fc.oneof(behaviour, fc.constantFrom("speak" as const, "close" as const)),
		),
		{ maxLength: 5 },
	);
	fc.assert(
		fc.property(
			dialogue,
			speaks,
			behaviour,
			happens,
			(one, kind, at, events) => {
				const { backend, client, passTo } = meet(one, kind, at);
				let atMs = 0;
				for (const [afterMs, event] of events) {
					atMs += afterMs;
					passTo(atMs);
					if (typeof event === "string") client[event]();
					else backend.become(event);
				}
				const course = passTo(atMs + 200_000);
				expect(course.endedMs === null).toBe(course.outcome === "open");
			},
		),
	);
});
