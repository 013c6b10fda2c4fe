import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RECIPE } from "../../test/recipe.ts";
import { examples } from "./examples.ts";
import type { FromPlay, ToPlay } from "./messages.ts";
import { PlayWorker } from "./play-worker.ts";
import { begun, study, type World } from "./study.ts";

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

	it("goes to each packet in its turn, those that go past the gateway among them", async () => {
		// The backend answers its neighbour straight.
		const text = TEXT.replaceAll("-i bond0.204 ", "");
		const rules = { name: "recipe.rules", text };
		const [world] = study(rules).worlds;
		if (world === undefined) throw new Error("the recipe has a world");
		const { setup } = world;
		const beside = setup.backends[0]?.interface ?? "";
		const clients = setup.clients.map((one) => {
			return { ...one, address: "192.168.0.50", interface: beside };
		});
		const { say, last } = started();
		const other = { ...world, setup: { ...setup, clients } };
		await say({ kind: "begin", world: other, rules });
		await say(connect(1, true));
		const seen: string[] = [];
		for (let count = 0; last().isBusy && count < 50; count++) {
			await say({ kind: "packet" });
			const { steppedTo, packets } = last();
			const packet = packets[steppedTo ?? -1];
			if (packet === undefined) continue;
			const { atMs, direction } = packet;
			seen.push(`${direction} ${atMs} ${packet.in.packet}`);
			if (direction === "past") expect(packet.entry.after).toBeNull();
		}
		const all = last().packets.map(
			({ direction, atMs, in: came }) => `${direction} ${atMs} ${came.packet}`,
		);
		expect(seen).toEqual(all);
		expect(seen.some((one) => one.startsWith("past"))).toBe(true);
	});

	it("follows the packets of any connection, and stands where it stood", async () => {
		const { open, say, last } = started();
		await open();
		await say(connect(100));
		const { nowMs, counters } = last();
		await say({ kind: "follow", connection: 57 });
		const { steppedTo, packets } = last();
		expect(packets[steppedTo ?? -1]).toMatchObject({
			connection: 57,
			in: { packet: expect.stringMatching(/ S /) },
		});
		expect(last()).toMatchObject({ nowMs, counters });
	});

	it("says what surrounds the rules of a scenario, as it sets that up", async () => {
		const { say, posted } = started();
		const { setup } = begun(
			study({ name: "recipe.rules", text: TEXT }).worlds[0] as World,
			{ name: "recipe.rules", text: TEXT },
		);
		const gateway = {
			...setup.gateway,
			sysctls: { "ipv4.ip_forward": 1, "netfilter.nf_conntrack_tcp_loose": 0 },
		};
		const text = JSON.stringify({
			name: "own",
			title: "An own gateway",
			setup: { ...setup, gateway },
			steps: [],
			expect: [],
			endMs: 1,
		});
		await say({ kind: "open", name: "own.json", text });
		const opened = posted.find(({ kind }) => kind === "opened");
		expect(opened).toMatchObject({
			rules: { given: { sysctls: gateway.sysctls } },
		});
	});

	it("says when it cannot show what happens", async () => {
		const said: string[] = [];
		const worker = new PlayWorker({
			post(message) {
				if (message.kind === "view") throw new Error("no view can be sent");
				if (message.kind === "failed") said.push(message.message);
			},
			breathe: async () => {},
			nowMs: () => 0,
		});
		const rules = { name: "recipe.rules", text: TEXT };
		const [world] = study(rules).worlds;
		if (world === undefined) throw new Error("the recipe has a world");
		await worker.take({ kind: "begin", world, rules });
		expect(said).toEqual(["no view can be sent"]);
	});

	it("keeps what is done at the present moment when it plays again", async () => {
		const { open, say, last } = started();
		await open();
		await say(connect(5));
		const write = { kind: "condition", name: "mail1up", write: "1" } as const;
		await say({ kind: "act", step: { kind: "operation", operation: write } });
		await say({ kind: "remove", index: 0 });
		expect(last().conditions).toMatchObject({ mail1up: 1 });
		await say({ kind: "rules", name: "recipe.rules", text: TEXT });
		expect(last().conditions).toMatchObject({ mail1up: 1 });
		expect(last().steps.map(({ isDone }) => isDone)).toEqual([true]);
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
