import fc from "fast-check";
import { expect, test } from "vitest";
import { hashOf } from "./state-hash.ts";

/** What comes of arbitrary data without its shape is a value, compared as `Object.is` does but for -0. */
const DATA = fc.anything({
	withMap: true,
	withSet: true,
	withTypedArray: true,
	withBigInt: true,
	withNullPrototype: false,
	withDate: false,
	maxDepth: 3,
});

test("equal data has one hash, and it is the same for ever", () => {
	fc.assert(
		fc.property(fc.clone(DATA, 2), ([one, same]) => {
			expect(hashOf(one)).toBe(hashOf(same));
		}),
		{ seed: 20261128 },
	);
	expect(hashOf({ a: [1, 2.5, "x", null], b: true })).toMatchInlineSnapshot(
		`"69ccaaedaf313905"`,
	);
});

test("other data has another hash", () => {
	const numbers = [0, 1, -1, 0.5, 2 ** 31, 2 ** 40, 1n];
	const others = ["", "1", "0", "ab", true, false, null];
	const lists = [[], [[]], [1], [1, 2], [2, 1], [[1], 2], [1, [2]]];
	const texts = [["a", "b"], ["ab"], [["a"], "b"]];
	const records = [{}, { a: 1 }, { a: 1, b: 2 }, { a: 2, b: 1 }, { ab: 12 }];
	const nested = [{ a: { b: 1 } }, { a: {}, b: 1 }];
	const sets = [new Set(), new Set([1]), new Set([1, 2])];
	const maps = [new Map([[1, 2]]), new Map([[2, 1]])];
	const values = [
		numbers,
		others,
		lists,
		texts,
		records,
		nested,
		sets,
		maps,
	].flat();
	expect(new Set(values.map(hashOf)).size).toBe(values.length);
});

test("a hundred thousand small records do not meet", () => {
	const seen = new Set<string>();
	for (let a = 0; a < 1000; a++)
		for (let b = 0; b < 100; b++) seen.add(hashOf({ a, b }));
	expect(seen.size).toBe(100_000);
});

test("the order of keys, maps and sets does not matter", () => {
	expect(hashOf({ a: 1, b: 2 })).toBe(hashOf({ b: 2, a: 1 }));
	expect(hashOf(new Set(["x", "y"]))).toBe(hashOf(new Set(["y", "x"])));
	const map = new Map([
		[1, { a: 1 }],
		[2, { a: 2 }],
	]);
	expect(hashOf(map)).toBe(hashOf(new Map([...map].reverse())));
	expect(hashOf({ a: 1, b: undefined })).toBe(hashOf({ a: 1 }));
});

test("a part counts as what can be seen of it", () => {
	const part = { save: () => ({ slot: 7, mark: 1 }), restore: () => {} };
	expect(hashOf([part])).toBe(hashOf([{ slot: 7, mark: 1 }]));
	expect(hashOf({ ...part, seen: () => 1 })).toBe(hashOf(1));
});

test("what is no plain data is refused", () => {
	class Counter {
		count = 1;
	}
	expect(() => hashOf({ counter: new Counter() })).toThrow("Counter");
	expect(() => hashOf([() => 1])).toThrow("function");
	expect(() => hashOf(Symbol("rule"))).toThrow("symbol");
});
