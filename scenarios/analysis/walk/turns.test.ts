import { expect, it } from "vitest";
import type { Decision, End } from "./decision.ts";
import { doesTake, turnsOf } from "./turns.ts";

const at = { rule: "", text: "", line: 0 };
const leaf: Decision = { kind: "leaf", end: {} as End };

const turn = (
	key: string,
	[every, initial]: readonly [number, number],
	ways: readonly [Decision, Decision],
): Decision => ({
	kind: "fork",
	asked: { kind: "turn", key, at, every, initial, inverted: false },
	ways,
});

it("counters that keep step never have two turns at once", () => {
	const behind = turn("b", [2, 0], [leaf, leaf]);
	const both = turn("a", [2, 1], [behind, behind]);
	const turns = turnsOf([both]);
	const taken = [
		[0, 0],
		[0, 1],
		[1, 0],
		[1, 1],
	].filter((ways) => doesTake(both, { ways }, turns));
	expect(taken).toEqual([
		[0, 1],
		[1, 0],
	]);
});

it("takes every way where counters are too many to follow", () => {
	let decision: Decision = leaf;
	for (const every of [97, 89, 83, 79])
		decision = turn(`${every}`, [every, 0], [decision, leaf]);
	const wide = turn("last", [101, 0], [decision, decision]);
	const turns = turnsOf([wide]);
	expect(turns).toBeNull();
	expect(doesTake(wide, { ways: [1, 1] }, turns)).toBe(true);
});
