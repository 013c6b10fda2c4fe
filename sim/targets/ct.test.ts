import { describe, expect, test } from "vitest";
import { testSkb, UnknownOutcome } from "../extension/test-host.ts";
import { TCP } from "../packet/packet.ts";
import {
	CTINFO_INVALID,
	CTINFO_NEW,
	CTINFO_UNTRACKED,
	XT_CONTINUE,
} from "../packet/skb/skb.ts";
import { ct } from "./ct.ts";
import { notrack } from "./notrack.ts";
import { targetAction, targetCheck } from "./test-target.ts";

/** The packet after it has met the targets, one after the other. */
function meet(texts: readonly string[], skb = testSkb()) {
	for (const text of texts)
		expect(targetAction(ct, text)(skb)).toBe(XT_CONTINUE);
	return skb;
}

test("--notrack keeps conntrack away from the packet; NOTRACK is the same", () => {
	expect(meet(["--notrack"]).ctinfo).toBe(CTINFO_UNTRACKED);
	const skb = testSkb();
	targetAction(notrack, "")(skb);
	expect(skb.ctinfo).toBe(CTINFO_UNTRACKED);
});

describe("zones", () => {
	test.each([
		["--zone 7", { zoneOriginal: 7, zoneReply: 7 }],
		["--zone-orig 7", { zoneOriginal: 7, zoneReply: 0 }],
		["--zone-reply 7", { zoneOriginal: 0, zoneReply: 7 }],
		["--zone-orig 7 --zone-reply 8", { zoneOriginal: 8, zoneReply: 8 }],
		["--ctevents new", { zoneOriginal: 0, zoneReply: 0 }],
	])("CT %s leaves the template %j", (text, template) => {
		const skb = meet([text]);
		expect(skb.template).toEqual(template);
		expect(skb.ctinfo).toBe(CTINFO_INVALID);
	});

	test("--zone mark counts the mark as it is when conntrack sees the packet", () => {
		const skb = meet(["--zone-orig mark"], testSkb({ mark: 1 }));
		skb.mark = 0x12345;
		expect(skb.template?.zoneOriginal).toBe(0x2345);
		expect(skb.template?.zoneReply).toBe(0);
	});
});

test("the first CT that a packet meets decides", () => {
	expect(meet(["--zone 1", "--zone 2"]).template?.zoneOriginal).toBe(1);
	expect(meet(["--zone 1", "--notrack"]).ctinfo).toBe(CTINFO_INVALID);
	expect(meet(["--notrack", "--zone 1"]).template).toBeNull();
});

test("a packet that is tracked already stays so", () => {
	const skb = meet(["--notrack", "--zone 1"], testSkb({ entry: 3 }));
	expect(skb.ctinfo).toBe(CTINFO_NEW);
	expect(skb.template).toBeNull();
});

test.each(["--helper ftp", "--timeout short"])(
	"what %s would do is unknown, and it needs a protocol",
	(text) => {
		expect(() => targetAction(ct, text)(testSkb())).toThrow(UnknownOutcome);
		expect(targetCheck(ct, text)).toContain("You must specify a L4 protocol");
		expect(targetCheck(ct, text, { header: { protocol: TCP } })).toBeNull();
	},
);
