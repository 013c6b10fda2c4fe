import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import type { ClientPlan, ClientRecord } from "./client-plan.ts";
import { startServer } from "./test-smtp-server.ts";

const folder = temporaryFolder();
const PROGRAM = join(import.meta.dirname, "client.ts");
let logs = 0;

/** The program with a plan of two connections: one hands over a message, one holds. */
async function startClient(port: number) {
	const log = join(folder, `${++logs}.jsonl`);
	const words = ["--import", "tsx", PROGRAM, log];
	const child = spawn(process.execPath, words, { stdio: "pipe" });
	const timeouts = { connectTimeoutMs: 5000, readTimeoutMs: 5000 };
	const plan: ClientPlan = {
		epochMs: Date.now(),
		client: "c1",
		source: "127.0.0.1",
		steps: [
			{
				label: "mail",
				kind: "connect",
				speaks: "smtp",
				service: { address: "127.0.0.1", port },
				dialogue: { kind: "smtp", messages: 1, ...timeouts },
				connections: [{ id: 1, atMs: 0, port: null }],
			},
			{
				label: "held",
				kind: "connect",
				speaks: "smtp",
				service: { address: "127.0.0.1", port },
				dialogue: { kind: "hold", ...timeouts },
				connections: [{ id: 2, atMs: 0, port: null }],
			},
		],
	};
	const out = text(child.stdout);
	child.stdin.write(`${JSON.stringify(plan)}\n`);
	await once(child.stderr, "data");
	return { child, out, log };
}

const ended = async (child: ChildProcess) =>
	child.exitCode ?? ((await once(child, "exit"))[0] as number | null);

function outcomes(lines: string): readonly string[] {
	return lines
		.trimEnd()
		.split("\n")
		.map((line) => JSON.parse(line) as ClientRecord)
		.map(({ id, outcome }) => `${id} ${outcome}`);
}

it("tells what is open at its end, and logs what it tells", async () => {
	const server = await startServer("serve");
	const { child, out, log } = await startClient(server.port);
	while (readFileSync(log, "utf8") === "") await sleep(10);
	child.stdin.write('{"do":"end","atMs":10}\n');
	expect(await ended(child)).toBe(0);
	const told = await out;
	expect([...outcomes(told)].sort()).toEqual(["1 completed", "2 open"]);
	expect(readFileSync(log, "utf8")).toBe(told);
});

it("ends when everything is over and nobody can tell it anything more", async () => {
	const server = await startServer("serve");
	const { child, out } = await startClient(server.port);
	await sleep(100);
	child.stdin.write('{"do":"close","step":"held"}\n');
	child.stdin.end();
	expect(await ended(child)).toBe(0);
	expect(outcomes(await out)).toEqual(["1 completed", "2 completed"]);
});

it("says what it knows when it is asked to go, and has written it down when it is killed", async () => {
	const server = await startServer("serve");
	for (const [signal, known] of [
		["SIGTERM", ["1 completed", "2 open"]],
		["SIGKILL", ["1 completed"]],
	] as const) {
		const { child, log } = await startClient(server.port);
		while (readFileSync(log, "utf8") === "") await sleep(10);
		child.kill(signal);
		await ended(child);
		expect(outcomes(readFileSync(log, "utf8"))).toEqual(known);
	}
});

it("refuses what it does not understand", async () => {
	const words = ["--import", "tsx", PROGRAM, join(folder, "refused.jsonl")];
	const child = spawn(process.execPath, words, { stdio: "pipe" });
	const err = text(child.stderr);
	child.stdin.write("hello\n");
	expect(await ended(child)).toBe(2);
	expect(await err).toContain("client: not JSON");
});
