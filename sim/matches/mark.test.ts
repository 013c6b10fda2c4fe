import { expect, test } from "vitest";
import { testMatch, testSkb } from "../extension/test-host.ts";
import { mark } from "./mark.ts";

test.each([
	["--mark 0x0", 0, true],
	["--mark 0x0", 1, false],
	["--mark 1", 1, true],
	["! --mark 1", 1, false],
	["! --mark 1", 2, true],
	["--mark 0xffffffff", -1, true],
	["--mark 0x80000000/0x80000000", -1, true],
	["--mark 0x10/0xf0", 0x1f, true],
	["--mark 0x10/0xf0", 0x2f, false],
	["! --mark 0x10/0xf0", 0x2f, true],
	// The value is compared whole: what lies outside the mask is never there.
	["--mark 0x11/0xf0", 0x11, false],
	["! --mark 0x11/0xf0", 0x11, true],
	["--mark 0/0", 77, true],
])("%s of a packet marked %i: %s", (options, value, expected) => {
	expect(testMatch(mark, options)(testSkb({ mark: value }))).toBe(expected);
});
