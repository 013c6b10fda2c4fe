import { expect, test } from "vitest";
import {
	testEntry,
	testMatch,
	testPorts,
	testSkb,
} from "../extension/test-host.ts";
import { connmark } from "./connmark.ts";

test.each([
	["--mark 1", 1, true],
	["! --mark 1", 1, false],
	["--mark 0x10/0xf0", 0x15, true],
	["! --mark 0x10/0xf0", 0x15, false],
	["--mark 0x11/0xf0", 0x11, false],
	["--mark 0xffffffff", -1, true],
])("%s of a connection marked %i: %s", (options, value, expected) => {
	const ports = testPorts({ entries: [testEntry({ mark: value })] });
	// The packet's own mark has no say.
	const packet = testSkb({ entry: 0, mark: 0x77 });
	expect(testMatch(connmark, options, ports)(packet)).toBe(expected);
});

test("a packet without a connection matches neither way", () => {
	expect(testMatch(connmark, "--mark 0")(testSkb())).toBe(false);
	expect(testMatch(connmark, "! --mark 5")(testSkb())).toBe(false);
});

test("the mark is read when the packet comes, not before", () => {
	const entry = testEntry({ mark: 1 });
	const matches = testMatch(
		connmark,
		"--mark 2",
		testPorts({ entries: [entry] }),
	);
	expect(matches(testSkb({ entry: 0 }))).toBe(false);
	entry.mark = 2;
	expect(matches(testSkb({ entry: 0 }))).toBe(true);
});
