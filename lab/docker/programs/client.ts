/**
 * `node client.mjs [LOG]`: a client of a lab, in a container. Standard input: the plan as one line of
 * JSON, then commands, a line each. Standard output: a record for each connection that is over, a
 * line each, and the same in LOG, where it is safe from whatever becomes of this process.
 * Exit codes: 0, or 2 for a plan or a command that cannot be read.
 */
import { mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { PlanError, parseCommand, parsePlan } from "./client-plan.ts";
import {
	type Play,
	playPlan,
	sourceTowards,
	steadyUnixMs,
} from "./client-play.ts";

const DEFAULT_LOG = "/var/log/marktwin/connections.jsonl";

const logPath = process.argv[2] ?? DEFAULT_LOG;
mkdirSync(dirname(logPath), { recursive: true });
const log = openSync(logPath, "a");

// Whoever listened is gone: the log has it all.
process.stdout.on("error", () => {});

let play: Promise<Play> | null = null;

const input = createInterface({ input: process.stdin, crlfDelay: Infinity });
input.on("line", async (line) => {
	if (line.trim() === "") return;
	try {
		if (play === null) {
			play = begin(line);
			await play;
		} else (await play).obey(parseCommand(line));
	} catch (error) {
		if (!(error instanceof PlanError)) throw error;
		process.stderr.write(`client: ${error.message}\n`);
		leave(2);
	}
});
// Nobody is there to tell it when to end: it ends when it is done.
input.on("close", async () => {
	await (await play)?.allOver;
	leave(0);
});
// Asked to go, it still says what it knows.
process.on("SIGTERM", async () => {
	const playing = await play;
	if (playing === null) leave(0);
	else playing.obey({ do: "end", atMs: Number.NEGATIVE_INFINITY });
});

async function begin(line: string): Promise<Play> {
	const plan = parsePlan(line);
	const [first] = plan.steps;
	const source =
		first === undefined ? null : await sourceTowards(first.service.address);
	const started = playPlan(plan, {
		unixMs: steadyUnixMs,
		sourceIsDefault: source === plan.source,
		onRecord(record) {
			const text = `${JSON.stringify(record)}\n`;
			writeSync(log, text);
			process.stdout.write(text);
		},
		onEnd: () => leave(0),
	});
	process.stderr.write("client: ready\n");
	return started;
}

/** Not before everything that was said is out. */
function leave(code: number): void {
	process.stdout.write("", () => process.exit(code));
}
