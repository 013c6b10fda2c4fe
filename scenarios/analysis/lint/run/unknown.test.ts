import { expect, it } from "vitest";
import { parseRules } from "../../../../sim/script/check-rules.ts";
import { analyse } from "../../services/analysis.ts";
import { NOTHING_GIVEN } from "../../world/assumed-world.ts";
import { rulesAlone } from "../test-facts.ts";
import { unknownOf } from "./unknown.ts";

const nat = (...lines: readonly string[]) =>
	["*nat", ...lines.map((line) => `-A PREROUTING ${line}`), "COMMIT", ""].join(
		"\n",
	);
const WEB = "-d 203.0.113.1 -p tcp --dport 80";
const BALANCER = [
	`${WEB} -m statistic --mode nth --every 2 --packet 0 -j DNAT --to 10.0.0.1`,
	`${WEB} -j DNAT --to 10.0.0.2`,
];

it("knows what a ruleset does whose rules are modelled", () => {
	expect(unknownOf(rulesAlone(nat(...BALANCER)))).toEqual([]);
});

it("names the rule that is not modelled where packets of a service reach it", () => {
	const chaos = "*filter\n-A FORWARD -p tcp -j CHAOS\nCOMMIT\n";
	expect(unknownOf(rulesAlone(chaos + nat(...BALANCER)))).toEqual([
		expect.stringMatching(
			/^tcp 203\.0\.113\.1:80: a way of its packets is unknown: .*CHAOS.*\(filter:FORWARD:rule:1, line 2\)$/,
		),
	]);
});

it("says nothing of one that they do not reach, or of what nothing bounds", () => {
	const chaos = "*filter\n-A FORWARD -p udp -j CHAOS\nCOMMIT\n";
	const limit = `${WEB} -m limit --limit 5/s -j RETURN`;
	expect(unknownOf(rulesAlone(chaos + nat(limit, ...BALANCER)))).toEqual([]);
});

it.each([
	["-m geoip --src-cc DE", "the addresses of DE"],
	["-m set --match-set special src", "the members of the set special"],
	["-m set ! --match-set special src", "the members of the set special"],
	["-m physdev --physdev-in eth1", "the ports of a bridge"],
	["-m string --string GET --algo bm", "the payload of the packet"],
	["-m policy --dir in --pol none", "the policies of IPsec"],
])("says that shares rest on %s", (match, on) => {
	const rule = `${WEB} ${match} -j RETURN`;
	expect(unknownOf(rulesAlone(nat(rule, ...BALANCER)))).toEqual([
		`tcp 203.0.113.1:80: its shares are unknown: they depend on ${on} (nat:PREROUTING:rule:1, line 2), and the model does not know that`,
	]);
});

it("says so where the rule that jumps asks", () => {
	const rules = [
		"*nat",
		":WEB - [0:0]",
		"-A PREROUTING -p tcp -m set --match-set vips dst,dst -j WEB",
		...BALANCER.map((rule) => `-A WEB ${rule}`),
		"COMMIT",
	];
	expect(unknownOf(rulesAlone(`${rules.join("\n")}\n`))).toEqual([
		expect.stringContaining("the members of the set vips"),
	]);
});

it("says of rules for what the gateway sends from an address that it does not have, that no packet met them", () => {
	const rules = nat(...BALANCER.map((one) => `-s 192.168.77.1 ${one}`));
	const own = rules.replaceAll("PREROUTING", "OUTPUT");
	expect(unknownOf(rulesAlone(own))).toEqual([
		"no service was found, though rules say where connections go",
		expect.stringContaining("no packet that was walked matches line 2: "),
		expect.stringContaining("no packet that was walked matches line 3: "),
	]);
});

it("says of the rule that takes the rest of turns that no packet met it either, and of no other one for sources", () => {
	const MAIL = "-s 192.0.2.25 -o wan0 -p tcp --dport 25";
	const rules = nat(
		`${MAIL} -m statistic --mode nth --every 2 --packet 0 -j SNAT --to-source 203.0.113.5`,
		`${MAIL} -j SNAT --to-source 203.0.113.6`,
		"-s 192.0.2.0/24 -o wan0 -j MASQUERADE",
	).replaceAll("PREROUTING", "POSTROUTING");
	const { ruleset } = parseRules(rules, { file: "my.rules" });
	const interfaces = [
		{ name: "lan0", addresses: ["192.168.1.1/24"], mtu: 1500 },
		{ name: "eth9", addresses: ["203.0.113.1/24"], mtu: 1500 },
	];
	const analysis = analyse(ruleset, { ...NOTHING_GIVEN, interfaces });
	expect(unknownOf({ ...analysis, file: "my.rules" })).toEqual([
		"no service was found, though rules say where connections go",
		expect.stringContaining("no packet that was walked matches line 2: "),
		expect.stringContaining("no packet that was walked matches line 3: "),
	]);
});

it("says nothing of an answer on which no share rests", () => {
	const rule = `${WEB} -m set --match-set seen src -j ACCEPT`;
	const mangle = `*mangle\n-A PREROUTING ${rule}\nCOMMIT\n`;
	expect(unknownOf(rulesAlone(mangle + nat(...BALANCER)))).toEqual([]);
});

it("says that there was nothing to analyse", () => {
	expect(unknownOf(rulesAlone(""))).toHaveLength(1);
});

it("says of rules that no packet met that nothing was judged about them", () => {
	const facts = rulesAlone(nat(...BALANCER));
	const at = {
		rule: "nat:PREROUTING:rule:1",
		line: 2,
		text: "-A X",
		isTold: false,
	};
	const words = "no packet that was walked matches line 2: -A X";
	expect(unknownOf({ ...facts, unmet: [at] })).toEqual([words]);
	expect(unknownOf({ ...facts, unmet: [{ ...at, isTold: true }] })).toEqual([]);
	expect(unknownOf({ ...facts, services: [], unmet: [at] })).toEqual([
		"no service was found, though rules say where connections go",
		words,
	]);
});
