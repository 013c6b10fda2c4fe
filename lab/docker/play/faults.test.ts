import { expect, it } from "vitest";
import { lossy, slow } from "../../../scenarios/language/build/build.ts";
import { whyNotFault } from "./faults.ts";

it("has every behaviour, but none so slow that postfix would give its client up", () => {
	expect(whyNotFault({ kind: "drain" })).toBe(null);
	expect(whyNotFault(lossy(0.999))).toBe(null);
	expect(whyNotFault(slow(90_000))).toBe(null);
	expect(whyNotFault(slow(100_000))).toBe(
		"a mail server cannot be made slower than by 90 s",
	);
});
