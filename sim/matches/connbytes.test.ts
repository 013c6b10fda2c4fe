import { expect, test } from "vitest";
import {
	testEntry,
	testMatch,
	testPorts,
	testSkb,
} from "../extension/test-host.ts";
import { connbytes } from "./connbytes.ts";

const entries = [
	testEntry({
		original: { packets: 6, bytes: 600 },
		reply: { packets: 4, bytes: 5600 },
	}),
	testEntry(),
];

test.each([
	["--connbytes 6 --connbytes-mode packets --connbytes-dir original", true],
	["--connbytes 7 --connbytes-mode packets --connbytes-dir original", false],
	["--connbytes 0:10 --connbytes-mode packets --connbytes-dir both", true],
	["--connbytes 0:9 --connbytes-mode packets --connbytes-dir both", false],
	["! --connbytes 0:9 --connbytes-mode packets --connbytes-dir both", true],
	["! --connbytes 0:10 --connbytes-mode packets --connbytes-dir both", false],
	["! --connbytes 5 --connbytes-mode packets --connbytes-dir reply", true],
	["--connbytes 5600:5600 --connbytes-mode bytes --connbytes-dir reply", true],
	["--connbytes 6200: --connbytes-mode bytes --connbytes-dir both", true],
	[
		"--connbytes 100:100 --connbytes-mode avgpkt --connbytes-dir original",
		true,
	],
	["--connbytes 620:620 --connbytes-mode avgpkt --connbytes-dir both", true],
	["--connbytes 1401: --connbytes-mode avgpkt --connbytes-dir reply", false],
])("%s: %s", (options, expected) => {
	const matches = testMatch(connbytes, options, testPorts({ entries }));
	expect(matches(testSkb({ entry: 0 }))).toBe(expected);
});

test("who was there before counting began does not match, nor who has no connection", () => {
	const options = "--connbytes 0 --connbytes-mode packets --connbytes-dir both";
	const matches = testMatch(connbytes, options, testPorts({ entries }));
	expect(matches(testSkb({ entry: 1 }))).toBe(false);
	expect(matches(testSkb())).toBe(false);
});

test("the first rule that asks starts the counting", () => {
	let started = 0;
	const { conntrack } = testPorts({ entries });
	const ports = testPorts({
		conntrack: { ...conntrack, countTraffic: () => started++ },
	});
	testMatch(
		connbytes,
		"--connbytes 0 --connbytes-mode packets --connbytes-dir both",
		ports,
	);
	expect(started).toBe(1);
});
