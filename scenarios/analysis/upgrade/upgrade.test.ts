import { describe, expect, it } from "vitest";
import { DIFFERENCE_NAMES } from "../../../sim/linux/behaviour.ts";
import { DIFFERENCES } from "../../../sim/linux/differences.ts";
import { DEFAULT_LINUX, parseLinux } from "../../../sim/linux/linux.ts";
import { recipeRules } from "../../suites/index.ts";
import { NOTHING_GIVEN } from "../world/assumed-world.ts";
import { meaning, type UpgradeDocument, upgradeOf } from "./upgrade.ts";

const WEB = "-A PREROUTING -d 203.0.113.1/32 -p tcp -m tcp --dport 80";

function upgraded(rules: readonly string[], to: string): UpgradeDocument {
	const text = ["*nat", ...rules, "COMMIT", ""].join("\n");
	const linux = parseLinux(to);
	if (linux === null) throw new Error(`no Linux ${to}`);
	return upgradeOf({ name: "my.rules", text }, NOTHING_GIVEN, {
		from: DEFAULT_LINUX,
		to: linux,
	});
}

const TURNS = [
	`${WEB} -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.0.11`,
	`${WEB} -j DNAT --to-destination 10.20.0.12`,
];

describe("an upgrade", () => {
	it("shows the shares of a range of ports that no longer spreads", () => {
		const range = [`${WEB} -j DNAT --to-destination 10.20.0.11:8001-8002`];
		const { shares, differences, changes } = upgraded(range, "trixie");
		expect(
			shares.map(({ key, from, to }) => [key, shareOf(from), shareOf(to)]),
		).toEqual([
			["10.20.0.11:8001", "1/2", "1"],
			["10.20.0.11:8002", "1/2", null],
		]);
		expect(
			differences.find(({ name }) => name === "portOfRange"),
		).toMatchObject({
			scenario: "port-range-spreads",
			rules: [{ line: 2 }],
		});
		expect(changes).toBe(true);
	});

	it("leaves alone what draws its port itself, shifts it, or has one", () => {
		const rules = [
			`${WEB} -s 10.0.0.1/32 -j DNAT --to-destination 10.20.0.11:8001-8002 --random`,
			`${WEB} -s 10.0.0.2/32 -j DNAT --to-destination 10.20.0.11:8001-8002/80`,
			`${WEB} -j DNAT --to-destination 10.20.0.11:8001`,
		];
		const { differences } = upgraded(rules, "trixie");
		expect(differences.map(({ name }) => name)).not.toContain("portOfRange");
	});

	it("counts no difference in TCP for rules of UDP alone", () => {
		const named = (rule: string) =>
			upgraded([rule], "trixie").differences.map(({ name }) => name);
		expect(named(`${WEB} -j DNAT --to-destination 10.20.0.11`)).toContain(
			"timeoutOfReset",
		);
		for (const rule of [
			"-A PREROUTING -p udp -m udp --dport 53 -j DNAT --to-destination 10.20.0.11",
			"-A PREROUTING ! -p tcp -j DNAT --to-destination 10.20.0.11",
		])
			expect(named(rule)).not.toContain("timeoutOfReset");
	});

	it("says what becomes of counters under each way to change their table", () => {
		const { lives, shares } = upgraded(TURNS, "bookworm/nft");
		expect(shares).toEqual([]);
		expect(lives).toHaveLength(1);
		expect(lives[0]).toMatchObject({
			at: { rule: "nat:PREROUTING:rule:1", line: 2 },
			from: {
				append: "begins again",
				restore: "begins again",
				noflush: "begins again",
				zero: "begins again",
			},
			to: { append: "kept", restore: "begins again", noflush: "kept" },
		});
	});

	it("does not know of a counter that no packet moves", () => {
		const rules = [
			"-A PREROUTING -s 192.0.2.1/32 -m time --datestart 2001-01-01 --datestop 2001-01-02 -m statistic --mode nth --every 2 --packet 0 -j ACCEPT",
		];
		const { lives } = upgraded(rules, "bookworm/nft");
		expect(lives.map(({ from }) => from.append)).toEqual(["unknown"]);
	});

	it("changes nothing from a Linux to itself", async () => {
		const { name, text } = await recipeRules();
		const same = upgradeOf({ name, text }, NOTHING_GIVEN, {
			from: DEFAULT_LINUX,
			to: DEFAULT_LINUX,
		});
		expect(same).toMatchObject({
			changes: false,
			shares: [],
			differences: [],
			besides: [],
		});
	});

	it.each([
		["-A INPUT -j ACCEPT", true],
		[":INPUT DROP [0:0]", true],
		[":INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]", false],
	])("counts policies that a file does not declare: %s", (lines, changes) => {
		const text = `*filter\n${lines}\nCOMMIT\n`;
		const linux = parseLinux("bookworm/nft");
		if (linux === null) throw new Error("no such Linux");
		const document = upgradeOf({ name: "my.rules", text }, NOTHING_GIVEN, {
			from: DEFAULT_LINUX,
			to: linux,
		});
		const named = document.differences.map(({ name }) => name);
		expect(named.includes("policyOnRestore")).toBe(changes);
		expect(document.changes).toBe(changes);
	});

	it("says the words of what does not load", () => {
		const { from, to, shares } = upgraded(["-A NOWHERE -j ACCEPT"], "trixie");
		expect(from.refusal).toContain("my.rules:2");
		expect([to.split, shares]).toEqual([null, []]);
	});
});

it.each(DIFFERENCE_NAMES)("the table has a sentence for %s", (name) => {
	expect(meaning(name, DEFAULT_LINUX)).not.toBe("");
	expect(DIFFERENCES[name].matters).toMatch(/\.$/);
});

function shareOf(share: UpgradeDocument["shares"][number]["from"]) {
	return share?.kind === "exact" ? share.share.fraction : null;
}
