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

	it("is unknown where other packets get it, by the same condition", () => {
		const classes = (one: number, other: number) =>
			mangle(
				`-m condition --condition up -j CLASSIFY --set-class 1:${one}`,
				`-m condition ! --condition up -j CLASSIFY --set-class 1:${other}`,
			);
		const { document } = compared(classes(10, 11), classes(11, 10));
		expect(document.verdict).toBe("unknown");
		expect(document.unknown.join("\n")).toContain("other packets than before");
		expect(verdictOf(classes(10, 10), classes(10, 10))).toBe("same");
	});
});

/** To UDP's ports 8080 to 8083. */
function nat(target: string): string {
	return `*nat\n-A PREROUTING -p udp --dport 8080:8083 -j ${target}\nCOMMIT\n`;
}

const TO = "DNAT --to-destination 192.168.0.1";

describe("what a translation gives where a port is taken", () => {
	it.each([
		["a range, or none", `${TO}:8080-8083`, TO],
		["a wider range", `${TO}:8080-8083`, `${TO}:8080-8090`],
		["a range from a base on, or none", `${TO}:8080-8083/8080`, TO],
		["of REDIRECT", "REDIRECT --to-ports 8080-8083", "REDIRECT"],
	])("is unknown: %s", (_, one, other) => {
		for (const [old, young] of [
			[one, other],
			[other, one],
		] as const) {
			const { document } = compared(nat(old), nat(young));
			expect(document.verdict).toBe("unknown");
			expect(document.unknown.join("\n")).toContain(
				"another port is taken where a connection has the addresses and ports already",
			);
		}
	});

	it.each([
		["one port, as it came or by name", `${TO}:8080`, TO],
		[
			"a range of one address",
			`${TO}:8080-8083`,
			"DNAT --to-destination 192.168.0.1-192.168.0.1:8080-8083",
		],
		["persistence with one address", TO, `${TO} --persistent`],
		["a draw among no ports", TO, `${TO} --random`],
	])("is the same: %s", (_, one, other) => {
		const of8080 = (target: string) => nat(target).replace(":8083 ", " ");
		expect(verdictOf(of8080(one), of8080(other))).toBe("same");
	});

	it.each([
		["all but one port get another one", `${TO}:8080`],
		["most get a port of a range", `${TO}:8080-8081`],
		["they are shifted", `${TO}:8080-8083/8083`],
	])("is a change where %s", (_, target) => {
		expect(verdictOf(nat(target), nat(TO))).toBe("different");
		expect(verdictOf(nat(TO), nat(target))).toBe("different");
	});
});
