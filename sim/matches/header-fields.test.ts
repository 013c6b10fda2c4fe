/** Matches that compare a single field of the packet or its frame. */
import { expect, test } from "vitest";
import { testMatch, testSkb } from "../extension/test-host.ts";
import type { Skb } from "../packet/skb/skb.ts";
import { dscp } from "./dscp.ts";
import { length } from "./length.ts";
import { mac } from "./mac.ts";
import { pkttype } from "./pkttype.ts";
import { tcpmss } from "./tcpmss.ts";
import { tos } from "./tos.ts";
import { ttl } from "./ttl.ts";

const mss = (value: number | null): Partial<Skb> => ({
	tcpOptions: { ...testSkb().tcpOptions, mss: value },
});
/** Of 10.0.0.10, by agreement. */
const ADDRESS = "02:aa:0a:00:00:0a";

test.each([
	[length, "--length 40", { length: 40 }, true],
	[length, "--length 40:60", { length: 61 }, false],
	[length, "! --length 40:60", { length: 61 }, true],
	[length, "--length 1400:", { length: 65535 }, true],
	[ttl, "--ttl-eq 64", { ttl: 64 }, true],
	[ttl, "! --ttl-eq 64", { ttl: 64 }, false],
	[ttl, "--ttl-lt 2", { ttl: 1 }, true],
	[ttl, "--ttl-lt 2", { ttl: 2 }, false],
	[ttl, "--ttl-gt 64", { ttl: 64 }, false],
	[ttl, "--ttl-gt 64", { ttl: 128 }, true],
	[tos, "--tos 0x10", { tos: 0x10 }, true],
	[tos, "--tos 0x10", { tos: 0x12 }, false],
	[tos, "--tos 0x10/0xfc", { tos: 0x12 }, true],
	// A name leaves the two upper bits out.
	[tos, "--tos Minimize-Delay", { tos: 0xd0 }, true],
	[tos, "! --tos Minimize-Delay", { tos: 0xd0 }, false],
	[dscp, "--dscp-class EF", { tos: 0xb8 }, true],
	[dscp, "--dscp-class EF", { tos: 0xbb }, true],
	[dscp, "! --dscp 46", { tos: 0xb8 }, false],
	[dscp, "--dscp 0", { tos: 0x04 }, false],
	[pkttype, "--pkt-type host", { pktType: "unicast" }, true],
	[pkttype, "--pkt-type broadcast", { pktType: "unicast" }, false],
	[pkttype, "! --pkt-type multicast", { pktType: "broadcast" }, true],
	[pkttype, "--pkt-type otherhost", { pktType: "unicast" }, false],
	[tcpmss, "--mss 1400:1500", mss(1460), true],
	[tcpmss, "--mss 1400:1500", mss(536), false],
	[tcpmss, "! --mss 1400:1500", mss(536), true],
	[tcpmss, "--mss 0:65535", mss(null), false],
	[tcpmss, "! --mss 0:65535", mss(null), true],
	[mac, `--mac-source ${ADDRESS}`, { inInterface: 2 }, true],
	[mac, `! --mac-source ${ADDRESS}`, { inInterface: 2 }, false],
	[mac, "! --mac-source 02:AA:0A:00:00:0B", { inInterface: 2 }, true],
	[mac, "--mac-source 02:AA:0A:00:00:0A", { inInterface: 2 }, true],
	// What came in no frame has no sender, be it the wrong one.
	[mac, `--mac-source ${ADDRESS}`, { inInterface: 1 }, false],
	[mac, `! --mac-source ${ADDRESS}`, { inInterface: 1 }, false],
] as const)("$0.name %s of %j: %s", (extension, options, fields, expected) => {
	expect(testMatch(extension, options)(testSkb(fields as Partial<Skb>))).toBe(
		expected,
	);
});
