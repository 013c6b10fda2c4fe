/**
 * `node load.mjs ORDER`: a client that opens connections to a mail server as the order says, waits for
 * the banner, says QUIT and goes. Standard output: one line of JSON for each connection, when all are over.
 */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { nameInBanner, QUIT } from "../../../sim/endpoint/smtp.ts";

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
	/** The kernel's word, or "" when all was well. */
	readonly error: string;
}

/** Who has not said hello by then is not waited for. */
const PATIENCE_MS = 5_000;

function once({ address, port }: LoadOrder): Promise<LoadRecord> {
	const startedMs = Date.now();
	const began = performance.now();
	let bannerMs: number | null = null;
	let backend: string | null = null;
	let error = "";
	let text = "";
	return new Promise((resolve) => {
		const socket = connect({ host: address, port, noDelay: true });
		socket.setEncoding("latin1").setTimeout(PATIENCE_MS, () => {
			error = "ETIMEDOUT";
			socket.destroy();
		});
		socket.on("data", (more: string) => {
			text += more;
			if (bannerMs !== null || !text.includes("\n")) return;
			bannerMs = performance.now() - began;
			backend = nameInBanner(text.trimEnd());
			socket.write(QUIT);
		});
		socket.on("error", (cause: NodeJS.ErrnoException) => {
			error = cause.code ?? cause.message;
		});
		socket.on("close", () => {
			const tookMs = performance.now() - began;
			if (bannerMs === null) error ||= "closed without a banner";
			resolve({ startedMs, bannerMs, tookMs, backend, error });
		});
	});
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
