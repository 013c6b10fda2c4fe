import { expect, test } from "vitest";
import { testMatch, testSkb } from "../extension/test-host.ts";
import { ICMP } from "../packet/packet.ts";
import { icmp } from "./icmp.ts";

test.each([
	["echo-request", 8, 0, true],
	["echo-request", 0, 0, false],
	["! --icmp-type echo-request", 0, 0, true],
	["3", 3, 13, true],
	["3/1", 3, 1, true],
	["3/1", 3, 3, false],
	["! --icmp-type 3/1", 3, 3, true],
	["3/1:3", 3, 2, true],
	["3/1:3", 3, 4, false],
	["any", 17, 0, true],
	["! --icmp-type any", 17, 0, false],
])("%s of type %i code %i: %s", (type, icmpType, icmpCode, expected) => {
	const options = type.includes("--") ? type : `--icmp-type ${type}`;
	const packet = testSkb({ protocol: ICMP, icmpType, icmpCode });
	expect(testMatch(icmp, options)(packet)).toBe(expected);
});
