import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const MODULE = JSON.stringify(join(import.meta.dirname, "process-end.ts"));

/** What a script printed, and what ended it. Each line that it prints after `ready` is answered by a signal. */
async function play(script: string, signal: NodeJS.Signals = "SIGTERM") {
	const child = spawn(process.execPath, [
		"--import",
		"tsx",
		"--input-type=module",
		"--eval",
		`import { atProcessEnd, beforeSignalEnds } from ${MODULE};
		const say = (word) => process.stdout.write(word + "\\n");
		const wait = (ms) => new Promise((done) => setTimeout(done, ms));
		${script}`,
	]);
	let said = "";
	let err = "";
	child.stderr.on("data", (text) => {
		err += text;
	});
	child.stdout.on("data", (text) => {
		said += text;
		if (String(text).includes("signal")) child.kill(signal);
	});
	const [code, by] = await once(child, "close");
	expect(err).toBe("");
	const words = said.split("\n").filter((line) => line !== "");
	return { code, by, words };
}

describe("what is undone when a process ends", () => {
	it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
		"%s ends it, after all was undone",
		async (signal) => {
			const script = `atProcessEnd(() => say("file"));
				beforeSignalEnds(async () => { await wait(50); say("lab"); });
				setInterval(() => {}, 1000);
				say("signal");`;
			expect(await play(script, signal)).toEqual({
				code: null,
				by: signal,
				words: ["signal", "file", "lab"],
			});
		},
	);

	it("is undone at an exit where it needs no waiting, and not what was taken back", async () => {
		const script = `atProcessEnd(() => say("file"));
			beforeSignalEnds(async () => say("lab"));
			const takeBack = atProcessEnd(() => say("taken back"));
			takeBack();
			process.exit(3);`;
		expect(await play(script)).toEqual({ code: 3, by: null, words: ["file"] });
	});

	it("listens to no signal once all was taken back", async () => {
		const script = `const count = () => process.listenerCount("SIGTERM") + process.listenerCount("exit");
			const before = count();
			const one = atProcessEnd(() => say("file"));
			const other = beforeSignalEnds(async () => say("lab"));
			one(); other(); other();
			say(String(count() - before));`;
		expect(await play(script)).toEqual({ code: 0, by: null, words: ["0"] });
	});

	it("is not waited for any longer after a second signal", async () => {
		const script = `beforeSignalEnds(async () => { say("signal again"); await wait(60_000); say("lab"); });
			setInterval(() => {}, 1000);
			say("signal");`;
		expect(await play(script)).toMatchObject({
			by: "SIGTERM",
			words: ["signal", "signal again"],
		});
	});

	it("holds what was begun while it was undone", async () => {
		const script = `const takeBack = beforeSignalEnds(async () => {
				takeBack();
				await wait(20);
				atProcessEnd(() => say("file"));
			});
			setInterval(() => {}, 1000);
			say("signal");`;
		expect(await play(script)).toMatchObject({
			by: "SIGTERM",
			words: ["signal", "file"],
		});
	});

	it("leaves the end to another part of the program that listens", async () => {
		const script = `atProcessEnd(() => say("file"));
			process.on("SIGTERM", () => setTimeout(() => process.exit(7), 50));
			setInterval(() => {}, 1000);
			say("signal");`;
		expect(await play(script)).toMatchObject({
			code: 7,
			words: ["signal", "file"],
		});
	});
});
