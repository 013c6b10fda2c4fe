import { expect, test } from "vitest";
import { ip, testMatch, testSkb } from "../extension/test-host.ts";
import { iprange } from "./iprange.ts";

test.each([
	["--src-range 10.0.0.10-10.0.0.20", "10.0.0.10", true],
	["--src-range 10.0.0.10-10.0.0.20", "10.0.0.20", true],
	["--src-range 10.0.0.10-10.0.0.20", "10.0.0.21", false],
	["! --src-range 10.0.0.10-10.0.0.20", "10.0.0.21", true],
	// Addresses above 127.255.255.255 are negative numbers to the model.
	["--src-range 10.0.0.0-200.0.0.0", "192.168.0.1", true],
	["--src-range 127.0.0.0-128.0.0.0", "127.0.0.1", true],
	["--src-range 192.168.0.0-192.168.0.255", "10.0.0.1", false],
	["--src-range 10.0.0.20-10.0.0.10", "10.0.0.15", false],
	["--src-range 10.0.0.15", "10.0.0.15", true],
])("%s of %s: %s", (options, source, expected) => {
	const packet = testSkb({ source: ip(source) });
	expect(testMatch(iprange, options)(packet)).toBe(expected);
});

test("both ranges must hold", () => {
	const both = testMatch(
		iprange,
		"--src-range 10.0.0.0-10.0.0.255 ! --dst-range 10.0.0.1-10.0.0.9",
	);
	expect(both(testSkb({ destination: ip("10.0.0.1") }))).toBe(false);
	expect(both(testSkb({ destination: ip("10.0.0.10") }))).toBe(true);
});
