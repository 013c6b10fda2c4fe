import { readFileSync } from "node:fs";
import { join } from "node:path";
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

/** Debian itself has these. */
const IN_DEBIAN = ["apt", "dpkg"];

it.each(["docker/images/builder/Dockerfile", "../.ci/run"])(
	"%s installs what a build needs",
	(file) => {
		const text = readFileSync(join(import.meta.dirname, file), "utf8");
		const packages = NEEDS.filter(({ purpose }) => purpose === "build")
			.map((need) => need.package)
			.filter((name) => !IN_DEBIAN.includes(name));
		const words = new Set(text.split(/\s+/));
		expect(packages.filter((name) => !words.has(name))).toEqual([]);
	},
);
