import { expect, test } from "vitest";
import { ONE, rational, ZERO } from "../../../sim/rational.ts";
import { chanceAllows } from "./chance.ts";

test("chance goes far with few connections, and less far with many", () => {
	expect(chanceAllows(rational(1, 2), 100, 0.95)).toEqual({
		low: 40,
		high: 60,
	});
	expect(chanceAllows(rational(1, 3), 3, 0.99)).toEqual({ low: 0, high: 3 });
	const third = rational(715827883, 2 ** 31);
	expect(chanceAllows(third, 1_000_000, 0.99)).toEqual({
		low: 332_119,
		high: 334_548,
	});
});

test("what is certain has no room", () => {
	expect(chanceAllows(ONE, 10, 0.99)).toEqual({ low: 10, high: 10 });
	expect(chanceAllows(ZERO, 10, 0.99)).toEqual({ low: 0, high: 0 });
});
