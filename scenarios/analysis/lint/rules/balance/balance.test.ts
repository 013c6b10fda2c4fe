/** Balancing: what the examples of the rules do not show, above all rulesets that look alike and are right. */
import { describe, expect, it, test } from "vitest";
import { printRational } from "../../../../../sim/rational.ts";
import { edited } from "../../cascades/test-edits.ts";
import { lintRuleset } from "../../run/lint-ruleset.ts";
import { rulesAlone } from "../../test-facts.ts";

const TO = "-d 203.0.113.10/32 -p tcp -m tcp --dport 80";
const nth = (every: number, packet = 0) =>
	`-m statistic --mode nth --every ${every} --packet ${packet}`;
const random = (probability: number) =>
	`-m statistic --mode random --probability ${probability}`;
const dnat = (...matches: readonly string[]) =>
	["*nat"]
		.concat(
			matches.map(
				(match, index) =>
					`-A PREROUTING ${TO} ${match} -j DNAT --to-destination 10.20.0.${index + 1}`,
			),
		)
		.concat("COMMIT", "")
		.join("\n");
const marks = (...rules: readonly (readonly [match: string, mark: number])[]) =>
	["*mangle"]
		.concat(
			rules.map(
				([match, mark]) =>
					`-A PREROUTING ${TO} -m conntrack --ctstate NEW ${match} -j MARK --set-mark ${mark}`,
			),
		)
		.concat("COMMIT", "*nat")
		.concat(
			rules.map(
				([, mark]) =>
					`-A PREROUTING ${TO} -m mark --mark ${mark} -j DNAT --to-destination 10.20.0.${mark}`,
			),
		)
		.concat("COMMIT", "")
		.join("\n");

const lint = (text: string) =>
	lintRuleset(rulesAlone(text), text).filter(
		({ lint: { category } }) => category === "balance",
	);
const codes = (text: string) => lint(text).map(({ lint: { code } }) => code);
/** A hash picks one of so many marks, of which rules take 1 and 2. */
const hashed = (modulus: number, rest = "") =>
	`*mangle\n-A PREROUTING ${TO} -j HMARK --hmark-tuple src --hmark-mod ${modulus} --hmark-offset 1 --hmark-rnd 7\nCOMMIT\n*nat\n${[
		1, 2,
	]
		.map(
			(mark) =>
				`-A PREROUTING ${TO} -m mark --mark ${mark} -j DNAT --to-destination 10.20.0.${mark}\n`,
		)
		.join("")}${rest}COMMIT\n`;

test("no-backend: a hash that picks more marks than rules take", () => {
	const [found] = lint(hashed(3));
	expect(found?.lint.code).toBe("MT101");
	expect(found?.message).toBe(
		"1/3 (33.3 %) of the connections to tcp 203.0.113.10:80 that come to this rule get no backend",
	);
	expect(codes(hashed(2))).toEqual([]);
	const rest = `-A PREROUTING ${TO} -j DNAT --to-destination 10.20.0.3\n`;
	expect(codes(hashed(3, rest))).toEqual([]);
});

const shares = (text: string) =>
	rulesAlone(text).services[0]?.classes[0]?.vectors[0]?.split.parts.map(
		({ share }) =>
			share.kind === "exact" ? printRational(share.value) : share.kind,
	);

describe("is right", () => {
	it.each<readonly [string, string]>([
		["weights 2:1:1 by counters", dnat(nth(2), nth(2), "")],
		["weights 2:1:1 by chance", dnat(random(0.5), random(0.5), "")],
		["weights 4:2:1:1", dnat(nth(2), nth(2), nth(2), "")],
		["weights 3:1", dnat(nth(4, 3), "")],
		["one of ten for a new version", dnat(nth(10), "")],
		["3, 2, and the rest", dnat(nth(3), nth(2), "")],
		["thirds by chance", dnat(random(0.3333), random(0.5), "")],
		["one counter for all of them", dnat(nth(1))],
		["counters in step before MARK", marks([nth(2), 1], [nth(2, 1), 2])],
		["1, 1/2, 1/3 before MARK", marks(["", 1], [nth(2), 2], [nth(3), 3])],
		["a default that is overwritten by half", marks(["", 1], [nth(2), 2])],
	])("%s", (_, text) => {
		expect(codes(text)).toEqual([]);
	});
});

describe("is found and repaired", () => {
	it.each<readonly [string, string, string]>([
		["every 2 twice", dnat(nth(2), nth(2, 1)), "MT101"],
		["every 3 twice and the rest", dnat(nth(3), nth(3, 1), ""), "MT102"],
		[
			"every 3 three times, a packet each, and a rest that is to get none",
			dnat(nth(3), nth(3, 1), nth(3, 2), ""),
			"MT102",
		],
		["2, 3 and the rest", dnat(nth(2), nth(3), ""), "MT102"],
		["0.5 twice", dnat(random(0.5), random(0.5)), "MT101"],
		["0.5, 0.33 and the rest", dnat(random(0.5), random(0.33), ""), "MT102"],
		["0.33, 0.66, 1", dnat(random(0.33), random(0.66), random(1)), "MT102"],
		[
			"3 and 2 over a default",
			marks(["", 1], [nth(3), 2], [nth(2), 3]),
			"MT104",
		],
		[
			"0.33 and 0.5 over a default",
			marks(["", 1], [random(0.33), 2], [random(0.5), 3]),
			"MT104",
		],
		[
			"0.33 twice over a default",
			marks(["", 1], [random(0.33), 2], [random(0.33), 3]),
			"MT102",
		],
		[
			"2, 3, 4 over a default",
			marks(["", 1], [nth(2), 2], [nth(3), 3], [nth(4), 4]),
			"MT102",
		],
		[
			"0.33 three times before MARK",
			marks([random(0.33), 1], [random(0.33), 2], [random(0.33), 3]),
			"MT101",
		],
		[
			"the same packet twice before MARK",
			marks([nth(2), 1], [nth(2), 2]),
			"MT101",
		],
		["a default that stands last", marks([nth(2), 1], ["", 2]), "MT104"],
		[
			"0.5 and a default that stands last",
			marks([random(0.5), 1], ["", 2]),
			"MT104",
		],
		[
			"3, 3 and a default that stands last",
			marks([nth(3), 1], [nth(3, 1), 2], ["", 3]),
			"MT104",
		],
	])("%s", (_, text, code) => {
		const found = lint(text);
		expect(found.map(({ lint }) => lint.code)).toContain(code);
		const repaired = edited(
			text,
			found.find(({ lint }) => lint.code === code)?.repair ?? [],
		);
		expect(codes(repaired)).toEqual([]);
		const parts = shares(repaired)?.filter((share) => share !== "0") ?? [];
		const numbers = parts.map((part) => {
			const [top = "", bottom = "1"] = part.split("/");
			return Number(top) / Number(bottom);
		});
		for (const one of numbers) expect(one).toBeCloseTo(1 / numbers.length, 8);
	});
});

test("a rest without a rule is found, and is no mistake that is known", () => {
	const [found] = lint(dnat(nth(4), nth(2)));
	expect(found).toMatchObject({
		lint: { code: "MT101" },
		message:
			"3/8 (37.5 %) of the connections to tcp 203.0.113.10:80 get no backend",
		confidence: "likely",
		repair: [],
	});
});

test("a policy that drops the rest is named", () => {
	const text = `${dnat(nth(2), nth(2, 1))}*filter\n:INPUT DROP [0:0]\nCOMMIT\n`;
	expect(lint(text)[0]?.happens).toContain(
		"What is left is dropped by filter:INPUT:policy",
	);
});

test("services with the same rules have one finding", () => {
	const text = `*nat
:WEB - [0:0]
-A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 80 -j WEB
-A PREROUTING -d 203.0.113.11/32 -p tcp -m tcp --dport 443 -j WEB
-A WEB -p tcp ${random(0.5)} -j DNAT --to-destination 10.20.0.1
-A WEB -p tcp ${random(0.5)} -j DNAT --to-destination 10.20.0.2
COMMIT
`;
	const found = lint(text);
	expect(found.map(({ lint }) => lint.code)).toEqual(["MT101"]);
	expect(found[0]?.happens).toContain("tcp 203.0.113.11:443");
});

test("a counter of one service that two interfaces lead to is not shared", () => {
	const text = `*nat
:WEB - [0:0]
-A PREROUTING -d 203.0.113.10/32 -i eth0 -p tcp -m tcp --dport 80 -j WEB
-A PREROUTING -d 203.0.113.10/32 -i eth1 -p tcp -m tcp --dport 80 -j WEB
-A WEB -p tcp ${nth(2)} -j DNAT --to-destination 10.20.0.1
-A WEB -p tcp -j DNAT --to-destination 10.20.0.2
COMMIT
`;
	expect(codes(text)).toEqual([]);
});

test("one chain for UDP and TCP shares its counter", () => {
	const text = `*nat
:DNS - [0:0]
-A PREROUTING -d 203.0.113.53/32 -p udp -m udp --dport 53 -j DNS
-A PREROUTING -d 203.0.113.53/32 -p tcp -m tcp --dport 53 -j DNS
-A DNS ${nth(2)} -j DNAT --to-destination 10.20.0.1
-A DNS -j DNAT --to-destination 10.20.0.2
COMMIT
`;
	expect(codes(text)).toEqual(["MT105"]);
});

test("a counter that restored marks keep known packets from is not moved by them", () => {
	const text = `*mangle
:PICK - [0:0]
-A PREROUTING ${TO} -j PICK
-A PICK -j CONNMARK --restore-mark
-A PICK -m mark --mark 0x0 ${nth(2)} -j MARK --set-mark 1
-A PICK -m mark --mark 0x0 -j MARK --set-mark 2
-A PICK -j CONNMARK --save-mark
COMMIT
*nat
-A PREROUTING ${TO} -m mark --mark 1 -j DNAT --to-destination 10.20.0.1
-A PREROUTING ${TO} -m mark --mark 2 -j DNAT --to-destination 10.20.0.2
COMMIT
`;
	expect(codes(text)).toEqual([]);
	expect(
		codes(text.replace("-A PICK -j CONNMARK --restore-mark\n", "")),
	).toEqual(["MT106"]);
});

test("a sample that is logged by chance is no backend's part", () => {
	const text = dnat(nth(2), "").replace(
		"*nat\n",
		`*mangle\n-A PREROUTING ${TO} ${random(0.01)} -j LOG\nCOMMIT\n*nat\n`,
	);
	expect(codes(text)).toEqual([]);
});

test("two halves behind each other are 2:1:1, and not two that count as one", () => {
	expect(codes(dnat(nth(2), nth(2), ""))).toEqual([]);
});

describe("weights that comments state", () => {
	const comment = (weight: number) =>
		`-m comment --comment "web, weight=${weight}"`;

	it.each<readonly [string, string, readonly string[]]>([
		[
			"and counters that meet them",
			dnat(`${comment(3)} ${nth(3)}`, `${comment(2)} ${nth(3)}`, comment(4)),
			[],
		],
		[
			"and counters of equal parts that are not equal",
			dnat(`${comment(1)} ${nth(3)}`, `${comment(1)} ${nth(3)}`, comment(1)),
			["MT102"],
		],
		[
			"and probabilities with two digits",
			dnat(
				`${comment(1)} ${random(0.33)}`,
				`${comment(1)} ${random(0.5)}`,
				comment(1),
			),
			[],
		],
		[
			"and counters that miss them",
			dnat(`${comment(3)} ${nth(2)}`, `${comment(2)} ${nth(3)}`, comment(4)),
			["MT107"],
		],
		["on some of the rules", dnat(`${comment(5)} ${nth(2)}`, ""), []],
	])("%s", (_, text, expected) => {
		expect(codes(text)).toEqual(expected);
	});
});

describe("what lies behind the backends hides nothing", () => {
	it.each([
		"-m limit --limit 100/sec -j ACCEPT",
		"-m hashlimit --hashlimit-upto 50/sec --hashlimit-mode srcip --hashlimit-name web -j ACCEPT",
		"-p tcp -m tcp --syn -m connlimit --connlimit-upto 50 -j ACCEPT",
		"-m time --timestart 08:00 --timestop 18:00 -j ACCEPT",
		"-m set ! --match-set blocked src -j ACCEPT",
	])("%s", (accept) => {
		const filter = `*filter\n:FORWARD DROP [0:0]\n-A FORWARD ${accept}\nCOMMIT\n`;
		expect(codes(dnat(nth(3), nth(3), nth(3)) + filter)).toEqual(["MT101"]);
		expect(codes(dnat(nth(3), nth(3), "") + filter)).toEqual(["MT102"]);
		expect(codes(dnat(nth(3), nth(2), "") + filter)).toEqual([]);
	});
});

describe("what the remedy is about", () => {
	it("names rules that ask for a mark which a hash never gives", () => {
		const text = `*mangle
-A PREROUTING ${TO} -j HMARK --hmark-tuple src --hmark-mod 2 --hmark-offset 1 --hmark-rnd 0xcafe
COMMIT
*nat
-A PREROUTING ${TO} -m mark --mark 0 -j DNAT --to-destination 10.20.0.1
-A PREROUTING ${TO} -m mark --mark 1 -j DNAT --to-destination 10.20.0.2
COMMIT
`;
		const [found] = lintRuleset(rulesAlone(text), text);
		expect(found).toMatchObject({
			lint: { code: "MT101" },
			related: [
				{ at: { line: 5 }, role: "asks for the mark 0x0, which no packet has" },
			],
		});
		expect(found?.remedy).toContain(
			"the marks that this rule gives, 0x1 and 0x2",
		);
	});

	it("names the rule that writes over a connection's mark that is restored", () => {
		const vpn = "-i eth0 -d 203.0.113.1/32 -p udp -m udp --dport 1194";
		const rules = (save: string) => `*mangle
-A PREROUTING ${vpn} -j CONNMARK --restore-mark
-A PREROUTING ${vpn} -m mark --mark 0 ${nth(2)} -j MARK --set-mark 1
-A PREROUTING ${vpn} -m mark --mark 0 -j MARK --set-mark 2
-A PREROUTING${save} -j CONNMARK --save-mark
COMMIT
*nat
-A PREROUTING ${vpn} -m mark --mark 1 -j DNAT --to-destination 10.20.0.11
-A PREROUTING ${vpn} -m mark --mark 2 -j DNAT --to-destination 10.20.0.12
COMMIT
`;
		const text = rules("");
		const [found, ...others] = lintRuleset(rulesAlone(text), text);
		expect(others).toEqual([]);
		expect(found).toMatchObject({
			lint: { code: "MT106" },
			at: { line: 3 },
			related: [{ at: { line: 5 } }],
		});
		expect(found?.happens).toMatch(
			/^`-A PREROUTING -j CONNMARK --save-mark[^`]*` writes 0x0 over the connection's mark with each answer of a backend\. /,
		);
		const right = rules(" -m mark ! --mark 0");
		expect(lintRuleset(rulesAlone(right), right)).toEqual([]);
	});
});
