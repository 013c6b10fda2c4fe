import { defineTarget } from "../extension/extension.ts";
import type { NatRange } from "../extension/host.ts";
import { servicePort } from "../extension/values/names.ts";
import { INADDR_LOOPBACK } from "../kernel.ts";
import { HOOK_OUTPUT, NF_DROP } from "../packet/skb/skb.ts";
import {
	mustBeOldPorts,
	NO_PORTS,
	NO_RANGE,
	printFlags,
	printPorts,
	readPorts,
} from "./shared/nat-range.ts";

/**
 * DNAT to the router itself (iptables 1.8.9 libxt_NAT.c, kernel 6.1 nf_nat_redirect.c,
 * `nf_nat_redirect_ipv4`).
 */
export const redirect = defineTarget<NatRange>({
	name: "REDIRECT",
	flagCodes: { random: 3 },
	ends: "accepts",
	translates: "destination",
	destinationPorts: (range) => range,
	tables: ["nat"],
	hooks: ["PREROUTING", "OUTPUT"],
	needsConntrack: true,
	options: [
		{ name: "to-ports", type: "string" },
		{ name: "random", type: "none" },
	],
	build(given) {
		const text = given.get("to-ports", "string")?.text;
		if (text !== undefined)
			mustBeOldPorts(
				given,
				"REDIRECT",
				text,
				(name) => servicePort(name) !== null,
			);
		const ports =
			text === undefined ? NO_PORTS : readPorts(given, "to-ports", text);
		if (ports.basePort !== null)
			return given.refuseAtEnd(
				"Shifted portmap ranges not supported with this kernel",
				"Leave `/BASE` out; only DNAT knows it.",
				"to-ports",
			);
		return { ...NO_RANGE, ...ports, random: given.has("random") };
	},
	print(range, _header, { libraries }) {
		const ports = printPorts(range);
		if (ports === "" && libraries === "of 1.8.7") return "";
		return `${ports === "" ? "" : ` --to-ports ${ports}`}${printFlags(range)}`;
	},
	compile(range, ports) {
		return (skb) => {
			const address =
				skb.hook === HOOK_OUTPUT
					? INADDR_LOOPBACK
					: ports.firstAddress(skb.inInterface);
			if (address === null) return NF_DROP;
			const addresses = { min: address, max: address };
			return ports.nat.setup(skb, { ...range, addresses }, "destination");
		};
	},
});
