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
	uncheckedMatch("fuzzy", "lower-limit= upper-limit=", "the rate of packets"),
	uncheckedMatch("gradm", "enabled disabled", "whether grsecurity is on"),
	uncheckedMatch(
		"ipp2p",
		"edk dc gnu kazaa bit apple soul winmx ares mute waste xdcc debug",
		"the payload of the packet",
	),
	uncheckedMatch("length2", "length= layer3 layer4 layer5 layer7"),
	uncheckedMatch(
		"lscan",
		"stealth synscan cnscan grscan mirai",
		"the packets that came before",
	),
	uncheckedMatch(
		"pknock",
		"knockports= time= autoclose= name= opensecret= closesecret= strict checkip",
		"the packets that came before",
	),
	uncheckedMatch(
		"psd",
		`psd-weight-threshold= psd-delay-threshold= psd-lo-ports-weight= psd-hi-ports-weight=`,
		"the packets that came before",
	),
];
