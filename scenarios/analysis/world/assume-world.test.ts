import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kubeProxyRules } from "../../../bench/kube-proxy.ts";
import { seededChoice } from "../../../sim/chance/seeded.ts";
import type { Ruleset } from "../../../sim/contract/ruleset.ts";
import { ModelGateway } from "../../../sim/gateway/model-gateway.ts";
import { formatAddress } from "../../../sim/packet/address.ts";
import { Routes } from "../../../sim/routing/routes.ts";
import { checkRules, parseRules } from "../../../sim/script/check-rules.ts";
import {
	TEST_RULESETS,
	testRuleset,
} from "../../../test/rulesets/test-rulesets.ts";
import { rulesets } from "../../fuzz/rules/ruleset.ts";
import { assumeWorld } from "./assume-world.ts";
import { type AssumedWorld, NOTHING_GIVEN } from "./assumed-world.ts";
import { isUsable } from "./give-addresses.ts";
import { ruleFacts } from "./rule-facts.ts";

function nat(...rules: readonly string[]): Ruleset {
	const text = ["*nat", ...rules, "COMMIT", ""].join("\n");
	return parseRules(text, { file: "my.rules" }).ruleset;
}

function fromRules(...rules: readonly string[]): AssumedWorld {
	return assumeWorld(nat(...rules), NOTHING_GIVEN);
}

/** `eth0 10.0.0.1/24 10.0.0.2/24`, `0.0.0.0/0 via 10.0.0.254 dev eth0`. */
function shown({ setup }: AssumedWorld): readonly string[] {
	return [
		...setup.interfaces.map(({ name, addresses }) =>
			[name, ...addresses].join(" "),
		),
		...setup.routes.map(
			({ destination, via, interface: name }) =>
				`${destination}${via === null ? "" : ` via ${via}`} dev ${name}`,
		),
	];
}

/** The model takes it, and packets have a way where rules send them. */
function mustWork(ruleset: Ruleset): AssumedWorld {
	const world = assumeWorld(ruleset, NOTHING_GIVEN);
	new ModelGateway(world.setup, { choice: seededChoice(1) });
	const names = world.setup.interfaces.map(({ name }) => name);
	expect(names).toEqual([...new Set(names)]);
	expect(world.clientInterfaces).not.toEqual([]);
	expect(names).toEqual(expect.arrayContaining([...world.clientInterfaces]));
	const routes = new Routes(world.setup);
	const { services, backends } = ruleFacts(ruleset);
	for (const { interval } of backends)
		for (const address of interval.filter(isUsable))
			expect(
				routes.lookup(address | 0)?.type,
				`a backend, ${formatAddress(address)}`,
			).toMatch(/unicast|local/);
	for (const { interval } of services)
		if (isUsable(interval[0]))
			expect(routes.lookup(interval[0] | 0)).not.toBeNull();
	// Any client gets its answers.
	expect(routes.lookup(0x08080808)).not.toBeNull();
	return world;
}

describe("the machine around a ruleset", () => {
	it("has the service's address outside and a network for backends inside", () => {
		const world = fromRules(
			"-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -j DNAT --to-destination 10.20.0.11",
			"-A PREROUTING -d 203.0.113.2 -p tcp --dport 80 -j DNAT --to-destination 10.20.0.12",
		);
		expect(shown(world)).toEqual([
			"wan0 203.0.113.1/24 203.0.113.2/24",
			"lan0 10.20.0.1/24",
			"0.0.0.0/0 via 203.0.113.254 dev wan0",
		]);
		expect(world.clientInterfaces).toEqual(["wan0"]);
		expect(world.setup.sysctls["ipv4.ip_forward"]).toBe(1);
	});

	it("says of each thing that it assumes why, and which option tells it", () => {
		const { assumptions } = fromRules(
			"-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -j DNAT --to-destination 10.20.0.11",
		);
		expect(
			assumptions.map(({ text, because, given }) => [text, because, given]),
		).toEqual([
			[
				"there is an interface wan0, by which clients come",
				"no rule says by which interface they do",
				"--addresses",
			],
			[
				"each interface has an MTU of 1500",
				"rules do not tell it",
				"--addresses",
			],
			[
				"wan0 has 203.0.113.1/24",
				"the rule in line 2 matches connections to it",
				"--addresses",
			],
			[
				"there is an interface lan0, with hosts inside",
				"no rule says by which interface the backend 10.20.0.11 (line 2) is reached",
				"--addresses",
			],
			[
				"lan0 has 10.20.0.1/24",
				"10.20.0.11 is a backend (line 2)",
				"--addresses",
			],
			[
				"the default route leads over wan0, by 203.0.113.254",
				"clients may have any address, and answers have to reach them",
				"--routes",
			],
			[
				"net.ipv4.ip_forward is 1",
				"nothing reaches a backend without it",
				"--capture",
			],
		]);
	});

	it("takes the interfaces that rules name, and the networks behind them", () => {
		const { ruleset } = parseRules(
			`*nat
-A PREROUTING -i eth0 -p tcp --dport 80 -j DNAT --to-destination 10.8.0.11
COMMIT
*filter
-A FORWARD -i eth0 -o wg+ -d 10.8.0.0/16 -j ACCEPT
-A INPUT -i eth0 -s 10.0.0.0/8 -j DROP
COMMIT
`,
			{ file: "my.rules" },
		);
		expect(shown(assumeWorld(ruleset, NOTHING_GIVEN))).toEqual([
			"eth0 100.64.0.1/24",
			"wg0 10.8.0.1/16",
			"0.0.0.0/0 via 100.64.0.254 dev eth0",
		]);
	});

	it("has backends on the service's own network where they share it", () => {
		expect(
			shown(
				fromRules(
					"-A PREROUTING -d 192.168.1.1 -p tcp --dport 80 -j DNAT --to-destination 192.168.1.20",
				),
			),
		).toEqual(["wan0 192.168.1.1/24", "0.0.0.0/0 via 192.168.1.254 dev wan0"]);
	});

	it("keeps an address that only its port changes", () => {
		expect(
			shown(
				fromRules(
					"-A PREROUTING -d 192.168.1.1 -p tcp --dport 80 -j DNAT --to-destination 192.168.1.1:8080",
				),
			),
		).toEqual(["wan0 192.168.1.1/24", "0.0.0.0/0 via 192.168.1.254 dev wan0"]);
	});

	it("routes to a backend whose address is its network's broadcast address elsewhere", () => {
		expect(
			shown(
				fromRules(
					"-A PREROUTING -d 10.0.0.1 -p tcp --dport 80 -j DNAT --to-destination 10.0.0.255",
				),
			),
		).toEqual([
			"wan0 10.0.0.1/32 100.64.0.1/24",
			"lan0 100.64.1.1/24",
			"10.0.0.0/24 dev lan0",
			"0.0.0.0/0 via 100.64.0.254 dev wan0",
		]);
	});

	it("has a host inside whose connections leave translated on the link of the others", () => {
		const world = fromRules(
			"-A POSTROUTING -s 192.168.1.25 -o wan0 -p tcp --dport 25 -j SNAT --to-source 203.0.113.5",
			"-A POSTROUTING -o wan0 -j MASQUERADE",
		);
		expect(shown(world)).toContain("lan0 192.168.1.1/24");
		expect(world.assumptions).toContainEqual({
			kind: "address",
			text: "lan0 has 192.168.1.1/24",
			because: "the rule in line 2 translates what 192.168.1.25 sends",
			given: "--addresses",
		});
	});

	it("has clients outside where a rule for those inside comes beside one for all", () => {
		const world = fromRules(
			"-A PREROUTING -d 203.0.113.7 -p tcp --dport 443 -j DNAT --to-destination 192.168.1.20",
			"-A PREROUTING -i br-lan -d 203.0.113.7 -p tcp --dport 8443 -j DNAT --to-destination 192.168.1.20",
			"-A POSTROUTING -o br-lan -d 192.168.1.20 -j MASQUERADE",
		);
		expect(world.clientInterfaces).toEqual(["wan0", "br-lan"]);
		expect(shown(world)).toEqual([
			"br-lan 192.168.1.1/24",
			"wan0 203.0.113.7/24",
			"0.0.0.0/0 via 203.0.113.1 dev wan0",
		]);
	});

	it("takes the interfaces that zones name, whatever comes behind them", () => {
		const { ruleset } = parseRules(
			`*nat
:PREROUTING_ZONES - [0:0]
:PRE_public - [0:0]
-A PREROUTING -j PREROUTING_ZONES
-A PREROUTING_ZONES -i eth0 -g PRE_public
-A PREROUTING_ZONES -g PRE_public
-A PRE_public -p tcp --dport 80 -j DNAT --to-destination 10.1.0.2
COMMIT
`,
			{ file: "firewalld" },
		);
		expect(mustWork(ruleset).clientInterfaces).toEqual(["eth0"]);
	});

	it("knows the way out from masquerading, and that clients are inside then", () => {
		const world = fromRules(
			"-A POSTROUTING -o isp1 -m statistic --mode nth --every 2 --packet 0 -j SNAT --to-source 198.51.100.7",
			"-A POSTROUTING -o isp1 -j SNAT --to-source 198.51.100.8",
		);
		expect(shown(world)).toEqual([
			"isp1 198.51.100.7/24 198.51.100.8/24",
			"lan0 100.64.0.1/24",
			"0.0.0.0/0 via 198.51.100.1 dev isp1",
		]);
		expect(world.clientInterfaces).toEqual(["lan0"]);
	});

	it("has networks inside whose connections leave translated", () => {
		const world = fromRules(
			":OUT - [0:0]",
			"-A POSTROUTING -s 10.50.0.0/16 -o wan0 -j OUT",
			"-A OUT -j SNAT --to-source 198.51.100.7",
		);
		expect(shown(world)).toEqual([
			"wan0 198.51.100.7/24",
			"lan0 10.50.0.1/16",
			"0.0.0.0/0 via 198.51.100.1 dev wan0",
		]);
		expect(world.assumptions).toContainEqual({
			kind: "address",
			text: "lan0 has 10.50.0.1/16",
			because: "the rule in line 3 has 10.50.0.0/16 behind lan0",
			given: "--addresses",
		});
	});
});

describe("rulesets as people have them", () => {
	it.each([
		["docker", ["wan0"]],
		["docker-no-userland-proxy", ["wan0"]],
		["kube-proxy", ["wan0"]],
		["openwrt-fw3", ["wan", "br-lan"]],
		["ufw", ["eth0"]],
		["uplinks-connmark", ["lan0", "isp2", "isp1"]],
		["uplinks-masquerade-nth", ["lan0"]],
		["snat-by-mark", ["br0"]],
	])("%s: clients come by %j", (name, interfaces) => {
		const { ruleset } = parseRules(testRuleset(name).text, { file: name });
		expect(mustWork(ruleset).clientInterfaces).toEqual(interfaces);
	});

	it("a cluster's addresses are no node's, and its pods are inside", () => {
		const { ruleset } = parseRules(testRuleset("kube-proxy").text, {
			file: "kube-proxy",
		});
		expect(shown(assumeWorld(ruleset, NOTHING_GIVEN))).toEqual([
			"wan0 100.64.0.1/24",
			"lan0 10.244.0.1/24",
			"10.244.2.0/24 dev lan0",
			"10.244.1.0/24 dev lan0",
			"0.0.0.0/0 via 100.64.0.254 dev wan0",
		]);
	});

	it("Docker's bridges have the networks that they masquerade", () => {
		const { ruleset } = parseRules(testRuleset("docker").text, {
			file: "docker",
		});
		expect(shown(assumeWorld(ruleset, NOTHING_GIVEN)).slice(0, 2)).toEqual([
			"br-5f2c9e01d7a4 172.18.0.1/16",
			"docker0 172.17.0.1/16",
		]);
	});

	it.each(TEST_RULESETS.map(({ name, text }) => [name, text]))(
		"%s has a machine",
		(name, text) => {
			mustWork(parseRules(text, { file: name }).ruleset);
		},
	);

	it("a thousand services of kube-proxy have one", () => {
		const text = kubeProxyRules({ services: 1000, endpoints: 3 });
		mustWork(parseRules(text, { file: "kube" }).ruleset);
	});
});

describe("any ruleset", () => {
	it("of the fuzz has a machine that the model takes", () => {
		fc.assert(
			fc.property(rulesets, (text) => {
				const { ruleset } = checkRules(text);
				if (ruleset !== null) mustWork(ruleset);
			}),
			{ numRuns: 300, seed: 14 },
		);
	});

	const some = fc
		.oneof(
			{
				weight: 3,
				arbitrary: fc.constantFrom(0x0a000001, 0x0a0000ff, 0x0a000100),
			},
			{
				weight: 3,
				arbitrary: fc.integer({ min: 0x0a000000, max: 0x0a0003ff }),
			},
			{
				weight: 1,
				arbitrary: fc.constantFrom(
					0x7f000001,
					0xffffffff,
					0,
					0xe0000001,
					0xf0000001,
					0x7fffffff,
				),
			},
			{ weight: 1, arbitrary: fc.nat(0xffffffff) },
		)
		.map((value) => value >>> 0);
	const network = fc
		.tuple(some, fc.integer({ min: 0, max: 32 }))
		.map(([address, length]) => `${formatAddress(address)}/${length}`);
	const range = fc.tuple(some, some).map((two) =>
		two
			.toSorted((a, b) => a - b)
			.map(formatAddress)
			.join("-"),
	);
	const target = fc.oneof(some.map(formatAddress), range);
	const interfaceName = fc.oneof(
		fc.constantFrom(
			"eth0",
			"eth1",
			"eth+",
			"wan0",
			"lan0",
			"lo",
			"all",
			"default",
			"+",
			"a.b",
			"x:1",
			"..",
			"lo+",
			"fifteen-letters",
		),
		fc.nat(300).map((number) => `vlan${number}`),
	);
	const word = (flag: string, value: fc.Arbitrary<string>) =>
		fc.option(
			fc
				.tuple(fc.boolean(), value)
				.map(([not, one]) => `${not ? "! " : ""}${flag} ${one}`),
			{ nil: "" },
		);
	const rule = fc.oneof(
		fc
			.tuple(
				word("-i", interfaceName),
				word("-d", network),
				word("-s", network),
				target,
			)
			.map(
				([a, b, c, to]) =>
					`-A PREROUTING ${a} ${b} ${c} -j DNAT --to-destination ${to}`,
			),
		fc
			.tuple(word("-i", interfaceName), word("-d", network))
			.map(([a, b]) => `-A PREROUTING ${a} ${b} -j REDIRECT`),
		fc
			.tuple(word("-d", network), network)
			.map(([a, to]) => `-A PREROUTING ${a} -j NETMAP --to ${to}`),
		fc
			.tuple(
				word("-o", interfaceName),
				word("-s", network),
				word("-d", network),
				target,
			)
			.map(
				([a, b, c, to]) =>
					`-A POSTROUTING ${a} ${b} ${c} -j SNAT --to-source ${to}`,
			),
		fc
			.tuple(word("-o", interfaceName), word("-s", network))
			.map(([a, b]) => `-A POSTROUTING ${a} ${b} -j MASQUERADE`),
		fc
			.tuple(word("-o", interfaceName), word("-d", network))
			.map(([a, b]) => `-A POSTROUTING ${a} ${b} -j ACCEPT`),
	);

	it("however strange has one: many interfaces, networks that overlap, ranges, addresses that no host has", () => {
		fc.assert(
			fc.property(fc.array(rule, { maxLength: 60, size: "max" }), (rules) => {
				const { ruleset, faults } = checkRules(
					["*nat", ...rules, "COMMIT", ""].join("\n"),
				);
				expect(faults).toEqual([]);
				if (ruleset !== null) mustWork(ruleset);
			}),
			{ numRuns: 300, seed: 14 },
		);
	});

	it("with hundreds of interfaces has one, each with an address", () => {
		const rules = Array.from(
			{ length: 400 },
			(_, index) =>
				`-A PREROUTING -i vlan${index} -j DNAT --to-destination 10.0.${index % 256}.5`,
		);
		const { setup } = mustWork(nat(...rules));
		expect(setup.interfaces).toHaveLength(401);
		for (const { addresses } of setup.interfaces)
			expect(addresses.length).toBeGreaterThan(0);
	});
});

describe("a machine that told of itself", () => {
	const ruleset = nat(
		"-A PREROUTING -i eth0 -d 203.0.113.1 -p tcp --dport 80 -j DNAT --to-destination 10.20.0.11",
		"-A PREROUTING -i ppp0 -d 203.0.113.1 -p tcp --dport 80 -j DNAT --to-destination 10.30.0.12",
		"-A POSTROUTING -o eth1 -d 10.30.0.0/16 -j MASQUERADE",
	);
	const interfaces = [
		{ name: "eth0", addresses: ["203.0.113.1/29"], mtu: 1500 },
		{ name: "eth1", addresses: ["10.20.0.1/24"], mtu: 9000 },
	];

	it("has the addresses that it told, and no others", () => {
		const world = assumeWorld(ruleset, { ...NOTHING_GIVEN, interfaces });
		expect(shown(world)).toEqual([
			"eth0 203.0.113.1/29",
			"eth1 10.20.0.1/24",
			"10.30.0.12/32 dev eth1",
			"0.0.0.0/0 via 203.0.113.6 dev eth0",
		]);
		expect(world.clientInterfaces).toEqual(["eth0"]);
		expect(world.assumptions.map(({ kind }) => kind)).toEqual([
			"route",
			"route",
			"sysctl",
		]);
		expect(world.notes).toEqual([
			"The router has no interface ppp0, which rules name.",
		]);
	});

	it("has the routes that it told, and nothing is assumed", () => {
		const routes = [
			{ destination: "0.0.0.0/0", via: "10.20.0.254", interface: "eth1" },
		];
		const world = assumeWorld(ruleset, {
			...NOTHING_GIVEN,
			interfaces,
			routes,
			sysctls: { "ipv4.ip_forward": 0 },
		});
		expect(world.setup.routes).toEqual(routes);
		expect(world.setup.sysctls["ipv4.ip_forward"]).toBe(0);
		expect(world.assumptions).toEqual([]);
	});

	it("clients come by the default route where no rule says by which interface", () => {
		const world = assumeWorld(
			nat("-A PREROUTING -d 203.0.113.1 -j DNAT --to-destination 10.20.0.11"),
			{
				...NOTHING_GIVEN,
				interfaces,
				routes: [
					{ destination: "0.0.0.0/0", via: "203.0.113.6", interface: "eth0" },
				],
			},
		);
		expect(world.clientInterfaces).toEqual(["eth0"]);
	});

	it("without any interface has no clients", () => {
		const world = assumeWorld(ruleset, { ...NOTHING_GIVEN, interfaces: [] });
		expect(world.clientInterfaces).toEqual([]);
		new ModelGateway(world.setup, { choice: seededChoice(1) });
	});
});
