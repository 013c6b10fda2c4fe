import { expect, test } from "vitest";
import {
	testMatch,
	testPorts,
	testSkb,
	UnknownOutcome,
} from "../extension/test-host.ts";
import { ACK, CWR, ECE, FIN, RST, SYN } from "../packet/packet.ts";
import { tcp } from "./tcp.ts";

test.each([
	["--dport 25", { destinationPort: 25 }, true],
	["--dport 25", { destinationPort: 26 }, false],
	["! --dport 25", { destinationPort: 26 }, true],
	["--dport smtp --sport 1024:", { sourcePort: 1024 }, true],
	["--dport smtp --sport 1024:", { sourcePort: 1023 }, false],
	["! --sport 20:21", { sourcePort: 20 }, false],
	["! --sport 20:21", { sourcePort: 22 }, true],
	["--dport :25", { destinationPort: 0 }, true],
	["! --dport 0:65535", { destinationPort: 25 }, false],
	["", { destinationPort: 25 }, true],
])("%s of %j: %s", (options, fields, expected) => {
	expect(testMatch(tcp, options)(testSkb(fields))).toBe(expected);
});

test.each([
	["--syn", SYN, true],
	["--syn", SYN | ECE | CWR, true],
	["--syn", SYN | ACK, false],
	["! --syn", SYN | ACK, true],
	["! --syn", SYN, false],
	["--tcp-flags ALL NONE", 0, true],
	["--tcp-flags ALL NONE", ECE, true],
	["--tcp-flags SYN,FIN SYN,FIN", SYN | FIN | ACK, true],
	["--tcp-flags RST RST", ACK, false],
	["! --tcp-flags RST RST", RST, false],
	// What is asked for lies outside of what is looked at.
	["--tcp-flags RST ACK", ACK, false],
])("%s of flags %i: %s", (options, tcpFlags, expected) => {
	expect(testMatch(tcp, options)(testSkb({ tcpFlags }))).toBe(expected);
});

const withOptions = (fields: object) =>
	testSkb({ tcpOptions: { ...testSkb().tcpOptions, ...fields } });

test.each([
	["2", { mss: 1460 }],
	["3", { windowScale: 0 }],
	["4", { sackPermitted: true }],
	["5", { sack: [[1, 2]] }],
	["8", { timestamp: { value: 0, echo: 0 } }],
])("option %s is found in %j", (kind, fields) => {
	const has = testMatch(tcp, `--tcp-option ${kind}`);
	const lacks = testMatch(tcp, `! --tcp-option ${kind}`);
	const packet = withOptions(fields);
	expect([has(packet), lacks(packet)]).toEqual([true, false]);
	expect([has(testSkb()), lacks(testSkb())]).toEqual([false, true]);
});

test("options that no packet of the model carries are not there", () => {
	expect(testMatch(tcp, "--tcp-option 34")(withOptions({ mss: 1 }))).toBe(
		false,
	);
	expect(testMatch(tcp, "! --tcp-option 34")(withOptions({ mss: 1 }))).toBe(
		true,
	);
});

test("whether there is padding, the model does not know", () => {
	const padded = testMatch(tcp, "--tcp-option 1", testPorts());
	expect(padded(testSkb())).toBe(false);
	expect(() => padded(withOptions({ windowScale: 7 }))).toThrow(UnknownOutcome);
});
