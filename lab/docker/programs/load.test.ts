import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import type { LoadOrder, LoadRecord } from "./load.ts";
import { type Behaviour, startServer } from "./test-smtp-server.ts";

const PROGRAM = join(import.meta.dirname, "load.ts");

async function load(
	port: number,
	how: LoadOrder["how"],
): Promise<readonly LoadRecord[]> {
	const order: LoadOrder = { address: "127.0.0.1", port, durationMs: 100, how };
	const words = ["--import", "tsx", PROGRAM, JSON.stringify(order)];
	const { stdout } = await promisify(execFile)(process.execPath, words);
	const lines = stdout.trimEnd().split("\n");
	return lines.map((line) => JSON.parse(line) as LoadRecord);
}

it("opens one connection after the other, and knows who served each and how long it took", async () => {
	const server = await startServer("serve");
	const records = await load(server.port, { kind: "closed", atOnce: 2 });
	expect(records.length).toBeGreaterThan(2);
	for (const { backend, bannerMs, tookMs, error } of records) {
		expect({ backend, error }).toEqual({ backend: "b1", error: "" });
		expect(bannerMs).toBeGreaterThan(0);
		expect(tookMs).toBeGreaterThanOrEqual(bannerMs ?? 0);
	}
});

it("opens so many a second, whatever becomes of them", async () => {
	const server = await startServer("serve");
	const records = await load(server.port, { kind: "open", perSecond: 100 });
	expect(records.length).toBeGreaterThanOrEqual(2);
	expect(records.length).toBeLessThanOrEqual(11);
});

it.each<{
	readonly behaviour: Behaviour;
	readonly record: Partial<LoadRecord>;
}>([
	{
		behaviour: "busy",
		record: { backend: null, error: "421 b1 too busy" },
	},
	{
		behaviour: "reset",
		record: { bannerMs: null, error: "ECONNRESET" },
	},
	{
		behaviour: "close",
		record: { backend: "b1", error: "" },
	},
])("says what went wrong: $behaviour", async ({ behaviour, record }) => {
	const server = await startServer(behaviour);
	const [first] = await load(server.port, { kind: "closed", atOnce: 1 });
	expect(first).toMatchObject(record);
});
