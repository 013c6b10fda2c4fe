import { expect, test } from "vitest";
import { testSkb } from "../extension/test-host.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";
import { mark } from "./mark.ts";
import { targetAction } from "./test-target.ts";

test.each([
	["--set-mark 1", 0xff, 1],
	["--set-mark 0x10/0xf0", 0xff, 0x1f],
	// The bits of the value are cleared too, or they would be turned over.
	["--set-mark 0x3/0x1", 0xff, 0xff],
	["--set-xmark 0x3/0x1", 0xff, 0xfd],
	["--and-mark 0x0f", 0xff, 0x0f],
	["--or-mark 0x100", 0xff, 0x1ff],
	["--xor-mark 0x101", 0xff, 0x1fe],
	["--set-mark 0xffffffff", 0, -1],
])("MARK %s makes of %i %i, and the packet goes on", (text, before, after) => {
	const skb = testSkb({ mark: before });
	expect(targetAction(mark, text)(skb)).toBe(XT_CONTINUE);
	expect(skb.mark).toBe(after);
});
