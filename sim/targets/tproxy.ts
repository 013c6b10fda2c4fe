import { defineTarget } from "../extension/extension.ts";
import { combinesMark } from "../extension/mark-uses.ts";
import { formatAddress } from "../packet/address.ts";
import { hex32 } from "../packet/numbers.ts";
import { type Address, TCP, UDP } from "../packet/packet.ts";

interface Options {
	readonly port: number;
	readonly address: Address;
	readonly value: number;
	readonly mask: number;
}

/**
 * Hands packets to a socket of the router without changing them (iptables 1.8.9 libxt_TPROXY.c,
 * revision 1). Sockets are not modelled.
 */
export const tproxy = defineTarget<Options>({
	name: "TPROXY",
	// Where there is a socket; the packet is dropped where there is none (`tproxy_tg4`, 6.1).
	ends: "accepts",
	tables: ["mangle"],
	hooks: ["PREROUTING"],
	needsDefrag: true,
	options: [
		{ name: "on-port", type: "port", mandatory: true },
		{ name: "on-ip", type: "host" },
		{ name: "tproxy-mark", type: "markMask" },
	],
	build: (given) => ({
		port: given.get("on-port", "port")?.value ?? 0,
		address: given.get("on-ip", "host")?.value ?? 0,
		...(given.get("tproxy-mark", "markMask")?.value ?? { value: 0, mask: 0 }),
	}),
	print: ({ port, address, value, mask }) =>
		` --on-port ${port} --on-ip ${formatAddress(address)} --tproxy-mark ${hex32(value)}/${hex32(mask)}`,
	check(_options, { header }) {
		const known = header.protocol === TCP || header.protocol === UDP;
		return known && !header.protocolInverted
			? null
			: "xt_TPROXY: Can be used only with -p tcp or -p udp";
	},
	marks: (options) => combinesMark("packet", options),
	compile: null,
});
