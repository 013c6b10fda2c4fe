import fc from "fast-check";
import { expect, it } from "vitest";
import { uniqueNames } from "./unique-names.ts";

it.each([
	[
		["x", "x-2", "x"],
		["x", "x-2", "x-3"],
	],
	[
		["x", "x", "x-2"],
		["x", "x-3", "x-2"],
	],
	[
		["x", "x", "x"],
		["x", "x-2", "x-3"],
	],
])("gives each of %j a name of its own", (names, unique) => {
	expect(uniqueNames(names)).toEqual(unique);
});

it("keeps every name that is there once, and repeats none", () => {
	const name = fc.stringMatching(/^[xy](-[2-4])?$/);
	fc.assert(
		fc.property(fc.array(name), (names) => {
			const unique = uniqueNames(names);
			expect(new Set(unique).size).toBe(names.length);
			for (const one of names) expect(unique).toContain(one);
		}),
	);
});
