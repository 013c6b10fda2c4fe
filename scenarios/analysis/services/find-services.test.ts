import { describe, expect, test } from "vitest";
import { printRational } from "../../../sim/rational.ts";
import { parseRuleset } from "../../../sim/ruleset/parse.ts";
import { splitDocument } from "../document/split-document.ts";
import { NOTHING_GIVEN } from "../world/assumed-world.ts";
import { analyse } from "./analysis.ts";
import type { Service } from "./service.ts";

const DNAT = "-j DNAT --to-destination";
const nth = (every: number) =>
	`-m statistic --mode nth --every ${every} --packet 0`;

function servicesIn(
	tables: Readonly<Record<string, readonly string[]>>,
): readonly Service[] {
	const text = Object.entries(tables)
		.map(([table, lines]) => `*${table}\n${lines.join("\n")}\nCOMMIT\n`)
		.join("");
	return analyse(parseRuleset(text, { file: "test.rules" })).services;
}

/** Class by class: `10.0.0.11:80 1/2` … */
function shownShares({ classes }: Service) {
	return Object.fromEntries(
		classes.map(({ name, vectors }) => [
			name,
			vectors[0]?.split.parts
				.flatMap(({ key, share }) =>
					share.kind === "exact" && share.value.numerator > 0n
						? [`${key} ${printRational(share.value)}`]
						: [],
				)
				.sort(),
		]),
	);
}

describe("clients are told apart", () => {
	test("by bits of their addresses that make no interval", () => {
		const rules = ["0.0.0.0", "0.0.0.1"].map(
			(value, index) =>
				`-A PREROUTING -i eth0 -p tcp --dport 80 -s ${value}/0.0.0.1 ${DNAT} 10.0.0.${11 + index}`,
		);
		const [service, ...others] = servicesIn({ nat: rules });
		expect(others).toEqual([]);
		expect(shownShares(service as Service)).toEqual({
			"clients that fit 0.0.0.0/0.0.0.1": ["10.0.0.11:80 1"],
			"clients that fit 0.0.0.1/0.0.0.1": ["10.0.0.12:80 1"],
		});
	});

	test("by a network, where what a rule does for it has a part in the balance", () => {
		const [service] = servicesIn({
			nat: [
				`-A PREROUTING -d 203.0.113.5 -s 198.51.100.0/24 -p tcp --dport 80 ${DNAT} 10.0.0.9`,
				`-A PREROUTING -d 203.0.113.5 -p tcp --dport 80 ${nth(2)} ${DNAT} 10.0.0.11`,
				`-A PREROUTING -d 203.0.113.5 -p tcp --dport 80 ${DNAT} 10.0.0.12`,
			],
		});
		expect(shownShares(service as Service)).toEqual({
			"clients of 198.51.100.0/24": ["10.0.0.9:80 1"],
			"clients outside of 198.51.100.0/24": [
				"10.0.0.11:80 1/2",
				"10.0.0.12:80 1/2",
			],
		});
	});

	test("not by a mark that is for another hook to read", () => {
		const [service] = servicesIn({
			nat: [
				"-A PREROUTING -s 10.244.0.0/16 -d 203.0.113.5 -j MARK --set-xmark 0x4000/0x4000",
				`-A PREROUTING -d 203.0.113.5 -p tcp --dport 80 ${DNAT} 10.0.0.12`,
				"-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE",
			],
		});
		expect(service?.classes.map(({ name }) => name)).toEqual(["all clients"]);
	});
});

describe("what filter lets pass tells apart", () => {
	const forward = (...rules: readonly string[]) => ({
		nat: [
			"-A PREROUTING -i ppp0 -p tcp -m multiport --dports 80,443 -j DNAT --to-destination 192.168.1.20",
		],
		filter: [":FORWARD DROP [0:0]", ...rules],
	});
	const dropped =
		"no backend: dropped on the way to 192.168.1.20 by filter:FORWARD:policy";

	test("ports of one service", () => {
		const [service] = servicesIn(
			forward("-A FORWARD -d 192.168.1.20 -p tcp --dport 80 -j ACCEPT"),
		);
		expect(shownShares(service as Service)).toEqual({
			"clients, port 80": ["192.168.1.20 1"],
			"clients, port 443": [`${dropped}:2 1`],
		});
	});

	test("clients by their networks", () => {
		const [service] = servicesIn(
			forward("-A FORWARD -s 192.0.2.0/24 -d 192.168.1.20 -j ACCEPT"),
		);
		expect(shownShares(service as Service)).toEqual({
			"clients of 192.0.2.0/24": ["192.168.1.20 1"],
			"clients outside of 192.0.2.0/24": [`${dropped}:2 1`],
		});
	});

	test("protocols, where all are translated", () => {
		const [service] = servicesIn({
			nat: ["-A PREROUTING -i ppp0 -j DNAT --to-destination 192.168.1.20"],
			filter: [":FORWARD DROP [0:0]", "-A FORWARD -p udp -j ACCEPT"],
		});
		expect(shownShares(service as Service)).toEqual({
			"clients, udp": ["192.168.1.20 1"],
			"clients, not udp": [`${dropped}:2 1`],
		});
	});
});

describe("conditions", () => {
	const rule = (conditions: string, rest: string) =>
		`-A PREROUTING -d 203.0.113.25 -p tcp --dport 25 ${conditions
			.split(" ")
			.map((name) =>
				name.startsWith("!")
					? `-m condition ! --condition ${name.slice(1)}`
					: `-m condition --condition ${name}`,
			)
			.join(" ")} ${rest}`;

	test("that several rules ask for together have a backend each", () => {
		const [service] = servicesIn({
			nat: [
				rule("a b c", `${nth(3)} ${DNAT} 10.0.0.1`),
				rule("b c", `${nth(2)} ${DNAT} 10.0.0.2`),
				rule("c", `${DNAT} 10.0.0.3`),
				rule("a", `${DNAT} 10.0.0.1`),
				rule("b", `${DNAT} 10.0.0.2`),
			],
		});
		expect(service?.conditions).toEqual([
			{ name: "a", backends: ["10.0.0.1:25"], alive: 1 },
			{ name: "b", backends: ["10.0.0.2:25"], alive: 1 },
			{ name: "c", backends: ["10.0.0.3:25"], alive: 1 },
		]);
		expect(service?.classes[0]?.vectors.map(({ name }) => name)).toEqual([
			"all alive",
			"10.0.0.1:25 dead",
			"10.0.0.2:25 dead",
			"10.0.0.3:25 dead",
			"all dead",
		]);
		expect(Object.values(shownShares(service as Service))).toEqual([
			["10.0.0.1:25 1/3", "10.0.0.2:25 1/3", "10.0.0.3:25 1/3"],
		]);
	});

	test("that select are shown at both of their values", () => {
		const [service] = servicesIn({
			nat: [
				rule("maintenance", `${DNAT} 10.0.0.9`),
				rule("!d1", `${nth(2)} ${DNAT} 10.0.0.1`),
				rule("!d2", `${DNAT} 10.0.0.2`),
				rule("!d1", `${DNAT} 10.0.0.1`),
			],
		});
		expect(Object.values(shownShares(service as Service))).toEqual([
			["10.0.0.1:25 1/2", "10.0.0.2:25 1/2"],
		]);
		expect(service?.classes[0]?.vectors.map(({ name }) => name)).toContain(
			"maintenance is 1",
		);
	});
});

test("rules that name no destination are one service, for the gateway's addresses and for others", () => {
	const services = servicesIn({
		nat: [
			`-A PREROUTING -i eth0 -p tcp --dport 80 ${nth(2)} ${DNAT} 10.0.0.11`,
			`-A PREROUTING -i eth0 -p tcp --dport 80 ${nth(2)} ${DNAT} 10.0.0.12`,
		],
	});
	expect(services.map(({ key }) => key)).toEqual(["tcp any:80"]);
	expect(shownShares(services[0] as Service)).toEqual({
		"all clients": [
			"10.0.0.11:80 1/2",
			"10.0.0.12:80 1/4",
			"no backend: delivered or forwarded as it came 1/4",
		],
	});
	expect(services[0]?.drives).toEqual([]);
});

test("a service takes the name that comments of all its ways have", () => {
	const comment = (text: string) => `-m comment --comment "${text}"`;
	const [service] = servicesIn({
		nat: [
			":POOL - [0:0]",
			`-A PREROUTING -d 203.0.113.5 -p tcp --dport 80 ${comment("the shop")} -j POOL`,
			`-A POOL -p tcp ${nth(2)} ${comment("first")} ${DNAT} 10.0.0.11`,
			`-A POOL -p tcp ${comment("second")} ${DNAT} 10.0.0.12`,
		],
	});
	expect(service?.name).toBe("the shop");
	expect(service?.backends).toMatchObject([
		{ key: "10.0.0.11:80", rules: [{ line: 4 }] },
		{ key: "10.0.0.12:80", rules: [{ line: 5 }] },
	]);
});

test("traffic that moves a counter without being balanced drives the shares of what is", () => {
	const analysis = analyse(
		parseRuleset(
			`*mangle
-A PREROUTING -p tcp --dport 80 ${nth(2)} -j MARK --set-mark 1
COMMIT
*nat
-A PREROUTING -d 203.0.113.5 -p tcp --dport 80 -m mark --mark 1 ${DNAT} 10.0.0.11
-A PREROUTING -d 203.0.113.5 -p tcp --dport 80 ${DNAT} 10.0.0.12
COMMIT
`,
			{ file: "test.rules" },
		),
	);
	expect(analysis.others.length).toBeGreaterThan(0);
	const [drive] = analysis.services[0]?.drives ?? [];
	expect(drive?.kind === "driven" && printRational(drive.greatest)).toBe("1");
	expect(drive?.kind === "driven" && printRational(drive.least)).toBe("0");
});

test("rules that say where connections go, and that no packet comes to, are named", () => {
	const { unmet } = analyse(
		parseRuleset(
			`*nat
-A PREROUTING -i eth0 -p tcp --dport 80 -m conntrack --ctstate ESTABLISHED ${DNAT} 10.0.0.11
-A PREROUTING -i eth0 -p tcp --dport 80 ${DNAT} 10.0.0.12
-A OUTPUT -d 192.0.2.1 -p tcp --dport 80 ${DNAT} 10.0.0.12
-A OUTPUT -d 192.0.2.1 -p tcp --dport 80 ${DNAT} 10.0.0.13
-A POSTROUTING -o eth1 -j MASQUERADE
COMMIT
`,
			{ file: "test.rules" },
		),
	);
	expect(unmet.map(({ rule, line }) => [rule, line])).toEqual([
		["nat:PREROUTING:rule:1", 2],
		["nat:OUTPUT:rule:2", 5],
	]);
});

test("what is not modelled is a gap, also where something open stands in front of it", () => {
	const { gaps } = analyse(
		parseRuleset(
			`*mangle
-A PREROUTING -p tcp --dport 80 ${nth(2)} -j PROTO --proto-set 17
COMMIT
`,
			{ file: "test.rules" },
		),
	);
	expect(gaps.join()).toContain('target "PROTO" is not modelled');
});

describe("sets", () => {
	const NATTED = [
		"*nat",
		`-A PREROUTING -m set --match-set vips dst -p tcp --dport 80 ${nth(2)} ${DNAT} 10.7.0.2`,
		`-A PREROUTING -m set --match-set vips dst -p tcp --dport 80 ${DNAT} 10.7.0.3`,
		"COMMIT",
		"",
	].join("\n");
	const ruleset = parseRuleset(NATTED, { file: "test.rules" });

	test.each([
		["hash:ip", "198.18.0.1", "tcp 198.18.0.1:80"],
		["hash:net", "198.18.0.0/24", "tcp 198.18.0.0/24:80"],
	])(
		"of %s that are known give services their addresses",
		(type, member, key) => {
			const sets = `create vips ${type}\nadd vips ${member}\n`;
			const { services } = analyse(ruleset, { ...NOTHING_GIVEN, sets });
			expect(services.map((one) => [one.key, shownShares(one)])).toEqual([
				[key, { "all clients": ["10.7.0.2:80 1/2", "10.7.0.3:80 1/2"] }],
			]);
		},
	);

	test("whose members are not known leave shares unknown, and a limit does not", () => {
		const nat = `*nat\n-A PREROUTING -d 198.18.0.1 -p tcp --dport 22 ${DNAT} 10.7.0.2\nCOMMIT\n`;
		const unknown = (rules: readonly string[]) =>
			splitDocument(
				"test.rules",
				analyse(
					parseRuleset(`*filter\n${rules.join("\n")}\nCOMMIT\n${nat}`, {
						file: "test.rules",
					}),
				),
			).services.flatMap(({ classes }) =>
				classes.flatMap(({ vectors }) =>
					vectors.flatMap(({ parts }) =>
						parts.map(({ share }) =>
							share.kind === "interval" ? share.isUnknown : null,
						),
					),
				),
			);
		expect(unknown(["-A FORWARD -m set --match-set bad src -j DROP"])).toEqual([
			true,
			true,
		]);
		expect(unknown(["-A FORWARD -m limit --limit 1/s -j DROP"])).toEqual([
			false,
			false,
		]);
	});

	describe("in which no client can be", () => {
		const analysed = (sets: string, mangle: readonly string[]) => {
			const rules = ["-A PREROUTING -m set --match-set bad src -j DROP"];
			const text = `*mangle\n${[...rules, ...mangle].join("\n")}\nCOMMIT\n*nat\n-A PREROUTING -d 198.18.0.1 -p tcp --dport 22 ${DNAT} 10.7.0.2\nCOMMIT\n`;
			const ruleset = parseRuleset(text, { file: "test.rules" });
			return analyse(ruleset, { ...NOTHING_GIVEN, sets });
		};
		const shares = (sets: string, ...mangle: readonly string[]) =>
			analysed(sets, mangle).services.map(shownShares);
		const asked = (sets: string, ...mangle: readonly string[]) =>
			splitDocument("test.rules", analysed(sets, mangle)).services.flatMap(
				({ classes }) => classes.map(({ asksWhoCame }) => asksWhoCame),
			);
		const all = [{ "all clients": ["10.7.0.2:22 1"] }];

		test.each([
			["an empty one", "create bad hash:ip timeout 60\n"],
			[
				"a list of empty ones",
				"create a hash:net\ncreate bad list:set\nadd bad a\n",
			],
			["one of IPv6", "create bad hash:ip family inet6\nadd bad fd00::1\n"],
			[
				"one of more dimensions",
				"create bad hash:ip,port\nadd bad 10.0.0.1,tcp:22\n",
			],
		])("%s leaves shares exact", (_, sets) => {
			expect(shares(sets)).toEqual(all);
		});

		test("one to which a rule adds leaves those of clients exact that come for the first time, and says so", () => {
			const empty = "create bad hash:ip\ncreate l list:set\nadd l bad\n";
			expect(asked(empty)).toEqual([false]);
			for (const name of ["bad", "l"]) {
				const adds = `-A INPUT -p tcp -j SET --add-set ${name} src`;
				expect(shares(empty, adds)).toEqual(all);
				expect(asked(empty, adds)).toEqual([true]);
			}
		});
	});
});

test("an address that rules redirect is on the interface by which they let packets in", () => {
	const services = servicesIn({
		nat: [9001, 9002].map(
			(port) =>
				`-A PREROUTING -d 203.0.113.44 -p tcp --dport 443 ${port === 9001 ? nth(2) : ""} -j REDIRECT --to-ports ${port}`,
		),
		filter: [
			":INPUT DROP [0:0]",
			"-A INPUT -i lo -j ACCEPT",
			"-A INPUT -i wan0 -p tcp -m multiport --dports 9001,9002 -j ACCEPT",
		],
	});
	expect(services.map(shownShares)).toEqual([
		{
			"all clients": [
				"the gateway's own 203.0.113.44:9001 1/2",
				"the gateway's own 203.0.113.44:9002 1/2",
			],
		},
	]);
});

describe("what the gateway itself opens", () => {
	const POOL = [
		`-A POSTROUTING -o eth0 -p tcp --dport 25 ${nth(2)} -j SNAT --to 203.0.113.21`,
		"-A POSTROUTING -o eth0 -p tcp --dport 25 -j SNAT --to 203.0.113.22",
	];

	test("is a service of its own where rules of OUTPUT translate it", () => {
		const rules = (chain: string) => [
			`-A ${chain} -d 203.0.113.5 -p tcp --dport 80 ${nth(2)} ${DNAT} 10.0.0.11`,
			`-A ${chain} -d 203.0.113.5 -p tcp --dport 80 ${DNAT} 10.0.0.12`,
		];
		const services = servicesIn({
			nat: [...rules("PREROUTING"), ...rules("OUTPUT")],
		});
		const shares = ["10.0.0.11:80 1/2", "10.0.0.12:80 1/2"];
		expect(
			services.map((one) => [one.key, one.openedBy, shownShares(one)]),
		).toEqual([
			["tcp 203.0.113.5:80", "clients", { "all clients": shares }],
			[
				"tcp 203.0.113.5:80 from the gateway itself",
				"gateway",
				{ "the gateway itself": shares },
			],
		]);
	});

	test("is one with what clients open, where both meet the same rules", () => {
		const services = servicesIn({
			nat: [
				":WEB - [0:0]",
				"-A PREROUTING -d 203.0.113.5 -p tcp --dport 80 -j WEB",
				"-A OUTPUT -d 203.0.113.5 -p tcp --dport 80 -j WEB",
				`-A WEB -p tcp ${nth(2)} ${DNAT} 10.0.0.11`,
				`-A WEB -p tcp ${DNAT} 10.0.0.12`,
				...POOL,
			],
		});
		expect(services.map(({ key, openedBy }) => [key, openedBy])).toEqual([
			["tcp 203.0.113.5:80", "both"],
			["tcp any:25", "both"],
		]);
	});

	test("leaves with a source of its own in any case", () => {
		const rule = `-A POSTROUTING -s 203.0.113.20 -o eth0 -p tcp --dport 25 ${nth(3)} -j SNAT --to 203.0.113.21`;
		const ruleset = parseRuleset(`*nat\n${rule}\nCOMMIT\n`);
		const addresses = ["203.0.113.20/24", "203.0.113.21/24"];
		const [own, ...others] = analyse(ruleset, {
			...NOTHING_GIVEN,
			interfaces: [{ name: "eth0", addresses, mtu: 1500 }],
		}).services;
		expect(others).toEqual([]);
		expect(shownShares(own as Service)).toEqual({
			"the gateway itself": ["from 203.0.113.20 2/3", "from 203.0.113.21 1/3"],
		});
	});

	test("is routed by the mark that mangle OUTPUT gives it", () => {
		const [own] = servicesIn({
			mangle: [
				"-A OUTPUT -p tcp --dport 443 -j MARK --set-mark 2",
				`-A OUTPUT -p tcp --dport 443 ${nth(4)} -j MARK --set-mark 1`,
			],
		});
		expect([own?.balances, own && shownShares(own)]).toEqual([
			"mark",
			{ "the gateway itself": ["mark 0x1 1/4", "mark 0x2 3/4"] },
		]);
	});
});

test("rules for an interface that the machine does not have are among those that no packet met", () => {
	const rule = `-A PREROUTING -i wan7 -d 203.0.113.2 -p tcp --dport 80 ${DNAT} 10.7.0.2`;
	const { services, unmet } = analyse(parseRuleset(`*nat\n${rule}\nCOMMIT\n`), {
		...NOTHING_GIVEN,
		interfaces: [{ name: "wan0", addresses: ["203.0.113.2/24"], mtu: 1500 }],
		routes: [],
	});
	expect(services).toEqual([]);
	expect(unmet).toMatchObject([{ line: 2, isTold: false }]);
});

test.each([
	[
		"NETMAP gives each address one of its own",
		"-j NETMAP --to 10.0.0.0/24",
		"10.0.0.0/24",
	],
	["of one address alone", "-j NETMAP --to 10.0.0.7", null],
	["DNAT sends all to one", `${DNAT} 10.0.0.7`, null],
])("what a backend stands for: %s", (_, target, standsFor) => {
	const { services } = splitDocument(
		"test.rules",
		analyse(
			parseRuleset(
				`*nat\n-A PREROUTING -d 198.51.100.0/24 -p tcp ${target}\nCOMMIT\n`,
				{ file: "test.rules" },
			),
		),
	);
	const [part] = services[0]?.classes[0]?.vectors[0]?.parts ?? [];
	expect(part).toMatchObject({ isBackend: true, standsFor });
});

test("an address that rules name is called so, also where the gateway is said to have no other", () => {
	const keys = (rule: string) =>
		servicesIn({
			nat: [
				`-A PREROUTING ${rule} -p tcp --dport 80 -j REDIRECT --to-ports 8080`,
			],
		}).map(({ key }) => key);
	expect(keys("-d 203.0.113.1")).toEqual(["tcp 203.0.113.1:80"]);
	expect(keys("-m addrtype --dst-type LOCAL")).toEqual(["tcp local:80"]);
});

describe("marks of connections whose sources are split as well", () => {
	const via = ["5.9.10.254", "81.2.3.254"] as const;
	const gapsOf = (...snat: readonly string[]) => {
		const text = `*mangle
-A PREROUTING -i lan0 ${nth(2)} -j MARK --set-mark 1
-A PREROUTING -i lan0 -m mark --mark 0 -j MARK --set-mark 2
COMMIT
*nat
${snat.join("\n")}
-A POSTROUTING -o wan+ -j MASQUERADE
COMMIT
`;
		const given = {
			...NOTHING_GIVEN,
			interfaces: [
				{ name: "wan1", addresses: ["5.9.10.1/24"], mtu: 1500 },
				{
					name: "wan2",
					addresses: ["81.2.3.1/24", "81.2.3.5/24"],
					mtu: 1500,
				},
				{ name: "lan0", addresses: ["10.0.0.1/24"], mtu: 1500 },
			],
			routes: [{ destination: "0.0.0.0/0", via: via[0], interface: "wan1" }],
			markRoutes: via.map((next, index) => ({
				priority: 101 + index,
				mark: 1 + index,
				mask: 0xffff_ffff,
				table: `${101 + index}`,
				via: next,
				interface: `wan${1 + index}`,
			})),
			ip: via.flatMap((next, index) => [
				`ip route add default via ${next} dev wan${1 + index} table ${101 + index}`,
				`ip rule add fwmark ${1 + index} table ${101 + index} priority ${101 + index}`,
			]),
			hasRoutingRules: true,
		};
		const ruleset = parseRuleset(text, { file: "test.rules" });
		const { services, gaps } = analyse(ruleset, given);
		expect(services.some(({ balances }) => balances === "mark")).toBe(true);
		return gaps;
	};
	const mail = "-A POSTROUTING -o wan2 -p tcp --dport 25";

	test("tell nothing of how these are", () => {
		expect(gapsOf(`${mail} ${nth(2)} -j SNAT --to-source 81.2.3.5`)).toEqual([
			"tcp any:25: connections of one mark leave with several source addresses, and only the shares of marks were looked at",
		]);
	});

	test("leave nothing open where each mark has one", () => {
		expect(gapsOf()).toEqual([]);
		expect(gapsOf(`${mail} -j SNAT --to-source 81.2.3.5`)).toEqual([]);
	});
});
