import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { Fingerprints } from "./fingerprint.ts";

it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])(
	"is Node's SHA-256: a rule of %i characters, and one that is equal",
	(length) => {
		for (const text of ["a".repeat(length), "é→\0".repeat(length)]) {
			const fingerprints = new Fingerprints();
			for (const ordinal of [0, 1]) {
				const at = { rule: "nat:PREROUTING:rule:1", text };
				const hash = createHash("sha256")
					.update(["MT101", "nat", text, ordinal].join("\0"))
					.digest("hex");
				expect(fingerprints.of({ code: "MT101" }, { at })).toBe(
					hash.slice(0, 16),
				);
			}
		}
	},
);
