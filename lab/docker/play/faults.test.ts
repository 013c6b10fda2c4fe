import { expect, it } from "vitest";
import { lossy, slow } from "../../../scenarios/language/build/build.ts";
import { whyNotFault } from "./faults.ts";

it("has every behaviour, but none so slow that postfix would give its client up", () => {
	expect(whyNotFault({ kind: "drain" }, true)).toBe(null);
	expect(whyNotFault(lossy(0.999), true)).toBe(null);
	expect(whyNotFault(slow(90_000), true)).toBe(null);
	expect(whyNotFault(slow(100_000), true)).toBe(
		"a mail server cannot be made slower than by 90 s",
	);
	expect(whyNotFault({ kind: "unavailable" }, true)).toContain("421");
});

it("has every behaviour of other programs", () => {
	expect(whyNotFault({ kind: "unavailable" }, false)).toBe(null);
	expect(whyNotFault(slow(100_000), false)).toBe(null);
});
