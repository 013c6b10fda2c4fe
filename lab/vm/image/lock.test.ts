import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { findProgram } from "../../execute.ts";
import { takeLock } from "./lock.ts";

const folder = temporaryFolder();
const withFlock = it.skipIf(findProgram("flock") === null);

withFlock("a lock is for one at a time", async () => {
	const file = join(folder, "one");
	const events: string[] = [];
	const first = await takeLock(file, () => events.push("never"));
	const second = takeLock(file, () => events.push("waits")).then((lock) => {
		events.push("has it");
		return lock;
	});
	await expect.poll(() => events).toEqual(["waits"]);
	events.push("released");
	await first.release();
	await (await second).release();
	expect(events).toEqual(["waits", "released", "has it"]);
});

withFlock("a lock ends with its holder, though that be killed", async () => {
	const file = join(folder, "killed");
	const script = `import { takeLock } from ${JSON.stringify(new URL("./lock.ts", import.meta.url).href)};
		await takeLock(${JSON.stringify(file)}, () => {});
		console.log("locked"); setInterval(() => {}, 1000);`;
	const holder = spawn(
		process.execPath,
		["--import", "tsx", "--input-type=module", "--eval", script],
		{ stdio: ["ignore", "pipe", "inherit"] },
	);
	await new Promise((resolve) => holder.stdout.once("data", resolve));
	let waited = 0;
	const lock = takeLock(file, () => waited++);
	await expect.poll(() => waited).toBe(1);
	holder.kill("SIGKILL");
	await (await lock).release();
});
