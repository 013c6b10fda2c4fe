import { expect, it } from "vitest";
import { type Finding, NEEDS, remedyFor } from "./doctor.ts";

const findings = (missing: readonly string[]): readonly Finding[] =>
	NEEDS.map((need) => ({
		need,
		found: missing.includes(need.name) ? null : "there",
	}));

it("nothing is to be done where nothing is missing", () => {
	expect(remedyFor(findings([]))).toBe("");
});

it("one command gets everything that is missing, each package once", () => {
	const command = remedyFor(
		findings(["a C compiler", "flock", "setpriv", "make"]),
	).replace(/^sudo /, "");
	expect(command).toBe(
		"apt-get install --no-install-recommends util-linux gcc make",
	);
});
