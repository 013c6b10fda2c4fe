/** Rules that no packet comes to: what the examples do not show. */
import { expect, it } from "vitest";
import { lintRuleset } from "../../run/lint-ruleset.ts";
import { rulesAlone } from "../../test-facts.ts";

/** `4 MT501` */
const found = (table: string, ...lines: readonly string[]) => {
	const text = [`*${table}`, ...lines, "COMMIT", ""].join("\n");
	return lintRuleset(rulesAlone(text), text)
		.filter(({ lint: { code } }) => code.startsWith("MT5"))
		.map(({ at, lint: { code } }) => `${at.line} ${code}`);
};

const SSH = "-A INPUT -p tcp -m tcp --dport 22";

it.each<readonly [string, readonly string[], readonly string[]]>([
	["behind all", ["-A INPUT -j ACCEPT", `${SSH} -j DROP`], ["3 MT501"]],
	[
		"behind a network, a range and any flags",
		[
			"-A INPUT -s 10.0.0.0/8 -p tcp -m multiport --dports 20:30 -j DROP",
			`${SSH} -s 10.1.2.3 --syn -j ACCEPT`,
		],
		["3 MT501"],
	],
	[
		"behind a jump that does not come back",
		[":OUT - [0:0]", "-A INPUT -j OUT", `${SSH} -j ACCEPT`, "-A OUT -j DROP"],
		["4 MT501"],
	],
	[
		"behind the same condition",
		[
			"-A INPUT -m conntrack --ctstate NEW -j DROP",
			`${SSH} -m conntrack --ctstate NEW -j ACCEPT`,
		],
		["3 MT501"],
	],
	[
		"twice, with another comment",
		[
			`${SSH} -m comment --comment one -j ACCEPT`,
			`${SSH} -m comment --comment other -j ACCEPT`,
		],
		["3 MT502"],
	],
])("a rule is found %s", (_, lines, expected) => {
	expect(found("filter", ...lines)).toEqual(expected);
});

it.each<readonly [string, readonly string[]]>([
	["behind some flags", [`${SSH} --syn -j DROP`, `${SSH} -j ACCEPT`]],
	[
		"behind a rate",
		[`${SSH} -m limit --limit 5/s -j ACCEPT`, `${SSH} -j DROP`],
	],
	[
		"behind the same counter",
		[
			`${SSH} -m statistic --mode nth --every 2 --packet 0 -j ACCEPT`,
			`${SSH} -m statistic --mode nth --every 2 --packet 0 -j DROP`,
		],
	],
	["behind a log", [`${SSH} -j LOG`, `${SSH} -j DROP`]],
	[
		"behind the same mark, which was set between them",
		[
			"-A INPUT -m mark --mark 1 -j DROP",
			"-A INPUT -j CONNMARK --restore-mark",
			"-A INPUT -m mark --mark 1 -j ACCEPT",
		],
	],
	[
		"behind a jump that may come back",
		[
			":OUT - [0:0]",
			"-A INPUT -j OUT",
			`${SSH} -j ACCEPT`,
			"-A OUT -i lo -j RETURN",
			"-A OUT -j DROP",
		],
	],
	[
		"behind one of two interfaces",
		["-A INPUT -i eth0 -j DROP", "-A INPUT -j ACCEPT"],
	],
	[
		"behind ports in one field or the other",
		[
			"-A INPUT -p tcp -m multiport --ports 22 -j DROP",
			"-A INPUT -p tcp -m multiport --ports 22,80 -j ACCEPT",
		],
	],
])("no rule is found %s", (_, lines) => {
	expect(found("filter", ...lines)).toEqual([]);
});

it("a chain that only accepts may be uncalled", () => {
	expect(found("filter", ":SPARE - [0:0]", "-A SPARE -j ACCEPT")).toEqual([]);
});

it("a large ruleset is compared by networks and ports, not rule by rule", () => {
	const lines = Array.from(
		{ length: 20_000 },
		(_, index) =>
			`-A INPUT -s 10.${(index >> 8) & 255}.${index & 255}.0/24 -p tcp -m tcp --dport ${1 + (index % 5)} -j ACCEPT`,
	);
	expect(found("filter", ...lines, `${SSH} -s 10.0.0.7 -j ACCEPT`)).toEqual([]);
});

it.each([
	["-m set --match-set a src -m set ! --match-set a src", true],
	["-m set ! --match-set a src -m set --match-set a src", true],
	["-m condition --condition a -m condition ! --condition a", true],
	["-m mark --mark 0x1 -m mark ! --mark 0x1", true],
	["-p tcp -m tcp --dport 80 -m multiport ! --dports 80,443", true],
	["-p tcp -m tcp --dport 80 -m multiport --dports 443", true],
	["-s 10.0.0.1 -m iprange ! --src-range 10.0.0.0-10.0.0.9", true],
	["-m set --match-set a src -m set ! --match-set b src", false],
	["-m set --match-set a src -m set ! --match-set a dst", false],
	[
		"-m set --match-set a src --return-nomatch -m set ! --match-set a src",
		false,
	],
	["-m mark ! --mark 0x1 -m mark ! --mark 0x2", false],
	["-p tcp -m tcp --dport 80 -m multiport ! --dports 443", false],
	["-i eth7", false],
	["-m recent --name a --rcheck -m recent --name a ! --rcheck", false],
	[
		"-m statistic --mode nth --every 2 --packet 0 -m statistic --mode nth ! --every 2 --packet 0",
		false,
	],
])("a rule with %s contradicts itself: %s", (words, does) => {
	expect(found("filter", `-A FORWARD ${words} -j DROP`)).toEqual(
		does ? ["2 MT505"] : [],
	);
});
