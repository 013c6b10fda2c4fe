import { describe, expect, test } from "vitest";
import { checkRules } from "./check-rules.ts";
import { fixRules } from "./fix-rules.ts";

describe("a script becomes a file for iptables-restore", () => {
	test("with its commands in their order, repaired", () => {
		const { text, changes, faults } = fixRules(`#!/bin/sh
IPT="iptables -w"
$IPT -F
$IPT -t nat -F
$IPT \u2013N LOGDROP
$IPT -N LOGDROP 2> /dev/null || $IPT -A LOGDROP -m comment --comment "it's two"
$IPT -A LOGDROP -j DROP
$IPT -A INPTU -p tcp --dports 22,80 -j ACCEPT
$IPT -t nat -A POSTROUTING -o eth0 -j MASQUERADE
`);
		expect(faults).toEqual([]);
		expect(text).toBe(`*filter
-N LOGDROP
-A LOGDROP -m comment --comment "it's two"
-A LOGDROP -j DROP
-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT
COMMIT
*nat
-A POSTROUTING -o eth0 -j MASQUERADE
COMMIT
`);
		expect(changes.map(({ line }) => line)).toEqual([5, 1, 8, 8]);
	});

	test("with what its comments say to marktwin", () => {
		const { text } = fixRules(`#!/bin/sh
# marktwin-ignore-file MT801: old machines
# of mine
iptables -A INPUT -i lo -j ACCEPT
# marktwin-ignore MT101: weights
# the web
iptables -A INPUT -s 10.0.0.1 \\
  -j DROP
iptables-restore -n <<X
*filter
# marktwin-ignore MT102: a trial
-A INPUT -j DROP
COMMIT
X
`);
		expect(text).toBe(`# marktwin-ignore-file MT801: old machines
*filter
-A INPUT -i lo -j ACCEPT
# marktwin-ignore MT101: weights
-A INPUT -s 10.0.0.1 -j DROP
# marktwin-ignore MT102: a trial
-A INPUT -j DROP
COMMIT
`);
	});

	test("of one that loads comes the same ruleset", () => {
		const script = `iptables -A INPUT -j LOG
iptables-restore <<X
*filter
-A INPUT -m comment --comment "a \\"b" -j DROP
COMMIT
X
iptables --table=nat -I PREROUTING -p tcp -j REDIRECT
iptables -S
`;
		const { text, faults, isScript } = fixRules(script);
		expect({ faults, isScript }).toEqual({ faults: [], isScript: true });
		const lines = (of: string) => {
			const { ruleset } = checkRules(of);
			return JSON.stringify(ruleset, (key, value) =>
				key === "line" ? 0 : value,
			);
		};
		expect(lines(text)).toBe(lines(script));
		expect(fixRules(text).text).toBe(text);
	});

	test("one that only a shell could carry out stays", () => {
		const script = "for p in 1 2; do iptables -A INPUT -p $p; done\n";
		expect(fixRules(script)).toMatchObject({
			text: script,
			changes: [],
			isRefused: true,
			faults: [{ line: 1, code: "script" }],
		});
	});

	test("any other text is repaired as ever", () => {
		expect(fixRules("*filter\nCOMIT\n")).toMatchObject({
			text: "*filter\nCOMMIT\n",
			isScript: false,
		});
	});
});
