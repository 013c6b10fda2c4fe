/**
 * `node server.mjs PLAN [MANNER]`: the programs of a backend of a lab that are not mail servers. PLAN is JSON
 * (`server-plan.ts`). MANNER is a file that says how they behave, and is read at each SIGHUP; without it they
 * behave as usual. Standard output: what they see of clients, a line each.
 */
import { readFileSync } from "node:fs";
import { steadyUnixMs } from "./client-play.ts";
import { type DatagramService, serveDatagrams } from "./serve-datagrams.ts";
import { type ServedBy, serveStreams } from "./serve-streams.ts";
import { parseManner, parseServerPlan, USUAL_MANNER } from "./server-plan.ts";

const [text = "", mannerFile = "/run/manner.json"] = process.argv.slice(2);
const plan = parseServerPlan(text);
let manner = USUAL_MANNER;
const by: ServedBy = {
	name: plan.name,
	manner: () => manner,
	unixMs: steadyUnixMs,
	saw: (sighting) => process.stdout.write(`${JSON.stringify(sighting)}\n`),
};

const ofDatagrams: DatagramService[] = [];
for (const one of plan.listening)
	if (one.protocol === "tcp") await serveStreams(one, by);
	else ofDatagrams.push(await serveDatagrams(one, by));

process.on("SIGHUP", async () => {
	manner = parseManner(readFileSync(mannerFile, "utf8"));
	for (const service of ofDatagrams) await service.heed();
});
// Process 1 of a container is not ended by a signal that it does not handle.
process.on("SIGTERM", () => process.exit(0));
