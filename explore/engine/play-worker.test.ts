import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RECIPE } from "../../test/recipe.ts";
import { examples } from "./examples.ts";
import type { FromPlay, ToPlay } from "./messages.ts";
import { PlayWorker } from "./play-worker.ts";
import { study } from "./study.ts";

const TEXT = readFileSync(RECIPE, "utf8");

function started() {
	const posted: FromPlay[] = [];
	let clockMs = 0;
	const worker = new PlayWorker({
		post: (message) => posted.push(message),
		breathe: async () => {},
		// Each look at the clock takes a little time.
		nowMs: () => (clockMs += 5),
	});
	const [world] = study({ name: "recipe.rules", text: TEXT }).worlds;
	if (world === undefined) throw new Error("the recipe has a world");
	const say = (message: ToPlay) => worker.take(message);
	const last = () => {
		const found = posted.findLast(({ kind }) => kind === "view");
		if (found?.kind !== "view") throw new Error("nothing was shown");
		return found.view;
	};
	return {
		posted,
		say,
		last,
		open: () =>
			say({
				kind: "begin",
				world,
				rules: { name: "recipe.rules", text: TEXT },
			}),
	};
}

const connect = (count: number, stands = false): ToPlay => {
	return { kind: "connect", client: "c1", count, everyMs: 1, stands };
};

describe("the worker that plays", () => {
	it("opens, connects, switches, and goes back in time", async () => {
		const { open, say, last } = started();
		await open();
		expect(last()).toMatchObject({ total: 0, nowMs: 0 });
		await say(connect(10));
		expect(last().backends.map(({ given }) => given)).toEqual([5, 5]);
		const afterMs = last().nowMs;
		await say({
			kind: "act",
			step: {
				kind: "operation",
				operation: { kind: "condition", name: "mail1up", write: "1" },
			},
		});
		// It is done at once.
		expect(last().conditions).toEqual({ mail1up: 1, mail2up: 0 });
		await say(connect(10));
		expect(last().backends.map(({ given }) => given)).toEqual([5, 15]);
		expect(last().conditions).toEqual({ mail1up: 1, mail2up: 0 });
		await say({ kind: "seek", toMs: afterMs });
		expect(last().backends.map(({ given }) => given)).toEqual([5, 5]);
		expect(last().conditions).toEqual({ mail1up: 0, mail2up: 0 });
		expect(last().steps.map(({ isDone }) => isDone)).toEqual([
			true,
			false,
			false,
		]);
		await say({ kind: "remove", index: 1 });
		await say({ kind: "run" });
		expect(last().backends.map(({ given }) => given)).toEqual([10, 10]);
	});

	it("stands before the first packet where it is to go step by step", async () => {
		const { open, say, last } = started();
		await open();
		await say(connect(1, true));
		expect(last().packets).toEqual([]);
		await say({ kind: "packet" });
		expect(last().packets).toHaveLength(1);
		expect(last().isBusy).toBe(true);
	});

	it("plays the same steps with other rules, and keeps what it has when they do not load", async () => {
		const { open, say, last, posted } = started();
		await open();
		await say(connect(10));
		const text = TEXT.replace("--every 2", "--every 5");
		await say({ kind: "rules", name: "edited.rules", text });
		expect(last().backends.map(({ given }) => given)).toEqual([2, 8]);
		await say({ kind: "rules", name: "broken.rules", text: "*nat\n-A NO\n" });
		expect(posted.findLast(({ kind }) => kind === "failed")).toMatchObject({
			message: expect.stringContaining("broken.rules:2"),
		});
		expect(last().backends.map(({ given }) => given)).toEqual([2, 8]);
	});

	it("shows how far it is, and stops when it is asked to", async () => {
		const { open, say, last, posted } = started();
		await open();
		const shown = posted.length;
		const working = say({ ...connect(20_000), everyMs: 0 } as ToPlay);
		await Promise.resolve();
		await say({ kind: "stop" });
		await working;
		expect(posted.length).toBeGreaterThan(shown);
		expect(last().isBusy).toBe(true);
		expect(last().total).toBeGreaterThan(0);
	});

	it("goes to the latest of the moments that a slider is dragged over", async () => {
		const { open, say, last, posted } = started();
		await open();
		await say(connect(10));
		const before = posted.length;
		const moments = [100, 60, 30, 5].map((toMs) => say({ kind: "seek", toMs }));
		await Promise.all(moments);
		expect(last().nowMs).toBe(5);
		expect(posted.length - before).toBe(1);
	});

	it("loads a script of iptables commands as the rules that it makes", async () => {
		const { open, say, last, posted } = started();
		await open();
		const text =
			"iptables -t nat -A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.2\n";
		await say({ kind: "rules", name: "mine.sh", text });
		await say(connect(4));
		expect(last().backends.map(({ given }) => given)).toEqual([0, 4]);
		await say({
			kind: "act",
			step: {
				kind: "operation",
				operation: {
					kind: "restore",
					file: "mine.sh",
					text: text.replace("0.2", "0.1"),
					noflush: false,
					counters: false,
				},
			},
		});
		await say(connect(4));
		expect(posted.filter(({ kind }) => kind === "failed")).toEqual([]);
		expect(last().backends.map(({ given }) => given)).toEqual([4, 4]);
	});

	it("says what is wrong with a scenario", async () => {
		const { say, posted } = started();
		await say({ kind: "open", name: "pasted", text: "{}" });
		expect(posted).toEqual([
			{ kind: "failed", message: expect.stringContaining("pasted") },
		]);
	});
});

describe("examples", () => {
	const all = examples(TEXT);
	it("begin with the wrong cascade and the recipe", () => {
		expect(all.slice(0, 2).map(({ name }) => name)).toEqual([
			"no-backend.rules",
			"recipe.rules",
		]);
		expect(all).toHaveLength(13);
	});

	it.each(all)("$title can be played", async ({ name, text }) => {
		const { faults, worlds } = study({ name, text });
		expect(faults).toEqual([]);
		const { say, last, posted } = started();
		const [world] = worlds;
		if (world === undefined) throw new Error("it has a world");
		await say({ kind: "begin", world, rules: { name, text } });
		const [opening] = world.openings;
		await say({
			kind: "connect",
			client: opening?.client ?? "",
			count: 12,
			everyMs: 10,
			stands: false,
		});
		expect(posted.filter(({ kind }) => kind === "failed")).toEqual([]);
		expect(last().total).toBe(12);
	});
});
