import fc from "fast-check";
import { expect, it } from "vitest";
import { duplicateKey } from "./duplicate-keys.ts";

it.each([
	['{"a":1,"a":2}', "", "a", "line 1:8"],
	['{"s":[1,{"x":"}\\"","y":{"k":[],\n "k":{}}}]}', "s[1].y", "k", "line 2:2"],
	['[{"a":{"b":1}},{"b":1,"\\u0062":2}]', "[1]", "b", "line 1:23"],
	['{"__proto__":1,"__proto__":2}', "", "__proto__", "line 1:16"],
])("is found with its path and its place: %s", (text, path, key, place) => {
	expect(duplicateKey(text)).toEqual({ key, path, place });
});

it("is in nothing that JSON.stringify writes", () => {
	fc.assert(
		fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
			expect(duplicateKey(JSON.stringify(value, null, indent))).toBeNull();
		}),
	);
});

it("is looked for in long texts and deep ones, too", () => {
	const long = `"${"\\\\".repeat(5_000_000)}"`;
	const deep = "[".repeat(100_000) + "]".repeat(100_000);
	expect(duplicateKey(`{"a":${long},"b":${deep},"a":0}`)?.key).toBe("a");
});
