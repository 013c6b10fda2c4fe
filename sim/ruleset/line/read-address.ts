/**
 * Addresses behind `-s` and `-d`: single ones, networks, and lists of them that expand into several
 * rules (iptables 1.8.9, libxtables/xtables.c, `xtables_ipparse_multiple`).
 */

import type { AddressMask } from "../../contract/ruleset.ts";
import { Refusal } from "../../extension/refusal.ts";
import { readNetwork } from "../../extension/values/read-network.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import { formatAddress, prefixMask } from "../../packet/address.ts";

/** No `-s` or `-d` at all. One object for all rules. */
export const ANY_ADDRESS: AddressMask = {
	address: 0,
	mask: 0,
	inverted: false,
};

/**
 * @throws Refusal in iptables' words
 * @example readAddresses("10.0.0.1,192.168.0.0/24", false, behaviour) // two of them
 */
export function readAddresses(
	text: string,
	inverted: boolean,
	behaviour: Behaviour,
): AddressMask[] {
	const parts = text.includes(",") ? text.split(",") : [text];
	return parts.map((part) => asAsked(readNetwork(part, inverted), behaviour));
}

/** What the rule asks for in the kernel (`add_addr` of 1.8.7, iptables/nft-shared.c). @throws Refusal */
function asAsked(network: AddressMask, behaviour: Behaviour): AddressMask {
	if (behaviour.gapsInAddress === "asked for") return network;
	const { address, mask, inverted } = network;
	const octets = [24, 16, 8, 0].map((shift) => (mask >>> shift) & 0xff);
	const whole = octets.findIndex((octet) => octet !== 0xff);
	if (mask === 0 || whole < 0 || octets[whole] !== 0) return network;
	if (whole === 0)
		throw new Refusal(
			`the mask ${formatAddress(mask)}, which begins with an octet of 0`,
			"iptables-nft 1.8.7 compares no octet of such an address, and the kernel refuses the rule: match a range (-m iprange) or a set.",
			undefined,
			{ from: "marktwin" },
		);
	const cut = prefixMask(8 * whole);
	return { address: address & cut, mask: cut, inverted };
}
