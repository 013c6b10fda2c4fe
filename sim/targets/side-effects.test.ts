import { expect, test } from "vitest";
import { testSkb } from "../extension/test-host.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";
import { audit } from "./audit.ts";
import { checksum } from "./checksum.ts";
import { classify } from "./classify.ts";
import { idletimer } from "./idletimer.ts";
import { targetAction, targetCheck } from "./test-target.ts";
import { trace } from "./trace.ts";

test.each([
	[trace, "", { traced: true }],
	[classify, "--set-class 1:ffff", { priority: 0x1ffff }],
	[classify, "--set-class ffff:0", { priority: 0xffff0000 | 0 }],
	[checksum, "--checksum-fill", {}],
	[audit, "--type drop", {}],
	[idletimer, "--timeout 60 --label mail", {}],
] as const)(
	"$name %s changes no more than %j, and the packet goes on",
	(target, text, change) => {
		const skb = testSkb();
		expect(targetAction(target, text)(skb)).toBe(XT_CONTINUE);
		expect(skb).toEqual(testSkb(change));
	},
);

test("the kernel wants an idle time that it can count, and a name for it", () => {
	const check = (timeout: number) =>
		targetCheck(idletimer, `--timeout ${timeout} --label mail`);
	expect(check(2147482)).toBeNull();
	expect(check(0)).toContain("zero");
	expect(check(2147483)).toContain("too big");
	expect(check(4294967295)).toContain("too big");
});
