import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { sha256 } from "./sha256.ts";

it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])(
	"is that of Node: %i characters",
	(length) => {
		for (const text of ["a".repeat(length), "é→\0".repeat(length)])
			expect(sha256(text)).toBe(
				createHash("sha256").update(text).digest("hex"),
			);
	},
);
