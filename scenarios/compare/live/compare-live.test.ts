import { describe, expect, it } from "vitest";
import type { ConnectionOutcome } from "../../../sim/endpoint/dialogue.ts";
import type {
	Account,
	ConnectionRecord,
	WorldEvent,
} from "../../../sim/world/account/account.ts";
import {
	at,
	backend,
	connect,
	recipeHealthCheck,
	recipeSetup,
	restore,
	scenario,
} from "../../language/build/build.ts";
import type { PlayableScenario } from "../../language/scenario.ts";
import type { Judgement, RunResult } from "../../result/result.ts";
import { clientEnd, compareLive } from "./compare-live.ts";

/** A connection every 100 ms, as `b1 b2 refused b2 …` says: a word that is no backend is an outcome. */
function connections(words: string): readonly ConnectionRecord[] {
	return words.split(" ").map((word, id) => {
		const isServed = /^b\d$/.test(word);
		const startedMs = id * 100;
		return {
			id,
			step: "load",
			client: "c1",
			sourcePort: 40_000 + id,
			startedMs,
			backend: isServed ? word : null,
			met: [],
			syns: 1,
			retransmittedMs: [],
			connectedMs: null,
			gatewayAnswers: [],
			greetedMs: isServed ? startedMs + 5 : null,
			endedMs: startedMs + 10,
			outcome: isServed ? "completed" : (word as ConnectionOutcome),
			accepted: isServed,
		};
	});
}

interface Played {
	readonly words: string;
	/** Of the connection with this number, from 0: when it ended. */
	readonly endedMs?: Readonly<Record<number, number>>;
	readonly events?: readonly WorldEvent[];
	/** Times of reloads. */
	readonly reloads?: readonly number[];
	readonly unknown?: Account["unknown"];
}

const DIES: WorldEvent = {
	kind: "backend",
	backend: "b1",
	behaviour: "refuse",
	atMs: 1_000,
};
const believed = (atMs: number, alive = false): WorldEvent => ({
	kind: "belief",
	backend: "b1",
	alive,
	atMs,
});

const STORY = scenario({
	name: "story",
	title: "",
	story: "",
	setup: recipeSetup({ healthCheck: recipeHealthCheck() }),
	steps: [
		connect(10, { everyMs: 100, label: "load" }),
		at(1_000, backend("b1", "refuse")),
		at(1_000, restore("recipe.rules", { label: "reload" })),
	],
	expect: [],
}) as PlayableScenario;

function played(
	name: "model" | "docker",
	{ words, endedMs = {}, events = [], reloads = [], unknown = null }: Played,
): RunResult {
	const account: Account = {
		connections: connections(words).map((one) => ({
			...one,
			endedMs: endedMs[one.id] ?? one.endedMs,
		})),
		events,
		packets: [],
		observations: [],
		operations: reloads.map((atMs) => ({
			label: "reload",
			atMs,
			text: "",
			outcome: { ok: true },
		})),
		unknown,
		endedMs: 10_000,
	};
	return {
		scenario: STORY,
		seed: 1,
		driver: { kind: name, name, version: "1" },
		account,
		judgements: [],
		outcome: "holds",
		unknown,
		replay: { command: "compare", names: ["story"], with: "docker" },
	};
}

/** What differs, a line each. */
function differences(model: Played, live: Played): readonly string[] {
	return compareLive(
		played("model", model),
		played("docker", live),
	).divergences.map(({ asked, model: ours, kernel: theirs }) =>
		[asked, ...ours, ...theirs].join(" | "),
	);
}

const turns = (count: number, first = 1) =>
	Array.from({ length: count }, (_, at) => `b${((at + first + 1) % 2) + 1}`);
const all = (count: number, word: string) =>
	Array.from({ length: count }, () => word);
const line = (...words: readonly (readonly string[])[]) =>
	words.flat().join(" ");

describe("before anything has changed", () => {
	it("agrees when every connection met the same and ended the same", () => {
		const words = line(turns(40));
		expect(differences({ words }, { words })).toEqual([]);
	});

	it("differs when one met another backend, although the numbers are the same", () => {
		expect(
			differences({ words: "b1 b2 b1 b2" }, { words: "b2 b1 b1 b2" }),
		).toEqual([
			"#1 c1 | b1, completed | b2, completed",
			"#2 c1 | b2, completed | b1, completed",
		]);
	});

	it("differs when one more met b1, and says the numbers too", () => {
		expect(differences({ words: "b1 b2" }, { words: "b1 b1" })).toEqual([
			"#2 c1 | b2, completed | b1, completed",
			"how 2 connections are split from here on, give or take 0 | b1 1, b2 1 | b1 2, b2 0",
		]);
	});

	it("differs when one ended otherwise, and takes a reset for a refusal", () => {
		expect(
			differences({ words: "refused b2" }, { words: "reset reset" }),
		).toEqual(["#2 c1 | b2, completed | no backend, reset"]);
	});

	it("differs when nothing is known of a connection", () => {
		expect(differences({ words: "b1 b2 b1" }, { words: "b1 b2" })).toEqual([
			"#3 c1 | 1 connections | nothing is known of them",
		]);
	});
});

describe("around a change", () => {
	const events = [DIES, believed(1_800)];
	/** Ends in refusals from the death until the belief, and a little more or less of them. */
	const model = {
		events,
		words: line(turns(10), all(8, "refused"), all(40, "b2")),
	};

	it("leaves a few refusals more or less, and other turns, to chance", () => {
		const words = line(turns(10), all(14, "refused"), all(34, "b2"));
		const late = [DIES, believed(2_400)];
		expect(differences(model, { words, events: late })).toEqual([]);
	});

	it("does not leave a refusal long after it to chance: the model has none there", () => {
		const words = line(turns(10), all(8, "refused"), all(39, "b2"), [
			"refused",
		]);
		expect(differences(model, { words, events })).toEqual([
			"#58 c1 | b2, completed | no backend, refused",
		]);
	});

	it("leaves to chance how one ends that the change overtakes in live time alone", () => {
		const words = line(
			["b1", "read-timeout"],
			turns(8),
			model.words.split(" ").slice(10),
		);
		const overtaken = { words, events, endedMs: { 1: 2_500 } };
		expect(differences(model, overtaken)).toEqual([]);
		expect(differences(model, { ...overtaken, endedMs: {} })).toEqual([
			"#2 c1 | b2, completed | no backend, read-timeout",
		]);
		const inTheModelToo = { ...model, endedMs: { 1: 2_500 } };
		expect(differences(inTheModelToo, overtaken)).toEqual([
			"#2 c1 | b2, completed | no backend, read-timeout",
		]);
	});

	it("sees that the failover never came", () => {
		const words = line(turns(10), all(48, "refused"));
		const found = differences(model, { words, events: [DIES] });
		expect(found.at(-1)).toBe(
			"what the health checker finds out, give or take 2.8 s | b1 dead at 1.8 s | nothing",
		);
		expect(found.length).toBeGreaterThan(10);
	});

	it("sees that it came far too late, and that another was believed dead", () => {
		const words = model.words;
		for (const [late, said] of [
			[believed(5_000), "b1 dead at 5.0 s"],
			[{ ...believed(1_800), backend: "b2" } as WorldEvent, "b2 dead at 1.8 s"],
		] as const)
			expect(differences(model, { words, events: [DIES, late] })).toEqual([
				`what the health checker finds out, give or take 2.8 s | b1 dead at 1.8 s | ${said}`,
			]);
	});
});

describe("after a change", () => {
	const reloads = [1_000];
	const model = { reloads, words: line(turns(10), turns(40)) };

	it("agrees when the turns have shifted", () => {
		const words = line(turns(10), turns(40, 0));
		expect(differences(model, { reloads, words })).toEqual([]);
	});

	it("differs when the numbers have", () => {
		const words = line(turns(10), turns(20), all(20, "b1"));
		expect(differences(model, { reloads, words })).toEqual([
			"how 37 connections are split from here on, give or take 2 | b1 18, b2 19 | b1 28, b2 9",
		]);
	});

	it("differs when one connection was lost by a reload", () => {
		const words = line(turns(10), turns(20), ["connect-timeout"], turns(19));
		expect(differences(model, { reloads, words })).toEqual([
			"#31 c1 | b1, completed | no backend, connect-timeout",
		]);
	});

	it("compares how many ended how where the model has both", () => {
		const mixed = (refused: number) =>
			line(turns(10), all(40 - refused, "b2"), all(refused, "refused"));
		const words = mixed(20);
		expect(
			differences({ reloads, words }, { reloads, words: mixed(21) }),
		).toEqual([]);
		expect(
			differences({ reloads, words }, { reloads, words: mixed(25) }),
		).toEqual([
			"how 37 connections end from here on, give or take 2 | completed 17, refused or reset 20 | completed 12, refused or reset 25",
		]);
	});
});

describe("while packets are lost by chance", () => {
	const becomes = (atMs: number, behaviour: string): WorldEvent => ({
		kind: "backend",
		backend: "b1",
		behaviour,
		atMs,
	});
	// Two seconds after the end, and what the checker takes to be sure: 3.8 s.
	const events = [becomes(1_000, "lossy"), becomes(3_000, "up")];
	const model = { events, words: line(turns(90), turns(40)) };

	it("leaves to chance who is served, and what the checker believes", () => {
		const words = line(turns(20), all(50, "connect-timeout"), turns(60));
		const live = { words, events: [...events, believed(2_000)] };
		expect(differences(model, live)).toEqual([]);
	});

	it("compares what was before, and what comes long after", () => {
		const late = line(turns(129), ["connect-timeout"]);
		expect(differences(model, { events, words: late })).toEqual([
			"#130 c1 | b2, completed | no backend, connect-timeout",
		]);
		const early = line(["connect-timeout"], turns(129, 0));
		expect(differences(model, { events, words: early })).toEqual([
			"#1 c1 | b1, completed | no backend, connect-timeout",
		]);
	});

	it("compares what the checker believes of the others", () => {
		const other = { ...believed(2_000), backend: "b2" } as WorldEvent;
		const live = { ...model, events: [...events, other] };
		expect(differences(model, live)).toHaveLength(1);
	});
});

it("differs when an expectation holds in the model only", () => {
	const result = (
		name: "model" | "docker",
		outcome: Judgement["outcome"],
	): RunResult => ({
		...played(name, { words: "b1 b2" }),
		judgements: [
			{
				outcome,
				expected: "all mail is kept",
				seen: "1 of 2",
				expectation: { kind: "mail-kept", because: "" },
				connections: [],
				concerned: 0,
				rule: null,
				why: [],
			},
		],
	});
	const compared = (ours: Judgement["outcome"], theirs: Judgement["outcome"]) =>
		compareLive(result("model", ours), result("docker", theirs)).divergences
			.length;
	expect(compared("holds", "violated")).toBe(1);
	expect(compared("holds", "holds")).toBe(0);
	// What a trap of the recipe breaks is broken in both.
	expect(compared("violated", "violated")).toBe(0);
});

it("knows nothing of a play that nobody knows the end of", () => {
	const unknown = { rule: "", text: "", line: 0, reason: "c1 was killed" };
	const comparison = compareLive(
		played("model", { words: "b1 b2" }),
		played("docker", { words: "b1", unknown }),
	);
	expect(comparison).toMatchObject({
		unknown,
		divergences: [],
		connections: 1,
	});
	expect(comparison.replay).toEqual({
		command: "compare",
		names: ["story"],
		with: "docker",
	});
});

it("takes a half-open connection for an open one, as a real client does", () => {
	const end = (outcome: Parameters<typeof clientEnd>[0]["outcome"]) =>
		clientEnd({ outcome });
	expect(end("half-open")).toBe(end("open"));
	expect(end("reset")).toBe(end("refused"));
	expect(end("read-timeout")).not.toBe(end("open"));
});

it("takes a connection that was closed without a word for one that was reset, and an unreachable name server for one that is silent", () => {
	const closed = { outcome: "cut-short" } as const;
	expect(clientEnd({ ...closed, greetedMs: null })).toBe("refused or reset");
	expect(clientEnd({ ...closed, greetedMs: 5 })).toBe("cut-short");
	const lost = { outcome: "unreachable" } as const;
	expect(clientEnd({ ...lost, protocol: "udp" })).toBe("unanswered");
	expect(clientEnd(lost)).toBe("unreachable");
});

it("compares who answered a flow, and who took a connection without a word", () => {
	const told = (kernel: string, more: Partial<ConnectionRecord>) => {
		const result = (name: "model" | "docker", backend: string) => {
			const one = played(name, { words: "b1" });
			const [first] = one.account.connections;
			const connection = {
				...(first as ConnectionRecord),
				greetedMs: null,
				connectedMs: 3,
				backend,
				...more,
			};
			const account = { ...one.account, connections: [connection] };
			return { ...one, account };
		};
		return compareLive(result("model", "b1"), result("docker", kernel))
			.divergences.length;
	};
	const answered = { protocol: "udp", outcome: "answered" } as const;
	expect(told("b1", answered)).toBe(0);
	expect(told("b2", answered)).toBeGreaterThan(0);
	expect(told("b2", {})).toBeGreaterThan(0);
	expect(told("b2", { connectedMs: null, outcome: "connect-timeout" })).toBe(0);
});
