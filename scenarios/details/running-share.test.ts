import { expect, it } from "vitest";
import {
	accountOf,
	connectionRecord,
	connectionsTo,
} from "../judge/test-account.ts";
import {
	evenSplit,
	recipeSetup,
	scenario,
	split,
} from "../language/build/build.ts";
import type { Expectation, PlayableScenario } from "../language/scenario.ts";
import { runningShare } from "./running-share.ts";

function shareOf(
	backends: readonly (string | null)[],
	expected: readonly Expectation[],
	connections = connectionsTo(...backends),
) {
	return runningShare({
		scenario: scenario({
			name: "a-story",
			title: "",
			story: "",
			setup: recipeSetup({ ruleset: { name: "r", text: "" } }),
			steps: [],
			expect: expected,
		}) as PlayableScenario,
		account: accountOf({ connections }),
	});
}

it("counts the shares of all that have begun, those that met nobody among them", () => {
	const share = shareOf(["b1", "b2", null, "b1"], []);
	expect(share?.hasBands).toBe(false);
	expect(share?.points.map(({ shares }) => shares)).toEqual([
		[1, 0],
		[1 / 2, 1 / 2],
		[1 / 3, 1 / 3],
		[2 / 4, 1 / 4],
	]);
	expect(share?.points[0]?.bands).toEqual([]);
});

it("knows what chance would allow where it decided", () => {
	const backends = Array.from({ length: 100 }, (_, index) =>
		index % 2 ? "b2" : "b1",
	);
	const drawn = backends.map((backend, id) =>
		connectionRecord(id, { backend, chance: "drew" }),
	);
	for (const expected of [
		evenSplit(["b1", "b2"]),
		split({ b1: 1, b2: 1 }),
		split({ b1: 1, b2: 1 }, { tolerance: 0.1 }),
	]) {
		const share = shareOf([], [expected], drawn);
		expect(share?.hasBands).toBe(true);
		expect(share?.points[0]?.bands).toEqual([
			[0, 1],
			[0, 1],
		]);
		// 100 × ½: once in a thousand runs it is outside of 34…66.
		expect(share?.points.at(-1)?.bands[0]).toEqual([0.34, 0.66]);
	}
});

it("leaves no room where nothing was drawn, and for the draws alone where some were", () => {
	const halves = [split({ b1: 1, b2: 1 })];
	const decided = shareOf(["b1", "b2", "b1", "b2"], halves);
	expect(decided?.hasBands).toBe(false);
	expect(decided?.points.map(({ bands }) => bands)).toEqual([[], [], [], []]);
	const some = ["b1", "b2", "b1", "b2"].map((backend, id) =>
		connectionRecord(id, { backend, ...(id < 2 ? {} : { chance: "drew" }) }),
	);
	expect(shareOf([], halves, some)?.points.at(-1)?.bands[0]).toEqual([
		1 / 4,
		3 / 4,
	]);
});

it("counts one connection for each draw, as the judge does", () => {
	const connections = Array.from({ length: 6 }, (_, id) =>
		connectionRecord(id, {
			backend: id % 3 === 0 ? "b2" : "b1",
			chance: id < 3 ? "drew" : "recalled",
			...(id < 3 ? {} : { drawnFor: [id - 3] }),
		}),
	);
	const share = shareOf([], [split({ b1: 1, b2: 1 })], connections);
	expect(share?.of).toBe(", one for each draw");
	expect(share?.points.at(-1)).toMatchObject({
		connections: 3,
		shares: [2 / 3, 1 / 3],
	});
});

it("says which connections it is about when it is not all of them", () => {
	const backends = ["b1", "b2", "b1", "b2"];
	expect(shareOf(backends, [evenSplit(["b1", "b2"])])?.of).toBe("");
	const some = shareOf(backends, [evenSplit(["b1", "b2"], { fromMs: 10 })]);
	expect(some?.of).toBe(" that began from 10 ms on");
	expect(some?.points.at(-1)?.connections).toBe(3);
});

it("has about sixty points however many there are, and always the last", () => {
	const share = shareOf(new Array(10_000).fill("b1"), []);
	expect(share?.points.length).toBeLessThan(64);
	expect(share?.points.at(-1)?.connections).toBe(10_000);
});

it("is nothing for less than two", () => {
	expect(shareOf(["b1"], [])).toBeNull();
});
