/** Failover: what the examples of the rules do not show, above all rulesets that look alike and are right. */
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { edited } from "../../cascades/test-edits.ts";
import { lintRuleset } from "../../run/lint-ruleset.ts";
import { rulesAlone } from "../../test-facts.ts";
import { valueInName } from "./condition-name-opposite.ts";

const TO = "-d 203.0.113.10/32 -p tcp -m tcp --dport 80";
const NTH2 = "-m statistic --mode nth --every 2 --packet 0";
const NTH3 = "-m statistic --mode nth --every 3 --packet 0";
const live = (backend: number) =>
	`-m condition ! --condition web${backend}dead`;
const dnat = (
	...rules: readonly (readonly [match: string, backend: number])[]
) =>
	["*nat"]
		.concat(
			rules.map(
				([match, backend]) =>
					`-A PREROUTING ${TO} ${match} -j DNAT --to-destination 10.20.0.${backend}`,
			),
		)
		.concat("COMMIT", "")
		.join("\n");

const lint = (text: string) =>
	lintRuleset(rulesAlone(text), text).filter(
		({ lint: { category } }) => category === "failover",
	);
const codes = (text: string) => lint(text).map(({ lint: { code } }) => code);

describe("is right", () => {
	it.each<readonly [string, string]>([
		["no condition at all", dnat([NTH2, 1], ["", 2])],
		[
			"each in the place of the other",
			dnat([`${live(1)} ${NTH2}`, 1], [live(2), 2], [live(1), 1]),
		],
		[
			"conditions behind the counter",
			dnat([`${NTH2} ${live(1)}`, 1], [live(2), 2], [live(1), 1]),
		],
		[
			"a server for the time when both are dead",
			dnat([`${live(1)} ${NTH2}`, 1], [live(2), 2], [live(1), 1], ["", 9]),
		],
		["one that stands by, without balancing", dnat([live(1), 1], ["", 2])],
		[
			"a switch for maintenance",
			dnat(["-m condition --condition maintenance", 9], [NTH2, 1], ["", 2]),
		],
	])("%s", (_, text) => {
		expect(codes(text)).toEqual([]);
	});
});

describe("is found and repaired", () => {
	it.each<readonly [string, string, string]>([
		[
			"a last rule without a fallback",
			dnat([`${live(1)} ${NTH2}`, 1], [live(2), 2]),
			"MT202",
		],
		[
			"two missing fallbacks of three",
			dnat([`${live(1)} ${NTH3}`, 1], [`${live(2)} ${NTH2}`, 2], [live(3), 3]),
			"MT202",
		],
		[
			"one missing fallback of two",
			dnat(
				[`${live(1)} ${NTH3}`, 1],
				[`${live(2)} ${NTH2}`, 2],
				[live(3), 3],
				[live(1), 1],
			),
			"MT202",
		],
		[
			"a condition that the counted rule lost",
			dnat([NTH2, 1], [live(2), 2], [live(1), 1]),
			"MT201",
		],
		[
			"a condition that a fallback lost",
			dnat(
				[`${live(1)} ${NTH3}`, 1],
				[`${live(2)} ${NTH2}`, 2],
				[live(3), 3],
				["", 1],
				[live(2), 2],
			),
			"MT201",
		],
	])("%s", (_, text, code) => {
		const found = lint(text).find((one) => one.lint.code === code);
		expect(found, codes(text).join()).toBeDefined();
		expect(found?.repair.length).toBeGreaterThan(0);
		expect(codes(edited(text, found?.repair ?? []))).not.toContain(code);
	});
});

test("what a backend leaves that is dead is said with its figures", () => {
	const [found] = lint(dnat([`${live(1)} ${NTH2}`, 1], [live(2), 2]));
	expect(found).toMatchObject({
		message:
			"with 10.20.0.2:80 dead, 1/2 (50 %) of the connections to tcp 203.0.113.10:80 get no backend, though 10.20.0.1:80 is alive",
		repair: [{ kind: "insert", table: "nat" }],
	});
});

test("2:1:1 that becomes 1:1 is found", () => {
	const text = dnat(
		[`${live(1)} ${NTH2}`, 1],
		[`${live(2)} ${NTH2}`, 2],
		[live(3), 3],
		[live(2), 2],
		[live(1), 1],
	);
	const [found] = lint(text);
	expect(found?.lint.code).toBe("MT203");
	expect(found?.message).toContain(
		"with 10.20.0.3:80 dead (10.20.0.1:80 1/2 (50 %), 10.20.0.2:80 1/2 (50 %))",
	);
	expect(found?.happens).toContain("10.20.0.1:80 2/3 (66.7 %)");
});

test("marks of the recipe are repaired in the chain that sets them", () => {
	const recipe = readFileSync(
		new URL("../../../../suites/recipe/recipe.rules", import.meta.url),
		"utf8",
	);
	expect(codes(recipe)).toEqual(["MT204", "MT204"]);
	const lost = recipe.replace(
		/^-A MAILMARK -m mark --mark 0x0 -m condition ! --condition mail1up.*\n/m,
		"",
	);
	const found = lint(lost).find((one) => one.lint.code === "MT202");
	expect(found?.repair).toMatchObject([
		{
			kind: "insert",
			where: { side: "behind", rule: "mangle:MAILMARK:rule:3" },
			table: "mangle",
		},
	]);
	expect(codes(edited(lost, found?.repair ?? []))).toEqual(["MT204", "MT204"]);
	const unasked = recipe.replace(
		"--packet 0 -m condition ! --condition mail1up",
		"--packet 0",
	);
	const dead = lint(unasked).find((one) => one.lint.code === "MT201");
	expect(dead?.at.rule).toBe("mangle:MAILMARK:rule:2");
	expect(codes(edited(unasked, dead?.repair ?? []))).toEqual([
		"MT204",
		"MT204",
	]);
});

test("a rule that logs while a condition holds needs no effect", () => {
	const text = dnat([NTH2, 1], ["", 2]).replace(
		"*nat\n",
		`*mangle\n-A PREROUTING ${TO} -m condition --condition verbose -j LOG\nCOMMIT\n*nat\n`,
	);
	expect(codes(text)).toEqual([]);
});

test.each<readonly [string, 0 | 1 | null]>([
	["mail1up", 1],
	["mail1Up", 1],
	["up_mail1", 1],
	["web-alive", 1],
	["web1alive", 1],
	["db.ok", 1],
	["web1dead", 0],
	["db2-down", 0],
	["backup", null],
	["group1", null],
	["setup", null],
	["not_up", null],
	["updown", null],
	["web1", null],
])("the name %s says %s", (name, value) => {
	expect(valueInName(name)).toBe(value);
});

describe("what drops connections behind the translation", () => {
	const up = (backend: number) => `-m condition --condition up${backend}`;
	const nat = dnat([`${up(1)} ${NTH2}`, 1], [up(2), 2], ["", 1]);
	const filter = (...rules: readonly string[]) =>
		`${nat}*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n${rules.join("\n")}\nCOMMIT\n`;
	const roles = (text: string) =>
		rulesAlone(text).services.map(({ conditions }) => conditions);

	it.each([
		["none", nat],
		["those of one backend", filter("-A FORWARD -d 10.20.0.1/32 -j ACCEPT")],
		["all", filter("-A FORWARD -d 203.0.113.10/32 -j ACCEPT")],
	])("changes nothing of what conditions mean: %s", (_, text) => {
		expect(codes(text)).not.toContain("MT204");
		expect(codes(text)).not.toContain("MT205");
		expect(roles(text)).toEqual([
			[
				{ name: "up1", backends: ["10.20.0.1:80"], alive: 1 },
				{ name: "up2", backends: ["10.20.0.2:80"], alive: 1 },
			],
		]);
	});

	it("belongs to a condition that the rule itself asks", () => {
		const text = `${dnat([NTH2, 1], ["", 2])}*filter
-A FORWARD -d 10.20.0.1/32 -m condition --condition dead1 -j DROP
COMMIT
`;
		expect(roles(text)).toEqual([
			[{ name: "dead1", backends: ["10.20.0.1:80"], alive: 0 }],
		]);
	});
});
