import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openModelThread } from "./model-thread.ts";

const folder = temporaryFolder();

/** A thread that does as the name of a scenario says. */
const PROGRAM = `import { parentPort } from "node:worker_threads";
const acts = {
	plays: (number) => ({ kind: "result", result: number }),
	throws: () => ({ kind: "error", error: { name: "ScenarioError", message: "no such backend", stack: "at x" } }),
	fails: () => { throw new TypeError("x is no function"); },
	ends: () => process.exit(3),
	fills: () => { const all = []; for (;;) all.push(new Array(1e6).fill(0)); },
};
let number = 0;
parentPort.on("message", ({ scenario }) => parentPort.postMessage(acts[scenario.name](++number)));
`;

it("hands on what the play throws, and starts anew after a thread that died", async () => {
	const file = join(folder, "thread.mjs");
	writeFileSync(file, PROGRAM);
	const thread = openModelThread(pathToFileURL(file), {
		maxOldGenerationSizeMb: 32,
	});
	const play = (name: string) =>
		thread.play({ name } as PlayableScenario, {}).catch((error) => error);
	expect(await play("plays")).toBe(1);
	expect(await play("throws")).toMatchObject({
		name: "ScenarioError",
		message: "no such backend",
		stack: "at x",
	});
	expect(await play("plays")).toBe(3);
	expect(await play("fails")).toMatchObject({ message: "x is no function" });
	expect(await play("plays")).toBe(1);
	expect(await play("ends")).toMatchObject({
		message: "The thread of the model ended with 3.",
	});
	expect(await play("plays")).toBe(1);
	expect(await play("fills")).toMatchObject({
		name: "LabError",
		message: expect.stringContaining("no memory is left"),
	});
	expect(await play("plays")).toBe(1);
	await thread.close();
});
