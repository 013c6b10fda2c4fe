/**
 * The matches of xtables-addons 3.23 that marktwin does not model: their options by
 * name, as their libraries register them (extensions/libxt_*.c), and what their answer depends on where
 * neither the packet nor the ruleset tells it.
 */
import type { MatchExtension } from "../extension/extension.ts";
import { uncheckedMatch } from "../extension/options/unchecked.ts";

export const xtablesAddons: readonly MatchExtension[] = [
	uncheckedMatch(
		"asn",
		"src-asn= source-number= dst-asn= destination-number=",
		"the addresses of an autonomous system",
	),
	uncheckedMatch("dhcpmac", "mac=", "the payload of the packet"),
	uncheckedMatch(
		"pknock",
		"knockports= time= autoclose= name= opensecret= closesecret= strict checkip",
		"the packets that came before",
	),
];
