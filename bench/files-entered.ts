/**
 * Which files of the model a packet passes: V8's precise coverage of single acts of a gateway with the
 * recipe loaded and no tracer. A file counts when one of its functions ran.
 *
 *   node --import tsx bench/files-entered.ts          numbers
 *   node --import tsx bench/files-entered.ts --list   the files as well
 */
import { Session } from "node:inspector";
import { pathToFileURL } from "node:url";
import { seededChoice } from "../sim/chance/seeded.ts";
import { ModelGateway } from "../sim/gateway/model-gateway.ts";
import { parsePacket } from "../sim/packet/notation/notation.ts";
import { RECIPE, RECIPE_SETUP } from "./recipe-gateway.ts";

const MODEL = `${pathToFileURL("sim").href}/`;
const session = new Session();
session.connect();

/** Files of the model with the number of their functions that ran. The inspector answers at once. */
function enteredBy(act: () => void): ReadonlyMap<string, number> {
	const entered = new Map<string, number>();
	session.post("Profiler.enable");
	session.post("Profiler.startPreciseCoverage", { callCount: true });
	act();
	session.post("Profiler.takePreciseCoverage", (error, coverage) => {
		if (error !== null) throw error;
		for (const { url, functions } of coverage.result) {
			const ran = functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0);
			if (ran.length > 0 && url.startsWith(MODEL))
				entered.set(url.slice(MODEL.length), ran.length);
		}
	});
	session.post("Profiler.stopPreciseCoverage");
	return entered;
}

function print(what: string, entered: ReadonlyMap<string, number>): void {
	const functions = [...entered.values()].reduce((sum, one) => sum + one, 0);
	const folders = new Map<string, number>();
	for (const file of entered.keys()) {
		const [folder = ""] = file.split("/");
		folders.set(folder, (folders.get(folder) ?? 0) + 1);
	}
	const shares = [...folders].map(([folder, files]) => `${folder} ${files}`);
	console.log(
		`${what.padEnd(28)} ${entered.size} files, ${functions} functions: ${shares.sort().join(", ")}`,
	);
	if (process.argv.includes("--list"))
		for (const [file, count] of [...entered].sort())
			console.log(`  ${file} ${count}`);
}

const gateway = new ModelGateway(RECIPE_SETUP, { choice: seededChoice(1) });

function enter(line: string): () => void {
	const packet = parsePacket(line);
	return () =>
		void gateway.answer({
			kind: "packet",
			atMs: 0,
			interface: "bond0.204",
			packet,
		});
}

print(
	"loading the recipe",
	enteredBy(
		() =>
			void gateway.operate({
				kind: "restore",
				text: RECIPE,
				file: "recipe.rules",
				noflush: false,
				counters: false,
			}),
	),
);
for (const name of ["mail1up", "mail2up"])
	gateway.operate({ kind: "condition", name, write: "0" });
// These compile the rules, and look the backends' addresses up.
for (const port of [1, 2])
	enter(`tcp 10.0.0.9:${port} > 10.0.0.1:25 S seq 100`)();
const syn = enter("tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 100");
print("first SYN of a connection", enteredBy(syn));
print("the same SYN again", enteredBy(syn));
