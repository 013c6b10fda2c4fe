import { describe, expect, it } from "vitest";
import { compared } from "./test-diff.ts";

function mangle(...rules: readonly string[]): string {
	return `*mangle\n${rules.map((rule) => `-A POSTROUTING ${rule}\n`).join("")}COMMIT\n`;
}

function verdictOf(before: string, after: string): string {
	return compared(before, after).document.verdict;
}

describe("what one packet does not show", () => {
	it.each([
		["another class", "-j CLASSIFY --set-class 1:10", "1:10", "1:11"],
		["another label", "-j SECMARK --selctx a:b:c:s0", "a:b:c", "a:b:d"],
		["another set", "-j SET --add-set one src", "one", "two"],
		[
			"a size that the packet has already",
			"-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1460",
			"1460",
			"1470",
		],
		[
			"other packets for a class",
			"-p udp --dport 53 -j CLASSIFY --set-class 1:10",
			"53",
			"54",
		],
	])("is unknown: %s", (_, rule, one, other) => {
		const { document } = compared(
			mangle(rule),
			mangle(rule.replace(one, other)),
		);
		expect(document.verdict).toBe("unknown");
		expect(document.unknown.join("\n")).toContain(
			"of which one packet shows nothing",
		);
	});

	it.each([
		"-p udp --dport 68 -j CHECKSUM --checksum-fill",
		"-p tcp -j ECN --ecn-tcp-remove",
		"-j DSCP --set-dscp 0",
		"-j CONNSECMARK --save",
	])("is unknown where the rule is gone: %s", (rule) => {
		expect(verdictOf(mangle(rule), mangle())).toBe("unknown");
	});

	it("is unknown where a chain that stays is no longer asked", () => {
		const rules = (jump: string) =>
			`*mangle\n:SHAPE - [0:0]\n${jump}-A SHAPE -j CLASSIFY --set-class 1:10\nCOMMIT\n`;
		const jump = "-A POSTROUTING -j SHAPE\n";
		expect(verdictOf(rules(jump), rules(""))).toBe("unknown");
	});

	it("is a change where the packet shows it", () => {
		const to = (value: number) => mangle(`-j DSCP --set-dscp ${value}`);
		expect(verdictOf(to(10), to(12))).toBe("different");
	});

	it.each(["NFLOG --nflog-group", "LOG --log-level", "LED --led-trigger-id"])(
		"is no change where a rule only reports: %s",
		(target) => {
			const to = (value: number) => mangle(`-j ${target} ${value}`);
			expect(verdictOf(to(1), to(2))).toBe("same");
		},
	);

	it("is the same where the rule is written otherwise", () => {
		const rule = "-j CLASSIFY --set-class 1:10";
		const verdict = verdictOf(
			mangle(rule),
			mangle(`-m comment --comment web ${rule}`),
		);
		expect(verdict).toBe("same");
	});
});
