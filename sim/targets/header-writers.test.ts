import { describe, expect, test } from "vitest";
import { testPorts, testSkb } from "../extension/test-host.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";
import { dscp } from "./dscp.ts";
import { targetAction } from "./test-target.ts";
import { tos } from "./tos.ts";
import { ttl } from "./ttl.ts";

describe.each([
	[tos, "--set-tos 0x10", { tos: 0xff }, { tos: 0x10 }],
	[tos, "--set-tos Minimize-Delay", { tos: 0xc3 }, { tos: 0xd0 }],
	[tos, "--set-tos 0x3/0x1", { tos: 0xff }, { tos: 0xfd }],
	[tos, "--and-tos 0xfc", { tos: 0x03 }, { tos: 0 }],
	[tos, "--or-tos 3", { tos: 0x10 }, { tos: 0x13 }],
	[tos, "--xor-tos 0xff", { tos: 0x0f }, { tos: 0xf0 }],
	// The two bits of ECN are not DSCP's.
	[dscp, "--set-dscp 46", { tos: 3 }, { tos: 0xbb }],
	[dscp, "--set-dscp-class CS0", { tos: 0xff }, { tos: 3 }],
	[ttl, "--ttl-set 1", { ttl: 64 }, { ttl: 1 }],
	[ttl, "--ttl-dec 1", { ttl: 64 }, { ttl: 63 }],
	[ttl, "--ttl-dec 65", { ttl: 64 }, { ttl: 0 }],
	[ttl, "--ttl-inc 10", { ttl: 250 }, { ttl: 255 }],
] as const)("$name %s", (target, text, before, after) => {
	test(`writes ${JSON.stringify(after)} over ${JSON.stringify(before)}, and says so`, () => {
		const ports = testPorts();
		const skb = testSkb(before);
		expect(targetAction(target, text, ports)(skb)).toBe(XT_CONTINUE);
		expect(skb).toMatchObject(after);
		expect(ports.writes.count).toBe(1);
	});
});

test.each([
	[tos, "--set-tos 0x10", { tos: 0x10 }],
	[dscp, "--set-dscp 46", { tos: 0xbb }],
	[ttl, "--ttl-set 1", { ttl: 1 }],
	[ttl, "--ttl-dec 1", { ttl: 0 }],
	[ttl, "--ttl-inc 1", { ttl: 255 }],
] as const)(
	"$name %s writes nothing when %j is there already",
	(target, text, fields) => {
		const ports = testPorts();
		const skb = testSkb(fields);
		targetAction(target, text, ports)(skb);
		expect(skb).toMatchObject(fields);
		expect(ports.writes.count).toBe(0);
	},
);
