/** Packets of one connection: what the examples of the rules do not show. */
import { describe, expect, test } from "vitest";
import { parseRules } from "../../../../../sim/script/check-rules.ts";
import { analyse } from "../../../services/analysis.ts";
import {
	type GivenWorld,
	NOTHING_GIVEN,
} from "../../../world/assumed-world.ts";
import { TWO_UPLINKS } from "../../../world/test-routers.ts";
import type { Facts } from "../../facts.ts";
import { lintRuleset } from "../../run/lint-ruleset.ts";
import { rulesAlone, rulesWithSets } from "../../test-facts.ts";

const codes = (text: string) =>
	lintRuleset(rulesAlone(text), text)
		.map(({ lint }) => lint.code)
		.filter((code) => code.startsWith("MT3"));

const DNAT = "-d 203.0.113.1/32 -i eth0 -p tcp -m tcp --dport 80";
const uplinks = (...mangle: readonly string[]) => `*mangle
${mangle.join("\n")}
COMMIT
*nat
-A POSTROUTING -o isp1 -j MASQUERADE
-A POSTROUTING -o isp2 -j MASQUERADE
COMMIT
`;
const NTH = "-m statistic --mode nth --every 2 --packet 0";

test("marks that only DNAT reads may change with each packet: the mapping is the connection's", () => {
	expect(
		codes(`*mangle
-A PREROUTING ${DNAT} -j MARK --set-mark 1
-A PREROUTING ${DNAT} ${NTH} -j MARK --set-mark 2
COMMIT
*nat
-A PREROUTING ${DNAT} -m mark --mark 1 -j DNAT --to-destination 10.20.0.11
-A PREROUTING ${DNAT} -m mark --mark 2 -j DNAT --to-destination 10.20.0.12
COMMIT
`),
	).toEqual([]);
});

test("a mark that only first packets get is gone with the second one", () => {
	const [found] = lintRuleset(
		rulesAlone(
			uplinks(
				"-A PREROUTING -i lan0 -m conntrack --ctstate NEW -j MARK --set-mark 1",
				`-A PREROUTING -i lan0 -m conntrack --ctstate NEW ${NTH} -j MARK --set-mark 2`,
			),
		),
		"",
		{ only: ["MT301"] },
	);
	expect(found).toMatchObject({
		message: "later packets of a connection to mark 0x2 get no mark",
		happens:
			"any any: all packets of a known connection go elsewhere than its first one.",
		confidence: "likely",
	});
});

test("a hash of addresses chooses alike for each packet of a connection", () => {
	const half = (end: string, mark: number) =>
		`-A PREROUTING -i lan0 -m u32 --u32 "12&0x1=${end}" -j MARK --set-mark ${mark}`;
	expect(codes(uplinks(half("0", 1), half("1", 2)))).toEqual([]);
});

test("answers that are dropped on some ways only are no fault", () => {
	expect(
		codes(`*nat
-A PREROUTING ${DNAT} -j DNAT --to-destination 10.20.0.11
COMMIT
*filter
:FORWARD ACCEPT [0:0]
-A FORWARD -i eth1 -m limit --limit 100/s -j ACCEPT
-A FORWARD -i eth1 -j DROP
COMMIT
`),
	).toEqual([]);
});

test("answers that a policy drops are found at the rule that sends the first packet", () => {
	const text = `*nat
-A PREROUTING ${DNAT} -j DNAT --to-destination 10.20.0.11
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -d 10.20.0.11/32 -j ACCEPT
COMMIT
`;
	const [found] = lintRuleset(rulesAlone(text), text, { only: ["MT302"] });
	expect(found?.at.text).toContain("-A FORWARD -d 10.20.0.11/32");
	expect(found?.message).toContain("by the policy of FORWARD");
});

test("later packets to a program of the gateway's own are not judged: nothing says whether it listens", () => {
	const rule = `*nat
-A OUTPUT -m owner ! --uid-owner 13 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 3128
COMMIT
`;
	expect(codes(rule)).toEqual([]);
	expect(
		codes(
			`${rule}*filter\n-A INPUT -p tcp -m tcp --dport 3128 -j ACCEPT\nCOMMIT\n`,
		),
	).toEqual([]);
});

describe("answers of the gateway's own programs", () => {
	const REDIRECTS = `*nat
-A PREROUTING ${DNAT} -j REDIRECT --to-ports 8080
-A PREROUTING -d 203.0.113.1/32 -i eth0 -p udp -m udp --dport 53 -j DNAT --to-destination 203.0.113.1:5353
COMMIT
`;
	const filter = (...lines: readonly string[]) =>
		`${REDIRECTS}*filter\n${lines.join("\n")}\nCOMMIT\n`;
	const KNOWN = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";

	test("are found where OUTPUT drops them, by its policy or by a rule", () => {
		for (const [lines, by] of [
			[[":OUTPUT DROP [0:0]"], " by the policy of OUTPUT"],
			[["-A OUTPUT ! -o lo -j DROP"], ""],
		] as const) {
			const text = filter(...lines);
			const found = lintRuleset(rulesAlone(text), text);
			expect(
				found.map(({ lint, message }) => `${lint.code} ${message}`),
			).toEqual([
				`MT302 the answers of the gateway's own 203.0.113.1:8080 and 1 more are dropped${by}`,
			]);
			expect(found[0]).toMatchObject({
				confidence: "likely",
				assumes: "a program of the gateway's own listens there",
			});
		}
	});

	test("are so where INPUT takes first packets alone: the client's next one is dropped", () => {
		const lines = [
			":INPUT DROP [0:0]",
			"-A INPUT -p tcp --dport 8080 -m conntrack --ctstate NEW -j ACCEPT",
		];
		const text = filter(...lines);
		const found = lintRuleset(rulesAlone(text), text, { only: ["MT302"] });
		expect(found.map(({ message }) => message)).toEqual([
			"the packets behind the first answer of connections to the gateway's own 203.0.113.1:8080 are dropped by the policy of INPUT",
		]);
		expect(codes(filter(...lines, `-A INPUT ${KNOWN}`))).toEqual([]);
	});

	test("are not where they pass, or where only some are dropped", () => {
		for (const lines of [
			[":OUTPUT ACCEPT [0:0]"],
			[":INPUT DROP [0:0]", "-A INPUT -p tcp --dport 8080 -j ACCEPT"],
			[":OUTPUT DROP [0:0]", `-A OUTPUT ${KNOWN}`],
			[
				":OUTPUT DROP [0:0]",
				"-A OUTPUT -m owner --uid-owner 13 -j ACCEPT",
				"-A OUTPUT -m owner --uid-owner 14 -j ACCEPT",
			],
		])
			expect(codes(filter(...lines)), lines.join("\n")).toEqual([]);
	});
});

describe("answers of a router with two uplinks", () => {
	const serviceOf = (address: string) =>
		`-A PREROUTING -d ${address} -p tcp --dport 80 -j DNAT --to-destination 10.0.0.20`;
	const SERVICES = [serviceOf("203.0.113.1"), serviceOf("192.0.2.1")];
	const MARKED = [
		"-A PREROUTING -i wan2 -m conntrack --ctstate NEW -j MARK --set-mark 2",
		"-A PREROUTING -i wan2 -m conntrack --ctstate NEW -j CONNMARK --save-mark",
		"-A PREROUTING -i lan0 -j CONNMARK --restore-mark",
	];
	const ROUTING = TWO_UPLINKS.ip;
	const foundIn = (
		mangle: readonly string[],
		more: Partial<GivenWorld> = {},
		services: readonly string[] = SERVICES,
	) => {
		const text = `*mangle\n${mangle.join("\n")}\nCOMMIT\n*nat\n${services.join("\n")}\nCOMMIT\n`;
		const { ruleset } = parseRules(text, { file: "my.rules" });
		const facts = {
			file: "my.rules",
			...analyse(ruleset, {
				...NOTHING_GIVEN,
				...TWO_UPLINKS,
				...more,
			}),
		};
		return lintRuleset(facts, text).map(
			({ lint: { code }, message, confidence }) =>
				`${code} ${message} (${confidence})`,
		);
	};

	test("leave by the main table's, where nothing gives them the mark of the other", () => {
		const found =
			"MT302 answers of connections that come in by wan2 leave by wan1 (likely)";
		expect(foundIn([])).toEqual([found]);
		expect(foundIn(MARKED.slice(0, 2))).toContain(found);
	});

	test("leave by the one by which the connection came, where the mark is restored", () => {
		expect(foundIn(MARKED)).toEqual([]);
	});

	test("are those to clients from far, whatever networks the links have", () => {
		for (const network of ["198.51.100", "192.0.2", "80.1.2"])
			expect(
				foundIn(
					[],
					{
						interfaces: [
							{ name: "wan1", addresses: ["203.0.113.1/24"], mtu: 1500 },
							{ name: "wan2", addresses: [`${network}.1/24`], mtu: 1500 },
							{ name: "lan0", addresses: ["10.0.0.1/24"], mtu: 1500 },
						],
						ip: [
							`ip route add default via ${network}.254 dev wan2 table 102`,
							...ROUTING.slice(1),
						],
					},
					[serviceOf(`${network}.1`)],
				),
				network,
			).toEqual([
				"MT302 answers of connections that come in by wan2 leave by wan1 (likely)",
			]);
	});

	test("leave by the main table's, where no rule names the table of the other", () => {
		for (const line of [
			ROUTING[0],
			"ip route append default via 192.0.2.254 dev wan2 metric 200",
		])
			expect(foundIn(MARKED, { ip: [line] })).toEqual([
				"MT302 answers of connections that come in by wan2 leave by wan1 (likely)",
			]);
	});

	test("are not looked at where routing rules are not known, which may send them to it", () => {
		expect(foundIn([], { hasRoutingRules: false })).toEqual([]);
	});

	test("leave by it without a mark, where a rule routes by their source", () => {
		const ip = [...ROUTING, "ip rule add from 10.0.0.20 table 102"];
		expect(foundIn([], { ip })).toEqual([
			"MT302 answers of connections that come in by wan1 leave by wan2 (likely)",
		]);
	});

	describe("and of its own programs", () => {
		const REDIRECT = [
			"-A PREROUTING -d 192.0.2.1 -p tcp --dport 80 -j REDIRECT --to-ports 8080",
		];

		test("leave by the main table's, where OUTPUT does not restore the mark", () => {
			expect(foundIn(MARKED, {}, REDIRECT)).toEqual([
				"MT302 answers of the gateway's own programs to connections that come in by wan2 leave by wan1 (likely)",
			]);
			const restored = [...MARKED, "-A OUTPUT -j CONNMARK --restore-mark"];
			expect(foundIn(restored, {}, REDIRECT)).toEqual([]);
		});

		test("leave by their own, where a rule routes by their source", () => {
			const ip = [...ROUTING, "ip rule add from 192.0.2.1 table 102"];
			expect(foundIn([], { ip }, REDIRECT)).toEqual([]);
		});
	});
});

describe("connections that leave by two uplinks", () => {
	const MARKS = [
		`-A PREROUTING -i lan0 -m conntrack --ctstate NEW -m connmark --mark 0 ${NTH} -j CONNMARK --set-mark 1`,
		"-A PREROUTING -i lan0 -m conntrack --ctstate NEW -m connmark --mark 0 -j CONNMARK --set-mark 2",
		"-A PREROUTING -i lan0 -j CONNMARK --restore-mark",
	];
	const [FIRST, SECOND] = ["5.9.10.1", "81.2.3.1"];
	const foundIn = (
		nat: readonly string[],
		addresses: readonly [string, string] = [FIRST, SECOND],
	) => {
		const text = `*mangle\n${MARKS.join("\n")}\nCOMMIT\n*nat\n${nat.join("\n")}\nCOMMIT\n`;
		const { ruleset } = parseRules(text, { file: "my.rules" });
		const gateways = addresses.map((one) => one.replace(/\d+$/, "254"));
		const facts = {
			file: "my.rules",
			...analyse(ruleset, {
				...NOTHING_GIVEN,
				interfaces: [
					{ name: "wan1", addresses: [`${addresses[0]}/24`], mtu: 1500 },
					{ name: "wan2", addresses: [`${addresses[1]}/24`], mtu: 1500 },
					{ name: "lan0", addresses: ["10.0.0.1/24"], mtu: 1500 },
					{ name: "dmz0", addresses: ["100.1.2.3/32"], mtu: 1500 },
				],
				routes: [
					{
						destination: "0.0.0.0/0",
						via: gateways[0] as string,
						interface: "wan1",
					},
				],
				markRoutes: [1, 2].map((mark) => {
					return {
						priority: 100 + mark,
						mark,
						mask: 0xffff_ffff,
						table: `${100 + mark}`,
						via: gateways[mark - 1] as string,
						interface: `wan${mark}`,
					};
				}),
				ip: [1, 2].flatMap((mark) => [
					`ip route add default via ${gateways[mark - 1]} dev wan${mark} table 10${mark}`,
					`ip route add 10.0.0.0/24 dev lan0 table 10${mark}`,
					`ip rule add fwmark ${mark} table 10${mark} priority 10${mark}`,
				]),
				hasRoutingRules: true,
			}),
		};
		return lintRuleset(facts, text).map(
			({ lint: { code }, message, confidence }) =>
				`${code} ${message} (${confidence})`,
		);
	};
	const snat = (by: string, to: string) =>
		`-A POSTROUTING -o ${by} -j SNAT --to-source ${to}`;

	test("have an address of the uplink as their source", () => {
		expect(foundIn([snat("wan1", FIRST), snat("wan2", SECOND)])).toEqual([]);
		expect(
			foundIn(
				["wan1", "wan2"].map((by) => `-A POSTROUTING -o ${by} -j MASQUERADE`),
			),
		).toEqual([]);
	});

	test("get no answer with an address of the other uplink", () => {
		expect(foundIn([snat("wan1", SECOND), snat("wan2", FIRST)])).toEqual([
			`MT302 connections leave by wan1 with ${SECOND} as their source, which is an address of wan2 (likely)`,
			`MT302 connections leave by wan2 with ${FIRST} as their source, which is an address of wan1 (likely)`,
		]);
	});

	test("may have an address of a link that is no uplink: providers may know of it", () => {
		expect(foundIn([snat("wan+", "100.1.2.3")])).toEqual([]);
	});

	test("get no answer with a private source, unless the uplink has private addresses itself", () => {
		expect(foundIn([snat("wan1", FIRST)])).toEqual([
			"MT302 connections leave by wan2 with private sources (likely)",
		]);
		expect(foundIn([snat("wan1", FIRST)], [FIRST, "192.168.7.2"])).toEqual([]);
	});
});

describe("clients that come again", () => {
	const TO = "-d 203.0.113.5/32 -p udp -m udp --dport 5060";
	const asks = (list: string, to: string) =>
		`-A PREROUTING ${TO} -m recent --name ${list} --rcheck --seconds 600 --reap ${to}`;
	const sends = (backend: number) =>
		`-A B${backend} -p udp -m recent --name b${backend} --set -j DNAT --to-destination 10.20.0.2${backend}`;
	const rules = (...first: readonly string[]) => `*nat
:B1 - [0:0]
:B2 - [0:0]
:B9 - [0:0]
${first.join("\n")}
-A PREROUTING ${TO} -m statistic --mode random --probability 0.5 -j B1
-A PREROUTING ${TO} -j B2
-A B9 -p udp -j ACCEPT
${sends(1)}
${sends(2)}
COMMIT
`;
	const foundOf = (facts: Facts, text: string) =>
		lintRuleset(facts, text).flatMap(({ lint: { code }, at, message }) =>
			code === "MT304" ? [[at.line, message]] : [],
		);
	const found = (text: string) => foundOf(rulesAlone(text), text);

	test("are found where their backend is another one", () => {
		expect(found(rules(asks("b1", "-j B2"), asks("b2", "-j B1")))).toEqual([
			[
				5,
				"clients of 10.20.0.21:5060 are sent to 10.20.0.22:5060 when they come again",
			],
			[
				6,
				"clients of 10.20.0.22:5060 are sent to 10.20.0.21:5060 when they come again",
			],
		]);
	});

	test("are found where sets are in place of lists, at the rule that asks", () => {
		const text = rules(asks("b1", "-j B2"), asks("b2", "-j B2"))
			.replaceAll(
				/-m recent --name (\S+) --rcheck --seconds 600 --reap/g,
				"-m set --match-set $1 src",
			)
			.replaceAll(
				/^(-A B\d) (-p udp) -m recent --name (\S+) --set/gm,
				"$1 -j SET --add-set $3 src --exist\n$1 $2",
			);
		const sets = "create b1 hash:ip timeout 600\ncreate b2 hash:ip\n";
		expect(foundOf(rulesWithSets(text, sets), text)).toEqual([
			[
				5,
				"clients of 10.20.0.21:5060 are sent to 10.20.0.22:5060 when they come again",
			],
		]);
	});

	const SERVED = "-A PREROUTING -d 10.0.0.1 -p tcp -m tcp --dport 25";
	const TWO = (ask: string, write: string) => `*mangle
${SERVED} -m set ${ask} -j MARK --set-mark 1
${SERVED} -j SET ${write}
COMMIT
*nat
${SERVED} -m mark --mark 1 -j DNAT --to-destination 192.168.0.1
${SERVED} -j DNAT --to-destination 192.168.0.2
COMMIT
`;
	const GIVEN =
		"create a hash:ip\nadd a 10.0.0.9\nadd a 10.0.0.10\ncreate l list:set size 8\nadd l a\n";
	const EMPTY = "create a hash:ip\ncreate l list:set size 8\nadd l a\n";

	test.each([
		["that takes them out of a set", "--match-set a src", "--del-set a src"],
		["that is in a list", "--match-set l src", "--del-set a src"],
		["that puts them into a set", "! --match-set a src", "--add-set a src"],
		["in a list, by !", "! --match-set l src", "--add-set a src"],
	])("are found where clients of other classes go, %s", (_, ask, write) => {
		const text = TWO(ask, write);
		const moved = [
			[
				7,
				"clients of 192.168.0.1:25 are sent to 192.168.0.2:25 when they come again",
			],
		];
		expect(foundOf(rulesWithSets(text, GIVEN), text)).toEqual(moved);
		const isNew = ask.startsWith("!");
		if (isNew) expect(foundOf(rulesWithSets(text, EMPTY), text)).toEqual(moved);
	});

	test.each([
		[
			"a list of clients",
			["-m recent --name s --rcheck --seconds 60"],
			"-m recent --name s --set",
		],
		[
			"a list of addresses that they ask for",
			["-m recent --name s --rdest --rcheck --seconds 60"],
			"-m recent --name s --rdest --set",
		],
	])("are found where no first connection goes, by %s", (_, [ask], write) => {
		const text = `*nat
${SERVED} ${ask} -j DNAT --to-destination 192.168.0.1
${SERVED} ${write} -j DNAT --to-destination 192.168.0.2
COMMIT
`;
		const facts = rulesAlone(text);
		expect(foundOf(facts, text)).toEqual([
			[
				2,
				"clients of 192.168.0.2:25 are sent to 192.168.0.1:25 when they come again",
			],
		]);
		expect(facts.unmet).toEqual([]);
	});

	test("are found where a set with a timeout is filled on the way", () => {
		const text = `*nat
${SERVED} -m set --match-set known src -j DNAT --to-destination 192.168.0.1
${SERVED} -j SET --add-set known src --timeout 5 --exist
${SERVED} -j DNAT --to-destination 192.168.0.2
COMMIT
`;
		const facts = rulesWithSets(text, "create known hash:ip timeout 600\n");
		expect(foundOf(facts, text)).toEqual([
			[
				2,
				"clients of 192.168.0.2:25 are sent to 192.168.0.1:25 when they come again",
			],
		]);
		expect(facts.unmet).toEqual([]);
	});

	test("are found where they reach none", () => {
		expect(found(rules(asks("b1", "-j B9"), asks("b2", "-j B2")))).toEqual([
			[5, "clients of 10.20.0.21:5060 reach no backend when they come again"],
		]);
	});

	test.each([
		["keep it", rules(asks("b1", "-j B1"), asks("b2", "-j B2"))],
		["are balanced anew", rules(asks("b8", "-j B9"))],
		[
			"are dropped",
			`*mangle
-A PREROUTING ${TO} -m recent --name b1 --rcheck --seconds 600 -j DROP
COMMIT
${rules(asks("b1", "-j B2"), asks("b2", "-j B2"))}`,
		],
		[
			"go to a host of their own",
			rules(
				asks("b1", "-j DNAT --to-destination 10.20.0.99"),
				asks("b2", "-j DNAT --to-destination 10.20.0.99"),
			),
		],
		[
			"are let through to what they have asked for",
			`*nat
-A PREROUTING -p tcp -m tcp --dport 80 -m recent --name seen --rcheck -j ACCEPT
-A PREROUTING -p tcp -m tcp --dport 80 -m recent --name seen --set -j DNAT --to-destination 10.20.0.99
COMMIT
`,
		],
	])("are no fault where they %s", (_, text) => {
		expect(found(text)).toEqual([]);
	});
});

describe("sources on the network of the link", () => {
	const foundIn = (
		to: string,
		more: Partial<GivenWorld> = {},
		addresses: readonly string[] = ["203.0.113.1/24"],
	) => {
		const text = `*nat
-A POSTROUTING -o eth0 -p tcp -m tcp --dport 25 -j ${to}
-A POSTROUTING -o eth0 -j MASQUERADE
COMMIT
`;
		const { ruleset } = parseRules(text, { file: "my.rules" });
		const facts = {
			file: "my.rules",
			...analyse(ruleset, {
				...NOTHING_GIVEN,
				interfaces: [
					{ name: "eth0", addresses, mtu: 1500 },
					{ name: "lan0", addresses: ["10.20.0.1/24"], mtu: 1500 },
				],
				routes: [
					{
						destination: "0.0.0.0/0",
						via: "203.0.113.254",
						interface: "eth0",
					},
				],
				hasAddresses: true,
				...more,
			}),
		};
		return lintRuleset(facts, text).map(
			({ lint: { code }, message, confidence }) =>
				`${code} ${message} (${confidence})`,
		);
	};

	test("get no answer where no interface has them", () => {
		expect(foundIn("SNAT --to-source 203.0.113.10-203.0.113.12")).toEqual([
			"MT302 connections leave by eth0 with a source on its network that no interface has: 203.0.113.10 and 2 more (likely)",
		]);
		expect(foundIn("SNAT --to-source 203.0.113.10")).toEqual([
			"MT302 connections leave by eth0 with a source on its network that no interface has: 203.0.113.10 (likely)",
		]);
	});

	test("get answers where an interface has them", () => {
		const own = ["203.0.113.1/24", "203.0.113.10/32"];
		expect(foundIn("SNAT --to-source 203.0.113.10", {}, own)).toEqual([]);
		expect(foundIn("MASQUERADE")).toEqual([]);
	});

	test("are not looked for elsewhere: such addresses may be routed to the gateway", () => {
		expect(foundIn("SNAT --to-source 198.51.100.10")).toEqual([]);
		const dmz = {
			destination: "203.0.113.8/29",
			via: null,
			interface: "lan0",
		};
		const byDefault = {
			destination: "0.0.0.0/0",
			via: "203.0.113.254",
			interface: "eth0",
		};
		expect(
			foundIn("SNAT --to-source 203.0.113.10", { routes: [byDefault, dmz] }),
		).toEqual([]);
	});

	test("may be those of a tunnel, whose packets are none of the link", () => {
		const tunnel =
			"SNAT --to-source 203.0.113.10 -m policy --dir out --pol ipsec";
		expect(foundIn(tunnel)).toEqual([]);
	});

	test("are not known where addresses are not", () => {
		expect(
			foundIn("SNAT --to-source 203.0.113.10", { hasAddresses: false }),
		).toEqual([]);
	});
});
