import { expect, test } from "vitest";
import { testMatch, testPorts, testSkb } from "../extension/test-host.ts";
import { SCTP } from "../kernel.ts";
import { TCP } from "../packet/packet.ts";
import { multiport } from "./multiport.ts";

const use = (options: string) =>
	testMatch(multiport, options, testPorts(), { protocol: "tcp" });

test.each([
	["--dports 25,587", 40000, 587, true],
	["--dports 25,587", 587, 40000, false],
	["! --dports 25,587", 587, 40000, true],
	["--sports 20:21,25", 21, 1, true],
	["--sports 20:21,25", 22, 20, false],
	["--ports smtp", 25, 1, true],
	["--ports smtp", 1, 25, true],
	["! --ports smtp", 1, 25, false],
	["--dports 0,65535", 1, 65535, true],
])("%s of %i > %i: %s", (options, sourcePort, destinationPort, expected) => {
	const packet = testSkb({ protocol: TCP, sourcePort, destinationPort });
	expect(use(options)(packet)).toBe(expected);
});

test("other protocols have their ports in their first octets", () => {
	const packet = (payload: string) =>
		testSkb({ protocol: SCTP, payload, sourcePort: 0, destinationPort: 0 });
	expect(use("--dports 25")(packet("\x9c\x40\x00\x19"))).toBe(true);
	expect(use("--sports 40000")(packet("\x9c\x40\x00\x19"))).toBe(true);
	expect(use("--sports 25")(packet("\x9c\x40\x00\x19"))).toBe(false);
	expect(use("! --ports 25")(packet("\x9c\x40\x00\x19"))).toBe(false);
});

test("a packet too short to have ports is dropped", () => {
	const packet = testSkb({ protocol: SCTP, payload: "\x00\x19\x00" });
	expect(use("! --dports 25")(packet)).toBe(false);
	expect(packet.hotdrop).toBe(true);
});
