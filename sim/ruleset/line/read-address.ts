/**
 * Addresses behind `-s` and `-d`: single ones, networks, and lists of them that expand into several
 * rules (iptables 1.8.9, libxtables/xtables.c, `xtables_ipparse_multiple`).
 */

import type { AddressMask } from "../../contract/ruleset.ts";
import { readNetwork } from "../../extension/values/read-network.ts";

/** No `-s` or `-d` at all. One object for all rules. */
export const ANY_ADDRESS: AddressMask = {
	address: 0,
	mask: 0,
	inverted: false,
};

/**
 * @throws Refusal in iptables' words
 * @example readAddresses("10.0.0.1,192.168.0.0/24", false) // two of them
 */
export function readAddresses(text: string, inverted: boolean): AddressMask[] {
	if (!text.includes(",")) return [readNetwork(text, inverted)];
	return text.split(",").map((part) => readNetwork(part, inverted));
}
