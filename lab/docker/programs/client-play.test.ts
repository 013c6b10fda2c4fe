import { describe, expect, it } from "vitest";
import type { Dialogue } from "../../../sim/endpoint/dialogue.ts";
import type {
	ClientCommand,
	ClientRecord,
	PlannedConnection,
} from "./client-plan.ts";
import { playPlan, sourceTowards, steadyUnixMs } from "./client-play.ts";
import { startServer } from "./test-smtp-server.ts";

const MAIL: Dialogue = {
	kind: "smtp",
	messages: 1,
	connectTimeoutMs: 5000,
	readTimeoutMs: 5000,
};
const HOLD: Dialogue = {
	kind: "hold",
	connectTimeoutMs: 5000,
	readTimeoutMs: 5000,
};

/** The kernel takes it by itself, towards itself. */
const DEFAULT = "127.0.0.1";

interface Story {
	readonly port: number;
	readonly dialogue?: Dialogue;
	readonly connections?: readonly PlannedConnection[];
	/** Told at these times, in milliseconds. */
	readonly commands?: readonly (readonly [number, ClientCommand])[];
	readonly source?: string;
}

const one: readonly PlannedConnection[] = [{ id: 1, atMs: 0, port: null }];

/** Plays it to its end. @returns the records in the order in which connections ended */
async function play(story: Story): Promise<readonly ClientRecord[]> {
	const { port, dialogue = MAIL, connections = one, commands = [] } = story;
	const records: ClientRecord[] = [];
	await new Promise<void>((resolve) => {
		const played = playPlan(
			{
				epochMs: steadyUnixMs(),
				client: "c1",
				source: story.source ?? DEFAULT,
				steps: [
					{
						label: "load",
						kind: "connect",
						speaks: "smtp",
						service: { address: "127.0.0.1", port },
						dialogue,
						connections,
					},
				],
			},
			{
				unixMs: steadyUnixMs,
				sourceIsDefault: (story.source ?? DEFAULT) === DEFAULT,
				onRecord: (record) => records.push(record),
				onEnd: resolve,
			},
		);
		for (const [atMs, command] of commands)
			setTimeout(() => played.obey(command), atMs);
		played.allOver.then(resolve);
	});
	return records;
}

function expectOne(records: readonly ClientRecord[]): ClientRecord {
	expect(records).toHaveLength(1);
	return records[0] as ClientRecord;
}

describe("a connection that is served", () => {
	it("hands over its message and tells its times in order", async () => {
		const server = await startServer("serve");
		const record = expectOne(await play({ port: server.port }));
		expect(record).toMatchObject({
			id: 1,
			step: "load",
			client: "c1",
			backend: "b1",
			outcome: "completed",
			accepted: true,
			error: "",
			acceptedIds: [record.messageId],
		});
		expect(record.sourcePort).toBeGreaterThan(1023);
		const { startedMs, connectedMs, greetedMs, endedMs } = record;
		const times = [startedMs, connectedMs, greetedMs, endedMs] as number[];
		expect(times).toEqual([...times].sort((a, b) => a - b));
		expect(server.messages).toHaveLength(1);
		expect(server.messages[0]).toContain(
			`Message-ID: <${record.messageId}>\nFrom: `,
		);
	});

	it("gives every message an id of its own", async () => {
		const server = await startServer("serve");
		const dialogue: Dialogue = { ...MAIL, messages: 3 };
		const record = expectOne(await play({ port: server.port, dialogue }));
		expect(new Set(record.acceptedIds).size).toBe(3);
		expect(server.messages).toHaveLength(3);
	});

	it("connects from the address and the port that it is told", async () => {
		const server = await startServer("serve");
		const free = await startServer("serve");
		await free.stop();
		const record = expectOne(
			await play({
				port: server.port,
				source: "127.0.0.9",
				connections: [{ id: 7, atMs: 0, port: free.port }],
			}),
		);
		expect(record).toMatchObject({ sourcePort: free.port, id: 7 });
		expect(record.outcome).toBe("completed");
	});

	it("opens at its time, and not before", async () => {
		const server = await startServer("serve");
		const connections = [30, 10, 20].map((atMs, id) => ({
			id,
			atMs,
			port: null,
		}));
		const records = await play({ port: server.port, connections });
		for (const { id, startedMs } of records) {
			const plannedMs = connections[id]?.atMs ?? 0;
			expect(startedMs).toBeGreaterThanOrEqual(plannedMs);
			expect(startedMs).toBeLessThan(plannedMs + 50);
		}
	});

	it("closes at once when it only connects", async () => {
		const server = await startServer("serve");
		const dialogue: Dialogue = { kind: "connect-only", connectTimeoutMs: 1000 };
		const record = expectOne(await play({ port: server.port, dialogue }));
		expect(record).toMatchObject({ outcome: "completed", messageId: null });
	});
});

describe("a connection that is held", () => {
	it("speaks when it is told, and closes when it is told", async () => {
		const server = await startServer("serve");
		const record = expectOne(
			await play({
				port: server.port,
				dialogue: HOLD,
				commands: [
					[50, { do: "speak", step: "load" }],
					[80, { do: "close", step: "another" }],
					[100, { do: "close", step: "load" }],
				],
			}),
		);
		expect(record).toMatchObject({ outcome: "completed", backend: "b1" });
		expect(record.endedMs).toBeGreaterThan(95);
	});

	it("is open when the client ends", async () => {
		const server = await startServer("serve");
		const record = expectOne(
			await play({
				port: server.port,
				dialogue: HOLD,
				commands: [[0, { do: "end", atMs: 60 }]],
			}),
		);
		expect(record).toMatchObject({ outcome: "open", endedMs: null });
	});
});

describe("a connection that goes wrong", () => {
	const cases = [
		["reset", "reset", "ECONNRESET"],
		["reset-later", "reset", "ECONNRESET"],
		["close", "cut-short", ""],
		["busy", "completed", "421 b1 too busy"],
	] as const;
	it.each(cases)("%s: %s", async (behaviour, outcome, error) => {
		const server = await startServer(behaviour);
		const record = expectOne(await play({ port: server.port }));
		expect(record).toMatchObject({ outcome, error, accepted: false });
	});

	it("is refused where nobody listens, and says from which port", async () => {
		const server = await startServer("serve");
		await server.stop();
		const record = expectOne(await play({ port: server.port }));
		expect(record).toMatchObject({ outcome: "refused", error: "ECONNREFUSED" });
		expect(record.sourcePort).toBeGreaterThan(1023);
		expect(record.connectedMs).toBeNull();
	});

	it("gives up on one that says nothing", async () => {
		const server = await startServer("hang");
		const dialogue: Dialogue = { ...MAIL, readTimeoutMs: 80 };
		const record = expectOne(await play({ port: server.port, dialogue }));
		expect(record).toMatchObject({ outcome: "read-timeout", backend: null });
		expect((record.endedMs ?? 0) - (record.connectedMs ?? 0)).toBeGreaterThan(
			78,
		);
	});

	it("has no port when its address is not this machine's", async () => {
		const record = expectOne(await play({ port: 9, source: "192.0.2.1" }));
		expect(record).toMatchObject({ outcome: "no-port", messageId: null });
	});
});

it("knows the address from which the kernel would connect", async () => {
	expect(await sourceTowards("127.0.0.5")).toBe("127.0.0.1");
});

it("holds thousands at once, and loses none", async () => {
	const server = await startServer("serve");
	const connections = Array.from({ length: 3000 }, (_, id) => ({
		id,
		atMs: 0,
		port: null,
	}));
	const records = await play({
		port: server.port,
		dialogue: HOLD,
		connections,
		// By then a busy machine has made all of them.
		commands: [[8000, { do: "close", step: "load" }]],
	});
	const outcomes = new Set(records.map(({ outcome }) => outcome));
	expect([...outcomes]).toEqual(["completed"]);
	expect(new Set(records.map(({ id }) => id)).size).toBe(3000);
	expect(server.most).toBe(3000);
});
