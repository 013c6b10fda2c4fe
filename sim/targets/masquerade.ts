import { defineTarget } from "../extension/extension.ts";
import type { NatRange } from "../extension/host.ts";
import { NF_ACCEPT, NF_DROP } from "../packet/skb/skb.ts";
import {
	mustBeOldPorts,
	NO_PORTS,
	NO_RANGE,
	printFlags,
	printPorts,
	readPorts,
} from "./shared/nat-range.ts";

/**
 * SNAT to the address of the interface that the packet leaves by (iptables 1.8.9 libxt_NAT.c,
 * kernel 6.1 nf_nat_masquerade.c, `nf_nat_masquerade_ipv4`).
 */
export const masquerade = defineTarget<NatRange>({
	name: "MASQUERADE",
	flagCodes: { random: 3, "random-fully": 4 },
	ends: "accepts",
	translates: "source",
	tables: ["nat"],
	hooks: ["POSTROUTING"],
	needsConntrack: true,
	options: [
		{ name: "to-ports", type: "string" },
		{ name: "random", type: "none" },
		{ name: "random-fully", type: "none" },
	],
	build(given) {
		const text = given.get("to-ports", "string")?.text;
		if (text !== undefined)
			mustBeOldPorts(given, "MASQUERADE", text, () => false);
		const ports =
			text === undefined ? NO_PORTS : readPorts(given, "to-ports", text);
		return {
			...NO_RANGE,
			...ports,
			// Revision 0 keeps that there was a base port, and not which.
			basePort: ports.basePort === null ? null : 0,
			random: given.has("random"),
			randomFully: given.has("random-fully"),
		};
	},
	print(range) {
		const ports = printPorts(range);
		return `${ports === "" ? "" : ` --to-ports ${ports}`}${printFlags(range)}`;
	},
	compile(range, ports) {
		const { conntrack, nat } = ports;
		// One record for all connections: the address and the interface are those of the packet.
		const addresses = { min: 0, max: 0 };
		const masqueraded = { ...range, addresses, masqueradeInterface: 0 };
		return (skb) => {
			if (range.basePort !== null)
				return ports.unknown(
					"MASQUERADE with a base port: the kernel reads it from uninitialised memory",
				);
			// A router's own packet without an address yet (DHCP) is left alone.
			if (conntrack.source(skb.entry, "original") === 0) return NF_ACCEPT;
			const address = ports.interfaceAddress(
				skb.outInterface,
				// An address that fits the next hop (rt_nexthop).
				skb.route?.via ?? skb.destination,
			);
			if (address === null) return NF_DROP;
			addresses.min = address;
			addresses.max = address;
			masqueraded.masqueradeInterface = skb.outInterface;
			return nat.setup(skb, masqueraded, "source");
		};
	},
});
