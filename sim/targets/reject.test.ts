import { expect, test } from "vitest";
import { testPorts, testSkb } from "../extension/test-host.ts";
import { TCP, UDP } from "../packet/packet.ts";
import { NF_DROP } from "../packet/skb/skb.ts";
import { reject } from "./reject.ts";
import { targetAction, targetCheck } from "./test-target.ts";

test.each([
	["", "icmp-port-unreachable"],
	["--reject-with tcp-reset", "tcp-reset"],
	["--reject-with icmp-host-prohibited", "icmp-host-prohibited"],
])("REJECT %s answers %s and drops the packet", (text, answer) => {
	const ports = testPorts();
	expect(targetAction(reject, text, ports)(testSkb())).toBe(NF_DROP);
	expect(ports.rejected).toEqual([answer]);
});

test("a reset answers TCP only, and the rule has to say so", () => {
	const text = "--reject-with tcp-reset";
	const words = "ipt_REJECT: TCP_RESET invalid for non-tcp";
	const check = (protocol: number, protocolInverted = false) =>
		targetCheck(reject, text, { header: { protocol, protocolInverted } });
	expect(check(TCP)).toBeNull();
	expect(check(UDP)).toBe(words);
	expect(check(0)).toBe(words);
	expect(check(TCP, true)).toBe(words);
	expect(targetCheck(reject, "", { header: { protocol: UDP } })).toBeNull();
});
