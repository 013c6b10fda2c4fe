import { expect, test } from "vitest";
import { testMatch, testSkb } from "../extension/test-host.ts";
import { UDP } from "../packet/packet.ts";
import { udp } from "./udp.ts";

test.each([
	["--dport 53", { destinationPort: 53 }, true],
	["--dport domain", { destinationPort: 54 }, false],
	["! --dport 53", { destinationPort: 54 }, true],
	["--sport 1:2 --dport 3", { sourcePort: 2, destinationPort: 3 }, true],
	["--sport 1:2 --dport 3", { sourcePort: 2, destinationPort: 4 }, false],
	["--sport 0:65535", { sourcePort: 0 }, true],
	// Accepted, but nothing lies in it.
	["--dport 30:20", { destinationPort: 25 }, false],
	["! --dport 30:20", { destinationPort: 25 }, true],
])("%s of %j: %s", (options, fields, expected) => {
	const packet = testSkb({ protocol: UDP, ...fields });
	expect(testMatch(udp, options)(packet)).toBe(expected);
});
