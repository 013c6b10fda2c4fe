import { expect, test } from "vitest";
import { seededChoice } from "./seeded.ts";

const draws = (seed: number, count: number, of = 1000): number[] => {
	const choice = seededChoice(seed);
	return Array.from({ length: count }, () => choice.pick(of, "test"));
};

test("the same seed gives the same draws, another seed others", () => {
	expect(draws(42, 50)).toEqual(draws(42, 50));
	expect(draws(42, 50)).not.toEqual(draws(43, 50));
	expect(draws(0, 50)).not.toEqual(draws(-1, 50));
	expect(draws(1, 50)).not.toEqual(draws(1 + 2 ** 32, 50));
});

test("the draws of a seed never change: scenarios are replayed by their seed", () => {
	expect(draws(1, 8)).toMatchInlineSnapshot(`
		[
		  90,
		  813,
		  488,
		  103,
		  114,
		  157,
		  161,
		  743,
		]
	`);
});

test("neighbouring seeds have nothing in common in their first draw", () => {
	const first = Array.from({ length: 4000 }, (_, seed) => draws(seed, 1, 4)[0]);
	for (const outcome of [0, 1, 2, 3]) {
		const share = first.filter((draw) => draw === outcome).length;
		// 1000 expected, standard deviation 27.4: five of them.
		expect(Math.abs(share - 1000)).toBeLessThan(137);
	}
});

test("all outcomes are equally likely, also when their number does not divide 2^32", () => {
	// Modulo would give the lower half of 0.75 * 2^32 outcomes twice the weight.
	const count = 0.75 * 2 ** 32;
	const choice = seededChoice(7);
	let low = 0;
	for (let draw = 0; draw < 10_000; draw++)
		if (choice.pick(count, "test") < count / 3) low++;
	// 3333 expected (5000 with modulo), standard deviation 47: five of them.
	expect(Math.abs(low - 3333)).toBeLessThan(236);
});

test("more outcomes than 2^32 are possible", () => {
	const count = 2 ** 50;
	const choice = seededChoice(7);
	const high = Array.from({ length: 1000 }, () => choice.pick(count, "test"));
	expect(high.every((draw) => Number.isInteger(draw) && draw < count)).toBe(
		true,
	);
	expect(Math.max(...high)).toBeGreaterThan(count * 0.98);
	expect(new Set(high.map((draw) => draw % 2)).size).toBe(2);
});

test("something happens as often as its probability says; 0 never and 1 always", () => {
	const choice = seededChoice(5);
	let times = 0;
	for (let draw = 0; draw < 10_000; draw++)
		if (choice.happens(1, 3, "test")) times++;
	expect(Math.abs(times - 3333)).toBeLessThan(236);
	for (let draw = 0; draw < 100; draw++) {
		expect(choice.happens(0, 3, "test")).toBe(false);
		expect(choice.happens(3, 3, "test")).toBe(true);
	}
});
