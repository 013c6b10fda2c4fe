/** Translated connections: what the examples of the rules do not show. */
import { describe, expect, it, test } from "vitest";
import type { Ruleset } from "../../../../../sim/contract/ruleset.ts";
import { parseRules } from "../../../../../sim/script/check-rules.ts";
import { analyse } from "../../../services/analysis.ts";
import {
	type GivenWorld,
	NOTHING_GIVEN,
} from "../../../world/assumed-world.ts";
import { ONE_UPLINK } from "../../../world/test-routers.ts";
import { edited } from "../../cascades/test-edits.ts";
import { lintRuleset } from "../../run/lint-ruleset.ts";
import { rulesAlone } from "../../test-facts.ts";
import { hairpinWithoutSnat } from "./hairpin-without-snat.ts";

const lint = (text: string) =>
	lintRuleset(rulesAlone(text), text).filter(({ lint: { code } }) =>
		code.startsWith("MT6"),
	);
/** The same on a router of which more is known. */
function lintIn(text: string, given: Partial<GivenWorld>) {
	const { ruleset } = parseRules(text, { file: "my.rules" });
	const analysis = analyse(ruleset, { ...NOTHING_GIVEN, ...given });
	return lintRuleset({ ...analysis, file: "my.rules" }, text).filter(
		({ lint: { code } }) => code.startsWith("MT6"),
	);
}
const DNAT = "-d 203.0.113.1/32 -i eth0 -p tcp -m tcp --dport 80";

it("tells the part of the connections that is dropped, and by which rule", () => {
	const [found] = lint(`*nat
-A PREROUTING ${DNAT} -m statistic --mode nth --every 3 --packet 0 -j DNAT --to-destination 10.20.0.11
-A PREROUTING ${DNAT} -j DNAT --to-destination 10.20.0.12
COMMIT
*filter
-A FORWARD -d 10.20.0.11/32 -j REJECT
COMMIT
`);
	expect(found).toMatchObject({
		message:
			"connections to 10.20.0.11:80 are rejected by filter:FORWARD:rule:1",
		happens:
			"1/3 (33.3 %) of the connections of tcp 203.0.113.1:80 go to 10.20.0.11:80 and are rejected by `-A FORWARD -d 10.20.0.11/32 -j REJECT --reject-with icmp-port-unreachable`.",
	});
});

it("blames what keeps most clients away, and not the list that a few are blocked by", () => {
	const [found] = lint(`*nat
-A PREROUTING ${DNAT} -j DNAT --to-destination 10.20.0.11:8080
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -s 192.0.2.0/24 -j DROP
-A FORWARD -d 10.20.0.11/32 -p tcp -m tcp --dport 80 -j ACCEPT
COMMIT
`);
	expect(found).toMatchObject({
		message:
			"connections to 10.20.0.11:8080 are dropped by the policy of FORWARD",
		happens:
			"All of the connections of tcp 203.0.113.1:80 from clients outside of 192.0.2.0/24 go to 10.20.0.11:8080 and are dropped by the policy of FORWARD. Those of clients of 192.0.2.0/24 are dropped by filter:FORWARD:rule:1.",
	});
});

it("finds that clients of another uplink are dropped by rp_filter, where the way back is not theirs", () => {
	const text = `*nat
-A PREROUTING -d 192.0.2.1 -p tcp --dport 80 -j DNAT --to-destination 10.20.0.11
COMMIT
`;
	const { ruleset } = parseRules(text, { file: "my.rules" });
	const foundWith = (rpFilter: number) => {
		const given: GivenWorld = {
			...NOTHING_GIVEN,
			interfaces: [
				{ name: "wan1", addresses: ["203.0.113.2/24"], mtu: 1500 },
				{ name: "wan2", addresses: ["192.0.2.1/24"], mtu: 1500 },
				{ name: "lan0", addresses: ["10.20.0.1/24"], mtu: 1500 },
			],
			routes: [
				{ destination: "0.0.0.0/0", via: "203.0.113.254", interface: "wan1" },
			],
			ip: [
				"ip route add default via 192.0.2.254 dev wan2 table 2",
				"ip rule add fwmark 2 table 2",
			],
			sysctls: { "ipv4.conf.wan2.rp_filter": rpFilter },
		};
		const facts = { file: "my.rules", ...analyse(ruleset, given) };
		return lintRuleset(facts, text).map(({ message }) => message);
	};
	expect([0, 1, 2].map(foundWith)).toEqual([
		[],
		[
			"connections to 10.20.0.11:80 that come in by wan2 are dropped by the kernel (reverse path)",
		],
		[],
	]);
});

describe("a mark that sends clients into the table of an uplink", () => {
	const text = `*mangle
-A PREROUTING -i wan1 -j MARK --set-mark 1
COMMIT
*nat
-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.0.0.20
-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -j DNAT --to-destination 192.0.2.99
COMMIT
`;
	const { ruleset } = parseRules(text, { file: "my.rules" });
	const analysed = (ruleset: Ruleset, ...ip: readonly string[]) =>
		analyse(ruleset, {
			...NOTHING_GIVEN,
			interfaces: [
				{ name: "wan1", addresses: ["203.0.113.1/24"], mtu: 1500 },
				{ name: "lan0", addresses: ["10.0.0.1/24"], mtu: 1500 },
			],
			routes: [
				{ destination: "0.0.0.0/0", via: "203.0.113.254", interface: "wan1" },
			],
			ip: [
				"ip route add default via 203.0.113.254 dev wan1 table 101",
				...ip,
				"ip rule add fwmark 1 table 101 priority 100",
			],
		});
	const foundWith = (...ip: readonly string[]) =>
		lintRuleset({ file: "my.rules", ...analysed(ruleset, ...ip) }, text).map(
			({ lint: { code }, message }) => `${code} ${message}`,
		);

	it("sends those to a backend there as well, which is lost", () => {
		expect(foundWith()).toEqual([
			"MT601 connections to 10.0.0.20:80 are led astray: what is for it leaves by wan1, and not by lan0",
		]);
		const [service] = analysed(ruleset).services;
		expect(service?.backends.map(({ key }) => key)).toEqual(["192.0.2.99:80"]);
	});

	it("is found where rules drop what leaves by the wrong link, and a few clients before", () => {
		const strict = `${text.replaceAll("-A PREROUTING -d", "-A PREROUTING -i wan1 -d")}*filter
:FORWARD DROP [0:0]
-A FORWARD -s 198.51.100.0/24 -j DROP
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i wan1 -o lan0 -j ACCEPT
-A FORWARD -d 192.0.2.99 -j ACCEPT
COMMIT
`;
		const { ruleset } = parseRules(strict, { file: "my.rules" });
		const facts = { file: "my.rules", ...analysed(ruleset) };
		expect(lintRuleset(facts, strict)).toMatchObject([
			{
				message:
					"connections to 10.0.0.20:80 are led astray: what is for it leaves by wan1, and not by lan0",
				happens:
					"1/2 (50 %) of the connections of tcp 203.0.113.1:80 from clients outside of 198.51.100.0/24 go to 10.0.0.20:80 and are lost: routing by marks sends them to another link than the backend's, where the policy of FORWARD drops them. Those of clients of 198.51.100.0/24 are dropped by filter:FORWARD:rule:1.",
			},
		]);
	});

	it("is found where others reach the backend", () => {
		const others = text.replace(
			"-i wan1 -j MARK",
			"-i wan1 -s 198.51.100.0/24 -j MARK",
		);
		const { ruleset } = parseRules(others, { file: "my.rules" });
		const facts = { file: "my.rules", ...analysed(ruleset) };
		expect(lintRuleset(facts, others)).toMatchObject([
			{ lint: { code: "MT601" }, happens: expect.stringMatching(/^1\/2 /) },
		]);
	});

	it.each([
		[
			"that has a route to the link",
			"ip route add 10.0.0.0/24 dev lan0 table 101",
		],
		[
			"that has a route to the backend by the uplink, as it is meant",
			"ip route add 10.0.0.20 via 203.0.113.77 dev wan1 table 101",
		],
		[
			"behind the main table's narrower routes",
			"ip rule add lookup main suppress_prefixlength 0 priority 50",
		],
	])("is no fault with a table %s", (_, command) => {
		expect(foundWith(command)).toEqual([]);
	});
});

it.each([
	[
		"a rule that keeps some clients away",
		`*nat
-A PREROUTING ${DNAT} -j DNAT --to-destination 10.20.0.11
COMMIT
*filter
-A FORWARD -s 192.0.2.0/24 -d 10.20.0.11/32 -j DROP
COMMIT
`,
	],
	[
		"clients that are not tracked, and dropped",
		`*raw
-A PREROUTING -s 192.0.2.0/24 -j CT --notrack
COMMIT
*nat
-A PREROUTING ${DNAT} -j DNAT --to-destination 10.20.0.11
COMMIT
*filter
-A INPUT -s 192.0.2.0/24 -j DROP
COMMIT
`,
	],
	[
		"clients that a rule of nat leaves to the gateway itself",
		`*nat
-A PREROUTING -s 192.0.2.0/24 -j ACCEPT
-A PREROUTING ${DNAT} -j DNAT --to-destination 10.20.0.11
COMMIT
`,
	],
	[
		"a rate that is bounded behind the translation",
		`*nat
-A PREROUTING ${DNAT} -j DNAT --to-destination 10.20.0.11
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -i eth1 -j ACCEPT
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -d 10.20.0.11/32 -m limit --limit 100/s -j ACCEPT
COMMIT
`,
	],
	[
		"a service that hosts of the backend's link do not use",
		`*nat
-A PREROUTING ${DNAT} -j DNAT --to-destination 10.20.0.11
-A POSTROUTING -s 10.20.0.0/24 -o eth0 -j MASQUERADE
COMMIT
`,
	],
	[
		"a link that rules say nothing of",
		`*nat
-A PREROUTING -d 203.0.113.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.0.11
COMMIT
`,
	],
])("takes %s for right", (_, text) => {
	expect(lint(text)).toEqual([]);
});

test("a repaired hairpin has none any more", () => {
	const { bad } = hairpinWithoutSnat.examples;
	const [found] = lint(bad);
	expect(lint(edited(bad, found?.repair ?? []))).toEqual([]);
});

test("a hairpin is one of the rule that sends neighbours there, not of a rule for other clients", () => {
	const found = lint(`*nat
-A PREROUTING -i eth0 -s 10.0.0.0/8 -p tcp --dport 25 -j DNAT --to-destination 10.10.10.3
-A PREROUTING -i eth0 -p tcp --dport 25 -j DNAT --to-destination 10.10.10.4
COMMIT
*filter
-A FORWARD -i eth0 -j ACCEPT
COMMIT
`);
	expect(found.map(({ at, message }) => [at.line, message])).toEqual([
		[2, "clients of 10.0.0.0/8 are sent to 10.10.10.3:25 on their own link"],
	]);
});

describe("a hairpin of a service that hosts behind the gateway ask for", () => {
	const given = ONE_UPLINK;
	const found = (lines: readonly string[], more: Partial<GivenWorld> = given) =>
		lintIn(`*nat\n${lines.join("\n")}\nCOMMIT\n`, more).map(
			({ lint: { code }, at }) => [code, at.line],
		);
	const dnat = (clients: string) =>
		`-A PREROUTING ${clients} -d 203.0.113.1/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.20.0.11:443`;

	test.each(["-i br0", "-s 10.20.0.0/24", "! -i eth0", "-i br+"])(
		"is found where rules say so: %s",
		(clients) => {
			expect(found([dnat(clients)])).toEqual([["MT602", 2]]);
		},
	);

	test("is found behind a jump for them", () => {
		const jump = "-A PREROUTING -i br0 -j OURS";
		const lines = [
			":OURS - [0:0]",
			jump,
			dnat("").replace("PREROUTING", "OURS"),
		];
		expect(found(lines)).toEqual([["MT602", 4]]);
	});

	test("is found by the source alone, where no addresses are given", () => {
		expect(found([dnat("-s 10.20.0.0/24")], {})).toEqual([["MT602", 2]]);
	});

	test("is found where a rule translates those of one backend, and forgets the other", () => {
		const both = [
			dnat("-m statistic --mode nth --every 2 --packet 0"),
			dnat("").replace("10.20.0.11", "10.20.0.12"),
		];
		const forFirst =
			"-A POSTROUTING -s 10.20.0.0/24 -d 10.20.0.11 -j MASQUERADE";
		expect(found([...both, forFirst])).toEqual([["MT602", 3]]);
		expect(found([...both, forFirst], {})).toEqual([["MT602", 3]]);
		const forHost = forFirst.replace("10.20.0.0/24", "10.20.0.11");
		expect(found([...both, forHost])).toEqual([]);
	});

	test("is a note where hosts there are masqueraded as all are, and addresses are given", () => {
		const lines = [dnat(""), "-A POSTROUTING -o eth0 -j MASQUERADE"];
		const text = `*nat\n${lines.join("\n")}\nCOMMIT\n`;
		expect(
			lintIn(text, { ...given, hasAddresses: true }).map(
				({ severity, message }) => [severity, message],
			),
		).toEqual([
			[
				"note",
				"clients of 10.20.0.0/24, if there are any, are sent to 10.20.0.11:443 on their own link",
			],
		]);
		expect(lintIn(text, {})).toEqual([]);
		const forThem = "-A POSTROUTING -s 10.20.0.0/24 -o eth0 -j MASQUERADE";
		const warned = found([lines[0] ?? "", forThem]);
		expect(warned).toEqual([["MT602", 2]]);
	});

	test("is none of clients that come by an uplink beside the backends, nor of those that rules leave out", () => {
		const [uplink] = given.interfaces;
		const oneArm = { ...given, interfaces: [uplink] };
		const beside = dnat("-i eth0").replace("10.20.0.11", "203.0.113.20");
		expect(found([beside], oneArm)).toEqual([]);
		expect(found([dnat("! -i br0")])).toEqual([]);
	});
});

describe("a service that is exempt from conntrack", () => {
	const DNS = "-d 203.0.113.1/32 -p udp -m udp --dport 53";
	const rules = (from: string) => `*raw
-A PREROUTING${from} -p udp -m udp --dport 53 -j CT --notrack
COMMIT
*nat
-A PREROUTING ${DNS} -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.0.11
-A PREROUTING ${DNS} -j DNAT --to-destination 10.20.0.12
COMMIT
`;

	it("is found at the rule that exempts all of its packets, with those that would translate them", () => {
		const [found, ...others] = lint(rules(""));
		expect(others).toEqual([]);
		expect(found).toMatchObject({
			at: { line: 2 },
			message:
				"packets of 2 rules of nat are not tracked, so none is translated",
			related: [{ at: { line: 5 } }, { at: { line: 6 } }],
		});
	});

	it("is found of some clients whose datagrams a socket of the gateway takes", () => {
		expect(lint(rules(" -s 198.51.100.0/24"))).toMatchObject([
			{
				at: { line: 2 },
				message:
					"connections to udp 203.0.113.1:53 from clients of 198.51.100.0/24 are not tracked, and so not translated",
			},
		]);
	});

	it("is none where other packets are exempt", () => {
		expect(
			lint(rules("").replace("--dport 53 -j CT", "--dport 54 -j CT")),
		).toEqual([]);
	});
});
