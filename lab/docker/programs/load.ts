/**
 * `node load.mjs ORDER`: a client that opens connections to a mail server as the order says, waits for
 * the banner, says QUIT and goes. Standard output: one line of JSON for each connection, when all are over.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { DialoguePlan } from "../../../sim/endpoint/dialogue-machine.ts";
import { mailCaller } from "../../../sim/endpoint/smtp-client.ts";
import { LiveConnection, type LiveCourse } from "./client-connection.ts";

export interface LoadOrder {
	readonly address: string;
	readonly port: number;
	readonly durationMs: number;
	/** `closed`: so many at a time, each followed by the next. `open`: so many a second, whatever becomes of them. */
	readonly how:
		| { readonly kind: "closed"; readonly atOnce: number }
		| { readonly kind: "open"; readonly perSecond: number };
}

export interface LoadRecord {
	/** Unix time. */
	readonly startedMs: number;
	/** From the first SYN to the banner; `null` when there was none. */
	readonly bannerMs: number | null;
	/** From the first SYN to the end. */
	readonly tookMs: number;
	readonly backend: string | null;
	/** The kernel's word, or the reply that was not the one awaited; "" when all was well. */
	readonly error: string;
}

const PATIENCE_MS = 5_000;

/** The banner, QUIT, its reply, and the end. */
const PLAN: DialoguePlan = {
	machine: mailCaller(),
	paceMs: 0,
	connectTimeoutMs: PATIENCE_MS,
	readTimeoutMs: PATIENCE_MS,
};

function once(service: LoadOrder): Promise<LoadRecord> {
	const startedMs = Date.now();
	const began = performance.now();
	return new Promise((resolve) => {
		new LiveConnection({
			service,
			source: null,
			port: null,
			plan: PLAN,
			messagePrefix: null,
			nowMs: () => performance.now() - began,
			onEnd: ({ course }) => resolve(recordOf(course, startedMs)),
		});
	});
}

function recordOf(course: LiveCourse, startedMs: number): LoadRecord {
	const { greetedMs: bannerMs, endedMs, backend } = course;
	const tookMs = endedMs ?? 0;
	return { startedMs, bannerMs, tookMs, backend, error: errorOf(course) };
}

function errorOf({ outcome, greetedMs, error }: LiveCourse): string {
	const isLate = outcome === "connect-timeout" || outcome === "read-timeout";
	if (isLate) return error || "ETIMEDOUT";
	return error || (greetedMs === null ? "closed without a banner" : "");
}

async function play(order: LoadOrder): Promise<readonly LoadRecord[]> {
	const records: LoadRecord[] = [];
	const { how } = order;
	const began = performance.now();
	const isOver = () => performance.now() - began >= order.durationMs;
	if (how.kind === "closed") {
		const one = async () => {
			while (!isOver()) records.push(await once(order));
		};
		await Promise.all(Array.from({ length: how.atOnce }, one));
		return records;
	}
	const all: Promise<LoadRecord>[] = [];
	while (!isOver()) {
		all.push(once(order));
		const nextMs = (all.length * 1_000) / how.perSecond;
		await sleep(Math.max(0, nextMs - (performance.now() - began)));
	}
	return Promise.all(all);
}

const records = await play(JSON.parse(process.argv[2] ?? "") as LoadOrder);
for (const record of records)
	process.stdout.write(`${JSON.stringify(record)}\n`);
