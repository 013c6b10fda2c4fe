import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Dialogue } from "../../../sim/endpoint/dialogue.ts";
import { requestPayload } from "../../../sim/endpoint/udp/datagram.ts";
import type { ClientPlan, ClientRecord, ClientStep } from "./client-plan.ts";
import { playPlan, steadyUnixMs } from "./client-play.ts";
import { type DatagramService, serveDatagrams } from "./serve-datagrams.ts";
import { type ServedBy, serveStreams } from "./serve-streams.ts";
import { type Manner, type Sighting, USUAL_MANNER } from "./server-plan.ts";

const HERE = "127.0.0.1";
const PATIENCE = { connectTimeoutMs: 5_000, readTimeoutMs: 5_000 };

const open: (() => void)[] = [];
afterEach(() => {
	for (const close of open.splice(0)) close();
});

function program(manner: Partial<Manner> = {}) {
	const seen: Sighting[] = [];
	const how = { current: { ...USUAL_MANNER, ...manner } };
	const by: ServedBy = {
		name: "b1",
		manner: () => how.current,
		saw: (sighting) => seen.push(sighting),
		unixMs: steadyUnixMs,
	};
	return { by, seen, how };
}

async function freePort(): Promise<number> {
	const socket = createSocket("udp4").bind(0, HERE);
	await once(socket, "listening");
	const { port } = socket.address();
	socket.close();
	return port;
}

/** Plays one step to its end, and what lingers. */
async function play(step: ClientStep): Promise<readonly ClientRecord[]> {
	const plan: ClientPlan = {
		epochMs: steadyUnixMs(),
		client: "c1",
		source: HERE,
		steps: [step],
	};
	const records = new Map<number, ClientRecord>();
	await new Promise<void>((resolve) => {
		const played = playPlan(plan, {
			unixMs: steadyUnixMs,
			sourceIsDefault: true,
			onRecord: (record) => records.set(record.id, record),
			onEnd: resolve,
		});
		played.allOver.then(() => played.obey({ do: "end", atMs: 0 }));
	});
	return [...records.values()];
}

describe("programs of connections", () => {
	async function served(
		speaks: "http" | "echo" | "silent",
		manner: Partial<Manner> = {},
	) {
		const program_ = program(manner);
		const server = await serveStreams({ port: 0, speaks }, program_.by);
		open.push(() => server.close());
		const { port } = server.address() as { readonly port: number };
		const talk = async (dialogue: Dialogue) => {
			const [record] = await play({
				kind: "connect",
				label: "one",
				speaks,
				service: { address: HERE, port },
				dialogue,
				connections: [{ id: 7, atMs: 0, port: null }],
			});
			return record as ClientRecord;
		};
		return { talk, port, ...program_ };
	}

	it("answer requests of the web, and say who does", async () => {
		const { talk, seen } = await served("http");
		const kept = { kind: "http", requests: 3, keepAlive: true } as const;
		const once = { kind: "http", requests: 1, keepAlive: false } as const;
		for (const dialogue of [kept, once])
			expect(await talk({ ...dialogue, ...PATIENCE })).toMatchObject({
				outcome: "completed",
				backend: "b1",
				accepted: true,
				acceptedIds: [],
			});
		expect(seen.map(({ saw }) => saw)).toEqual(["connection", "connection"]);
	});

	it("turn clients of the web away with 503", async () => {
		const { talk } = await served("http", { isUnavailable: true });
		const dialogue = { kind: "http", requests: 3, keepAlive: true } as const;
		expect(await talk({ ...dialogue, ...PATIENCE })).toMatchObject({
			outcome: "completed",
			accepted: false,
			error: "503 Service Unavailable",
		});
	});

	it("echo, and learn from the first message whose connection it is", async () => {
		const { talk, seen } = await served("echo");
		const dialogue = { kind: "echo", messages: 3, ...PATIENCE } as const;
		const record = await talk(dialogue);
		expect(record).toMatchObject({ outcome: "completed", accepted: true });
		expect(seen[0]).toMatchObject({
			saw: "connection",
			address: HERE,
			port: record.sourcePort,
		});
		expect(seen[1]).toMatchObject({ saw: "name" });
		expect((seen[1] as { readonly name: string }).name).toMatch(/^c1\..*\.7$/);
	});

	it("close at once when they are unavailable, and wait when they are slow", async () => {
		const away = await served("echo", { isUnavailable: true });
		const dialogue = { kind: "echo", messages: 2, ...PATIENCE } as const;
		// Its first message may come before the end of the connection or after it.
		const { outcome } = await away.talk(dialogue);
		expect(["cut-short", "reset"]).toContain(outcome);
		for (const speaks of ["echo", "http"] as const) {
			const { talk } = await served(speaks, { delayMs: 60 });
			const web = { kind: "http", requests: 2, keepAlive: true } as const;
			const {
				outcome: end,
				startedMs,
				endedMs,
			} = await talk(speaks === "echo" ? dialogue : { ...web, ...PATIENCE });
			expect(end).toBe("completed");
			expect((endedMs ?? 0) - startedMs).toBeGreaterThanOrEqual(119);
		}
	});

	it("say nothing, and close when their client does", async () => {
		const { port } = await served("silent");
		const socket = connect(port, HERE);
		let heard = "";
		socket.on("data", (data) => {
			heard += data;
		});
		socket.write("hello\r\n");
		await sleep(50);
		socket.end();
		await once(socket, "close");
		expect(heard).toBe("");
	});

	it("refuse to start on a port that is taken", async () => {
		const { port, by } = await served("echo");
		const taken = serveStreams({ port, speaks: "echo" }, by);
		await expect(taken).rejects.toThrow("EADDRINUSE");
	});
});

describe("programs of datagrams", () => {
	async function served(
		speaks: "echo" | "silent",
		manner: Partial<Manner> = {},
	) {
		const program_ = program(manner);
		const port = await freePort();
		const service: DatagramService = await serveDatagrams(
			{ port, speaks },
			program_.by,
		);
		open.push(() => service.close());
		return { service, port, ...program_ };
	}

	const step = (
		port: number,
		more: Partial<Extract<ClientStep, { kind: "send" }>> = {},
	): ClientStep => ({
		kind: "send",
		label: "asked",
		service: { address: HERE, port },
		requestsMs: [0],
		octets: 32,
		reply: { timeoutMs: 150, attempts: 2 },
		closes: true,
		connections: [{ id: 3, atMs: 0, port: null }],
		...more,
	});

	it("send back what they get", async () => {
		const { port, seen } = await served("echo");
		const requestsMs = [0, 20, 40];
		const [record] = await play(step(port, { requestsMs, closes: false }));
		expect(record).toMatchObject({
			id: 3,
			outcome: "answered",
			datagrams: { requests: 3, sent: 3, answers: 3 },
			retransmittedMs: [],
		});
		expect(record?.connectedMs).not.toBe(null);
		const { sourcePort: sentFrom } = record as ClientRecord;
		expect(seen).toMatchObject([
			{ saw: "request", flow: 3, request: 0, address: HERE, port: sentFrom },
			{ saw: "answer", flow: 3 },
			{ saw: "request", flow: 3, request: 1 },
			{ saw: "request", flow: 3, request: 2 },
		]);
	});

	it("leave a client that repeats its request without an answer", async () => {
		for (const [speaks, isUnavailable] of [
			["silent", false],
			["echo", true],
		] as const) {
			const { port } = await served(speaks, { isUnavailable });
			const [record] = await play(step(port));
			expect(record).toMatchObject({
				outcome: "unanswered",
				datagrams: { requests: 1, sent: 2, answers: 0 },
			});
			expect(record?.retransmittedMs).toHaveLength(1);
		}
	});

	it("are not awaited where no answer is", async () => {
		const { port } = await served("echo");
		const [record] = await play(step(port, { reply: null }));
		expect(record).toMatchObject({ outcome: "sent", connectedMs: null });
	});

	it("are closed: their kernel refuses, and a port that is taken is none", async () => {
		const [refused] = await play(step(await freePort()));
		expect(refused).toMatchObject({
			outcome: "refused",
			error: "ECONNREFUSED",
		});
		const { port } = await served("echo");
		const taken = createSocket("udp4").bind(0);
		await once(taken, "listening");
		open.push(() => taken.close());
		const connections = [{ id: 3, atMs: 0, port: taken.address().port }];
		const [none] = await play(step(port, { connections }));
		expect(none).toMatchObject({
			outcome: "no-port",
			error: "EADDRINUSE",
			datagrams: { sent: 0 },
		});
	});

	it("drain: they serve whom they have served, and are closed for others", async () => {
		const { service, port, how } = await served("echo");
		const known = createSocket("udp4");
		known.connect(port, HERE);
		await once(known, "connect");
		open.push(() => known.close());
		const ask = async (request: number) => {
			known.send(requestPayload({ flow: 1, request }, 20));
			const [answer] = await once(known, "message");
			return String(answer);
		};
		expect(await ask(0)).toBe(requestPayload({ flow: 1, request: 0 }, 20));
		how.current = { ...USUAL_MANNER, isDraining: true };
		await service.heed();
		expect(await ask(1)).toBe(requestPayload({ flow: 1, request: 1 }, 20));
		expect(await play(step(port))).toMatchObject([{ outcome: "refused" }]);
		how.current = USUAL_MANNER;
		await service.heed();
		expect(await ask(2)).toBe(requestPayload({ flow: 1, request: 2 }, 20));
		expect(await play(step(port))).toMatchObject([{ outcome: "answered" }]);
	});
});
