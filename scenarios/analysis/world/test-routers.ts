/** Routers that told all of their routing, for tests. */
import type { GivenWorld } from "./assumed-world.ts";

/** The main table leads to wan1, and the one for mark 2 to wan2. */
export const TWO_UPLINKS = {
	interfaces: [
		{ name: "wan1", addresses: ["203.0.113.1/24"], mtu: 1500 },
		{ name: "wan2", addresses: ["192.0.2.1/24"], mtu: 1500 },
		{ name: "lan0", addresses: ["10.0.0.1/24"], mtu: 1500 },
	],
	routes: [
		{ destination: "0.0.0.0/0", via: "203.0.113.254", interface: "wan1" },
	],
	ip: [
		"ip route add default via 192.0.2.254 dev wan2 table 102",
		"ip route add 10.0.0.0/24 dev lan0 table 102",
		"ip rule add fwmark 2 table 102 priority 100",
	],
	hasRoutingRules: true,
} as const satisfies Partial<GivenWorld>;

/** One uplink, and hosts on a link behind it. */
export const ONE_UPLINK = {
	interfaces: [
		{ name: "eth0", addresses: ["203.0.113.1/24"], mtu: 1500 },
		{ name: "br0", addresses: ["10.20.0.1/24"], mtu: 1500 },
	],
	routes: [
		{ destination: "0.0.0.0/0", via: "203.0.113.254", interface: "eth0" },
	],
} as const satisfies Partial<GivenWorld>;
