/** Requests of a proxy that come back to it: rulesets that look alike, and that are right. */
import { describe, expect, it } from "vitest";
import { parseRules } from "../../../../../sim/script/check-rules.ts";
import { analyse } from "../../../services/analysis.ts";
import {
	type GivenWorld,
	NOTHING_GIVEN,
} from "../../../world/assumed-world.ts";
import { ONE_UPLINK } from "../../../world/test-routers.ts";
import { lintRuleset } from "../../run/lint-ruleset.ts";

/** @param given of a router of which more is known */
function lint(text: string, given: Partial<GivenWorld> = {}) {
	const { ruleset } = parseRules(text, { file: "my.rules" });
	const analysis = analyse(ruleset, { ...NOTHING_GIVEN, ...given });
	return lintRuleset({ ...analysis, file: "my.rules" }, text).filter(
		({ lint: { code } }) => code === "MT605",
	);
}

describe("requests of the gateway's own that are redirected as those of clients are", () => {
	const CLIENTS =
		"-A PREROUTING -i lan0 -p tcp --dport 80 -j REDIRECT --to-ports 3128";
	const OWN = "-A OUTPUT -p tcp --dport 80 -j REDIRECT --to-ports 3128";
	const loops = (...rules: readonly string[]) =>
		lint(
			[
				"*nat",
				...rules,
				"-A POSTROUTING -o wan0 -j MASQUERADE",
				"COMMIT",
				"",
			].join("\n"),
		).map(({ at: { line }, message }) => `${line}: ${message}`);

	it("come back to the proxy, which makes such requests itself", () => {
		expect(loops(OWN, CLIENTS)).toEqual([
			"2: the gateway's own requests to tcp port 80 of other hosts are sent to its port 3128, as those of clients are, and nothing exempts the program that listens there",
		]);
	});

	it.each([
		["of the gateway's own", ["-A OUTPUT -p tcp --dport 80 -j P"]],
		[
			"with networks of its own left out",
			[
				"-A OUTPUT -d 127.0.0.0/8 -j RETURN",
				"-A OUTPUT -d 192.168.0.0/16 -j RETURN",
				"-A OUTPUT -p tcp --dport 80 -j P",
			],
		],
		[
			"among other ports",
			["-A OUTPUT -p tcp -m multiport --dports 80,8080 -j P"],
		],
	])("are found through a chain, %s", (_, own) => {
		const rules = [":P - [0:0]", "-A P -p tcp -j REDIRECT --to-ports 3128"];
		expect(loops(...rules, CLIENTS, ...own)).toHaveLength(1);
	});

	it("are exempt by the rule that leads to the chain, where clients come to it as well", () => {
		const found = lint(`*nat
:P - [0:0]
-A PREROUTING -i lan0 -j P
-A OUTPUT -j P
-A P -p tcp -j REDIRECT --to-ports 12345
COMMIT
`);
		expect(found).toMatchObject([
			{
				at: { line: 5 },
				message: expect.stringContaining("to any tcp port of other hosts are"),
				remedy: expect.stringContaining("the rule of `OUTPUT` that leads to"),
				related: [],
			},
		]);
	});

	it("are found of datagrams, whose port stays", () => {
		const rule = "-p udp --dport 53 -j REDIRECT";
		const found = loops(`-A OUTPUT ${rule}`, `-A PREROUTING -i lan0 ${rule}`);
		expect(found).toEqual([expect.stringContaining("to udp port 53 of")]);
	});

	it.each([
		["a user", ["-A OUTPUT -m owner --uid-owner 13 -j RETURN", OWN]],
		["a group", ["-A OUTPUT -m owner --gid-owner 13 -j ACCEPT", OWN]],
		["a mark", ["-A OUTPUT -m mark --mark 0x1 -j RETURN", OWN]],
		[
			"a user, in the rule",
			[
				"-A OUTPUT -p tcp --dport 80 -m owner --uid-owner 1000 -j REDIRECT --to-ports 3128",
			],
		],
		[
			"a mark, in the rule",
			[
				"-A OUTPUT -p tcp --dport 80 -m mark ! --mark 0x1 -j REDIRECT --to-ports 3128",
			],
		],
		[
			"a user, in the rule that leads there",
			[
				":P - [0:0]",
				"-A OUTPUT -m owner ! --uid-owner 13 -j P",
				"-A P -p tcp --dport 80 -j REDIRECT --to-ports 3128",
			],
		],
		["its address", ["-A OUTPUT -s 192.168.1.2 -j RETURN", OWN]],
		["a host that it asks", ["-A OUTPUT -d 198.51.100.9 -j RETURN", OWN]],
		[
			"a host that it asks, in the rule",
			[
				"-A OUTPUT ! -d 198.51.100.9 -p tcp --dport 80 -j REDIRECT --to-ports 3128",
			],
		],
		[
			"a parent, where all ports are redirected",
			[
				"-A OUTPUT -d 10.0.0.0/8 -j RETURN",
				"-A OUTPUT -p tcp -j REDIRECT --to-ports 3128",
			],
		],
	])("are none where %s exempts the proxy", (_, own) => {
		expect(loops(CLIENTS, ...own)).toEqual([]);
	});

	it.each([
		[
			"of the gateway itself",
			"-A OUTPUT -o lo -p tcp --dport 80 -j REDIRECT --to-ports 3128",
		],
		[
			"at one address",
			"-A OUTPUT -d 203.0.113.7 -p tcp --dport 80 -j REDIRECT --to-ports 3128",
		],
		[
			"of a cluster",
			"-A OUTPUT -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.5:3128",
		],
		[
			"that another host has",
			"-A OUTPUT -p tcp --dport 80 -j DNAT --to-destination 10.20.0.11:3128",
		],
		[
			"at another port of the gateway",
			"-A OUTPUT -p tcp --dport 80 -j REDIRECT --to-ports 8118",
		],
		[
			"of another port",
			"-A OUTPUT -p tcp --dport 8080 -j REDIRECT --to-ports 3128",
		],
	])("are none where they are for a service %s", (_, own) => {
		expect(loops(CLIENTS, own)).toEqual([]);
	});

	it("are found by the interface, and by the gateway's own address, on a router that told both", () => {
		const text = `*nat
-A PREROUTING -i br0 -p tcp --dport 80 -j DNAT --to-destination 10.20.0.1:3128
-A OUTPUT -o eth0 -p tcp --dport 80 -j DNAT --to-destination 10.20.0.1:3128
COMMIT
`;
		const found = lint(text, ONE_UPLINK);
		expect(found.map(({ at }) => at.line)).toEqual([3]);
	});

	it("are none where no client is redirected", () => {
		expect(loops(OWN)).toEqual([]);
	});
});
