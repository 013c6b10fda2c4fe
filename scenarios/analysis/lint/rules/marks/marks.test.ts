/** Marks: what the examples of the rules do not show. */
import { describe, expect, it, test } from "vitest";
import { parseRules } from "../../../../../sim/script/check-rules.ts";
import { analyse } from "../../../services/analysis.ts";
import { NOTHING_GIVEN } from "../../../world/assumed-world.ts";
import { edited } from "../../cascades/test-edits.ts";
import { lintRuleset } from "../../run/lint-ruleset.ts";
import { rulesAlone } from "../../test-facts.ts";
import { lintRules } from "../index.ts";

const lint = (text: string) =>
	lintRuleset(rulesAlone(text), text).filter(({ lint: { code } }) =>
		/^MT[34]/.test(code),
	);
const codes = (text: string) => lint(text).map((found) => found.lint.code);

const mangle = (...lines: readonly string[]) =>
	["*mangle", ...lines, "COMMIT", ""].join("\n");
const NTH = "-m statistic --mode nth --every 2 --packet 0";

describe.each(
	lintRules.filter(({ code, fix }) => code.startsWith("MT4") && fix !== "none"),
)("the repair of $code", ({ code, examples: { bad } }) => {
	it("leaves nothing of its kind to find, and nothing new", () => {
		const [found] = lint(bad).filter((one) => one.lint.code === code);
		expect(codes(edited(bad, found?.repair ?? []))).toEqual([]);
	});
});

describe("a mark that turns give, and that comes too late for routing", () => {
	const late = (hook: string, ...more: readonly string[]) =>
		mangle(`-A ${hook} ${NTH} -j MARK --set-mark 2`, ...more);
	const found = (text: string, mark = 2) => {
		const { ruleset } = parseRules(text, { file: "my.rules" });
		const facts = analyse(ruleset, {
			...NOTHING_GIVEN,
			markRoutes: [
				{
					priority: 100,
					mark,
					mask: 0xffff_ffff,
					table: "102",
					via: null,
					interface: null,
				},
			],
		});
		return lintRuleset({ file: "my.rules", ...facts }, text).flatMap(
			({ lint: { code }, message }) => (code === "MT408" ? [message] : []),
		);
	};

	it.each(["FORWARD", "POSTROUTING"])("is found in %s", (hook) => {
		expect(found(late(hook))).toEqual([
			"mark 0x2 is set behind routing, which is to read it",
		]);
	});

	it("is found in a chain that the turns lead to", () => {
		const text = mangle(
			":LATE - [0:0]",
			`-A FORWARD ${NTH} -j LATE`,
			"-A LATE -j MARK --set-mark 2",
		);
		expect(found(text)).toHaveLength(1);
	});

	it.each([
		["PREROUTING, where routing reads it", late("PREROUTING"), 2],
		["FORWARD, for what no routing rule reads", late("FORWARD"), 3],
		[
			"FORWARD, where a rule behind reads it",
			late("FORWARD", "-A POSTROUTING -m mark --mark 2 -j DSCP --set-dscp 8"),
			2,
		],
		[
			"FORWARD, where the connection keeps it",
			late("FORWARD", "-A FORWARD -j CONNMARK --save-mark"),
			2,
		],
	])("is no fault in %s", (_, text, mark) => {
		expect(found(text, mark)).toEqual([]);
	});
});

test("a mark that another one is written over beside services that are right", () => {
	const text = `${mangle(
		`-A PREROUTING -i lan0 ${NTH} -j MARK --set-mark 1`,
		"-A PREROUTING -i lan0 -m mark --mark 0 -j MARK --set-mark 2",
		"-A PREROUTING -j CONNMARK --restore-mark",
		"-A PREROUTING -j CONNMARK --save-mark",
	)}*nat
-A PREROUTING -i wan0 -d 203.0.113.1 -p tcp --dport 80 -j DNAT --to-destination 10.20.0.11
COMMIT
`;
	expect(lint(text)).toMatchObject([
		{
			lint: { code: "MT408" },
			message:
				"mark 0x1 has no effect: mangle:PREROUTING:rule:3 writes another over it",
		},
	]);
});

describe("marks that the last rule overwrites, in chains that packets without one are led to", () => {
	const chosen = (
		last: string,
		behind = "-A IFACES -i wan1 -j MARK --set-mark 9",
	) =>
		mangle(
			":HOOK - [0:0]",
			":IFACES - [0:0]",
			":RULES - [0:0]",
			"-A PREROUTING -j HOOK",
			"-A HOOK -j CONNMARK --restore-mark",
			"-A HOOK -m mark --mark 0 -j IFACES",
			"-A HOOK -m mark --mark 0 -j RULES",
			"-A HOOK -j CONNMARK --save-mark",
			behind,
			`-A RULES -m mark --mark 0 ${NTH} -j MARK --set-mark 1`,
			`-A RULES ${last} -j MARK --set-mark 2`,
		);
	const found = (text: string) =>
		codes(text).filter((code) => code === "MT408");

	it("are found: chains that only mark read none", () => {
		expect(found(chosen(""))).toEqual(["MT408"]);
		expect(found(chosen("-m mark --mark 0"))).toEqual([]);
	});

	it("are not where a chain does something else by the mark", () => {
		expect(found(chosen("", "-A IFACES -i wan1 -j DROP"))).toEqual([]);
	});
});

describe("marks that are right", () => {
	it.each([
		[
			"restored only by packets that have none",
			mangle(
				"-A PREROUTING -m mark --mark 0/0x3f00 -j CONNMARK --restore-mark --nfmask 0x3f00 --ctmask 0x3f00",
				`-A PREROUTING -m mark --mark 0/0x3f00 ${NTH} -j MARK --set-xmark 0x100/0x3f00`,
				"-A PREROUTING -m mark --mark 0/0x3f00 -j MARK --set-xmark 0x200/0x3f00",
				"-A PREROUTING -j CONNMARK --save-mark --nfmask 0x3f00 --ctmask 0x3f00",
			),
		],
		[
			"set for shaping, behind what is saved",
			mangle(
				"-A PREROUTING -i lan0 -j CONNMARK --restore-mark",
				"-A PREROUTING -i lan0 -m mark ! --mark 0 -j ACCEPT",
				"-A PREROUTING -i lan0 -m conntrack --ctstate NEW -p udp -j MARK --set-mark 1",
				"-A PREROUTING -i lan0 -j CONNMARK --save-mark",
				"-A POSTROUTING -o wan0 -p tcp -j MARK --set-mark 5",
			),
		],
		[
			"set whole where nothing else has a bit yet",
			mangle(
				"-A PREROUTING -i lan0 -j MARK --set-mark 1",
				"-A PREROUTING -i lan0 -j MARK --set-xmark 0x10000/0x10000",
			),
		],
		[
			"set whole for packets without any",
			mangle(
				"-A PREROUTING -i lan0 -p udp -j MARK --set-xmark 0x10000/0x10000",
				"-A PREROUTING -i lan0 -m mark --mark 0 -j MARK --set-mark 1",
			),
		],
		[
			"that only routing reads",
			mangle("-A PREROUTING -i lan0 -j MARK --set-mark 1"),
		],
		[
			"of kube-proxy, beside a chain for a mark that the kubelet sets",
			`*filter
-A OUTPUT -m mark --mark 0x8000/0x8000 -j DROP
COMMIT
*nat
:KUBE-MARK-MASQ - [0:0]
-A PREROUTING -d 10.96.0.1/32 -j KUBE-MARK-MASQ
-A PREROUTING -d 10.96.0.1/32 -p tcp -j DNAT --to-destination 10.244.0.1:80
-A POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A POSTROUTING -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
COMMIT
`,
		],
	])("%s", (_, text) => {
		expect(codes(text)).toEqual([]);
	});
});

test("what FORWARD restores comes too late for routing", () => {
	const text = mangle(
		"-A PREROUTING -i lan0 -m conntrack --ctstate NEW -j MARK --set-mark 1",
		`-A PREROUTING -i lan0 -m conntrack --ctstate NEW ${NTH} -j MARK --set-mark 2`,
		"-A PREROUTING -i lan0 -m conntrack --ctstate NEW -j CONNMARK --save-mark",
		"-A FORWARD -i lan0 -j CONNMARK --restore-mark",
	);
	const found = lint(text).find(({ lint: { code } }) => code === "MT402");
	expect(found).toMatchObject({
		message: "the mark 0x2 is restored when the packet has been routed",
		at: { line: 5 },
	});
});

test("bits that overlap only by chance are named with their readers", () => {
	const text = `${mangle(
		"-A PREROUTING -p tcp -j MARK --set-mark 1",
		"-A PREROUTING -p udp -j MARK --set-mark 2",
	)}*nat
-A PREROUTING -m mark --mark 1 -j DNAT --to-destination 10.0.0.1
-A PREROUTING -m mark --mark 3 -j DNAT --to-destination 10.0.0.2
COMMIT
`;
	expect(
		lint(text).map(({ message, confidence }) => [message, confidence]),
	).toEqual([
		["mark 0x2 is set, and rules ask for 0x1 and 0x3", "likely"],
		["the rule asks for mark 0x3, and rules set 0x1 and 0x2", "likely"],
	]);
});
