/** Packets of one connection: what the examples of the rules do not show. */
import { describe, expect, test } from "vitest";
import { parseRules } from "../../../../../sim/script/check-rules.ts";
import { analyse } from "../../../services/analysis.ts";
import {
	type GivenWorld,
	NOTHING_GIVEN,
} from "../../../world/assumed-world.ts";
import { lintRuleset } from "../../run/lint-ruleset.ts";
import { rulesAlone } from "../../test-facts.ts";

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

describe("answers of a router with two uplinks", () => {
	const serviceOf = (address: string) =>
		`-A PREROUTING -d ${address} -p tcp --dport 80 -j DNAT --to-destination 10.0.0.20`;
	const SERVICES = [serviceOf("203.0.113.1"), serviceOf("192.0.2.1")];
	const MARKED = [
		"-A PREROUTING -i wan2 -m conntrack --ctstate NEW -j MARK --set-mark 2",
		"-A PREROUTING -i wan2 -m conntrack --ctstate NEW -j CONNMARK --save-mark",
		"-A PREROUTING -i lan0 -j CONNMARK --restore-mark",
	];
	const ROUTING = [
		"ip route add default via 192.0.2.254 dev wan2 table 102",
		"ip route add 10.0.0.0/24 dev lan0 table 102",
		"ip rule add fwmark 2 table 102 priority 100",
	];
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
				interfaces: [
					{ name: "wan1", addresses: ["203.0.113.1/24"], mtu: 1500 },
					{ name: "wan2", addresses: ["192.0.2.1/24"], mtu: 1500 },
					{ name: "lan0", addresses: ["10.0.0.1/24"], mtu: 1500 },
				],
				routes: [
					{ destination: "0.0.0.0/0", via: "203.0.113.254", interface: "wan1" },
				],
				ip: ROUTING,
				hasRoutingRules: true,
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

	test("are not looked at where routing rules are not known, which may send them to it", () => {
		expect(foundIn([], { hasRoutingRules: false })).toEqual([]);
	});

	test("leave by it without a mark, where a rule routes by their source", () => {
		const ip = [...ROUTING, "ip rule add from 10.0.0.20 table 102"];
		expect(foundIn([], { ip })).toEqual([
			"MT302 answers of connections that come in by wan1 leave by wan2 (likely)",
		]);
	});
});
