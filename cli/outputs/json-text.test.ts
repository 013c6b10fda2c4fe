import fc from "fast-check";
import { expect, it } from "vitest";
import { jsonText } from "./json-text.ts";

const textOf = (value: unknown) => [...jsonText(value)].join("");

it("says what JSON.stringify says", () => {
	fc.assert(
		fc.property(fc.jsonValue(), (value) => {
			expect(JSON.parse(textOf(value))).toEqual(
				JSON.parse(JSON.stringify(value)),
			);
		}),
	);
});

it("leaves out what is not there, as JSON.stringify does", () => {
	const value = { a: undefined, b: [undefined, { c: undefined, d: [{}] }] };
	expect(JSON.parse(textOf(value))).toEqual(JSON.parse(JSON.stringify(value)));
});

it("writes what holds no objects on one line", () => {
	expect(textOf({ list: [{ id: 1, met: ["b1"] }], empty: [] })).toBe(
		'{\n "list": [\n  {"id":1,"met":["b1"]}\n ],\n "empty": []\n}\n',
	);
});

it("comes in pieces, so that no string gets too long", () => {
	const many = Array.from({ length: 100_000 }, (_, id) => ({
		id,
		text: "some text of a connection",
	}));
	const pieces = [...jsonText({ many })];
	expect(pieces.length).toBeGreaterThan(3);
	for (const piece of pieces) expect(piece.length).toBeLessThan(2_000_000);
});
