/** What every `Choice` has to do: one suite, all implementations. */
import { describe, expect, test } from "vitest";
import { InvariantError } from "../invariant.ts";
import type { Choice } from "./choice.ts";
import { everyPath } from "./exhaustive.ts";
import { NotedChoice } from "./noted.ts";
import { seededChoice } from "./seeded.ts";

type Play<Result> = (choice: Choice) => Result;

const SEEDS = Array.from({ length: 500 }, (_, seed) => seed);

/** A way to play many times; what came out of each play. */
const IMPLEMENTATIONS: readonly (readonly [
	name: string,
	plays: <Result>(play: Play<Result>) => readonly Result[],
])[] = [
	["seeded", (play) => SEEDS.map((seed) => play(seededChoice(seed)))],
	["exhaustive", (play) => [...everyPath(play)].map(({ result }) => result)],
	[
		"noted",
		(play) => SEEDS.map((seed) => play(new NotedChoice(seededChoice(seed)))),
	],
];

const set = <Item>(items: readonly Item[]) => new Set(items);

describe.each(IMPLEMENTATIONS)("%s", (_, plays) => {
	test("picks each of so many outcomes, and no other", () => {
		const picked = plays((choice) => choice.pick(5, "one of five"));
		expect(set(picked)).toEqual(set([0, 1, 2, 3, 4]));
		expect(set(plays((choice) => choice.pick(1, "one")))).toEqual(set([0]));
	});

	test("has things happen and not, but what is certain always", () => {
		const happens = (numerator: number) =>
			set(plays((choice) => choice.happens(numerator, 3, "a third")));
		expect(happens(1)).toEqual(set([true, false]));
		expect(happens(0)).toEqual(set([false]));
		expect(happens(-1)).toEqual(set([false]));
		expect(happens(3)).toEqual(set([true]));
		expect(happens(4)).toEqual(set([true]));
	});

	test("has its draws fall in every combination", () => {
		const play: Play<string> = (choice) =>
			`${choice.pick(3, "first")}${choice.happens(1, 2, "second")}${choice.pick(2, "third")}`;
		expect(set(plays(play)).size).toBe(12);
	});

	test.each([0, -1, 0.5, Number.NaN])("cannot pick one of %d", (count) => {
		expect(() => plays((choice) => choice.pick(count, "none"))).toThrow(
			InvariantError,
		);
	});
});

test("seeds come out as often as the exact probabilities say", () => {
	const play: Play<string> = (choice) => {
		if (choice.happens(33, 100, "first")) return "a";
		if (choice.happens(33, 100, "second")) return "b";
		return `c${choice.pick(3, "third")}`;
	};
	const seeds = 20_000;
	const counted = new Map<string, number>();
	for (let seed = 0; seed < seeds; seed++) {
		const result = play(seededChoice(seed));
		counted.set(result, (counted.get(result) ?? 0) + 1);
	}
	for (const { result, probability } of everyPath(play)) {
		const { numerator, denominator } = probability;
		const share = Number(numerator) / Number(denominator);
		const deviation = Math.sqrt(seeds * share * (1 - share));
		const off = Math.abs((counted.get(result) ?? 0) - seeds * share);
		expect(off).toBeLessThan(5 * deviation);
	}
});
