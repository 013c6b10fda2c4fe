/** The router of these stories: a network inside, and two uplinks with a router of the provider's each. */
import { recipeSetup } from "../../language/build/build.ts";
import type { Setup } from "../../language/scenario.ts";

type Parts = NonNullable<Parameters<typeof recipeSetup>[0]>;

const PROVIDERS = [
	{ interface: "isp1", address: "198.51.100.1" },
	{ interface: "isp2", address: "203.0.113.1" },
];

/** @param rules what iptables-restore takes. @param ip commands that say which uplink takes what */
export function twoUplinks(
	rules: string,
	ip: readonly string[],
	parts: Parts = {},
): Setup {
	const { gateway, ...rest } = parts;
	return recipeSetup({
		ruleset: { name: "uplinks.rules", text: rules },
		service: { address: "192.0.2.80", port: 25 },
		clients: [],
		backends: [],
		neighbours: [...PROVIDERS, { interface: "lan0", address: "192.168.1.20" }],
		...rest,
		gateway: {
			interfaces: [
				{ name: "lan0", addresses: ["192.168.1.1/24"], mtu: 1500 },
				{ name: "isp1", addresses: ["198.51.100.2/24"], mtu: 1500 },
				{ name: "isp2", addresses: ["203.0.113.2/24"], mtu: 1500 },
			],
			routes: [
				{ destination: "0.0.0.0/0", via: "198.51.100.1", interface: "isp1" },
			],
			ip,
			...gateway,
		},
	});
}

/** Marks 10 and 11 each have a table with a default route of its own. */
export const TABLE_PER_UPLINK: readonly string[] = [
	"ip rule add fwmark 10 table 110",
	"ip rule add fwmark 11 table 111",
	"ip route add default via 198.51.100.1 dev isp1 table 110",
	"ip route add default via 203.0.113.1 dev isp2 table 111",
];
