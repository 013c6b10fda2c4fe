import fc from "fast-check";
import { expect, it } from "vitest";
import { seededChoice } from "../../../sim/chance/seeded.ts";
import { ModelGateway } from "../../../sim/gateway/model-gateway.ts";
import { formatAddress } from "../../../sim/packet/address.ts";
import { parseRules } from "../../../sim/script/check-rules.ts";
import { assumeWorld } from "../world/assume-world.ts";
import { givenWorld } from "./given-world.ts";
import { readAddresses, readRoutes, readRoutingRules } from "./read-ip.ts";

const { ruleset } = parseRules(
	"*nat\n-A PREROUTING -i eth0 -d 10.0.0.1 -j DNAT --to-destination 10.0.1.5\n-A POSTROUTING -o eth1 -s 10.0.1.0/24 -j MASQUERADE\nCOMMIT\n",
	{ file: "my.rules" },
);

const address = fc
	.oneof(
		fc.integer({ min: 0x0a000000, max: 0x0a0001ff }),
		fc.constantFrom(0, 0x7f000001, 0xffffffff, 0xe0000001),
		fc.nat(0xffffffff),
	)
	.map((value) => formatAddress(value | 0));
const length = fc.integer({ min: 0, max: 32 });
const device = fc.constantFrom(
	"lo",
	"eth0",
	"eth1",
	"ppp0",
	"bond0.204",
	"all",
);
const optional: { requiredKeys: [] } = { requiredKeys: [] };

const addresses = fc.uniqueArray(
	fc.record(
		{
			ifname: device,
			flags: fc.subarray(["UP", "LOWER_UP", "NO-CARRIER"]),
			mtu: fc.constantFrom(1500, 9000, 68),
			addr_info: fc.array(
				fc.record(
					{
						family: fc.constantFrom("inet", "inet6"),
						local: fc.oneof(address, fc.constant("fe80::1")),
						address,
						prefixlen: length,
					},
					{ requiredKeys: ["local", "prefixlen"] },
				),
				{ maxLength: 3 },
			),
		},
		{ requiredKeys: ["ifname"] },
	),
	{ selector: ({ ifname }) => ifname },
);
const hop = {
	gateway: address,
	dev: device,
	flags: fc.subarray(["onlink", "linkdown", "dead"]),
};
const routes = fc.array(
	fc.record(
		{
			...hop,
			type: fc.constantFrom(
				"unicast",
				"local",
				"blackhole",
				"throw",
				"broadcast",
			),
			dst: fc.oneof(
				fc.constant("default"),
				address,
				fc.tuple(address, length).map(([one, bits]) => `${one}/${bits}`),
				fc.constant("fe80::/64"),
			),
			table: fc.constantFrom("main", "local", "100"),
			protocol: fc.constantFrom("kernel", "static"),
			scope: fc.constantFrom("link", "global"),
			prefsrc: address,
			metric: fc.nat(3),
			nexthops: fc.array(fc.record(hop, optional), { maxLength: 2 }),
		},
		{ requiredKeys: ["dst"] },
	),
	{ maxLength: 12 },
);
const rules = fc.array(
	fc.record(
		{
			priority: fc.nat(40_000),
			src: fc.constantFrom("all", "10.0.0.0"),
			fwmark: fc.constantFrom("0x1", "7"),
			fwmask: fc.constant("0xff"),
			table: fc.constantFrom("100", "main"),
			action: fc.constant("blackhole"),
			iif: device,
			not: fc.constant(null),
		},
		optional,
	),
);

it("whatever a machine tells, the model takes what is made of it", () => {
	fc.assert(
		fc.property(
			fc.option(addresses),
			fc.option(routes),
			fc.option(rules),
			(addr, route, rule) => {
				const json = JSON.stringify;
				const given = givenWorld({
					addresses: addr && readAddresses(json(addr), "addr"),
					routes: route && readRoutes(json(route), "route"),
					rules: rule && readRoutingRules(json(rule), "rule"),
					sysctls: { "ipv4.ip_forward": 1, "ipv4.conf.all.rp_filter": 2 },
				});
				const { setup, clientInterfaces } = assumeWorld(ruleset, given);
				new ModelGateway(setup, { choice: seededChoice(1) });
				const names = setup.interfaces.map(({ name }) => name);
				expect(names).toEqual(expect.arrayContaining([...clientInterfaces]));
				for (const note of given.notes) expect(note).toMatch(/^\S.*\.$/);
			},
		),
		{ numRuns: 400, seed: 14 },
	);
});
