/**
 * The matches of xtables-addons 3.23, apart from `condition`, which marktwin models: their options by
 * name, as their libraries register them (extensions/libxt_*.c).
 */
import type { MatchExtension } from "../extension/extension.ts";
import { uncheckedMatch } from "../extension/options/unchecked.ts";

export const xtablesAddons: readonly MatchExtension[] = [
	uncheckedMatch("asn", "src-asn= source-number= dst-asn= destination-number="),
	uncheckedMatch("dhcpmac", "mac="),
	uncheckedMatch("fuzzy", "lower-limit= upper-limit="),
	uncheckedMatch(
		"geoip",
		"src-cc= source-country= dst-cc= destination-country=",
	),
	uncheckedMatch("gradm", "enabled disabled"),
	uncheckedMatch(
		"iface",
		`iface= dev-in dev-out up down broadcast loopback pointtopoint pointopoint running noarp arp
promisc multicast dynamic lower-up dormant`,
	),
	uncheckedMatch(
		"ipp2p",
		"edk dc gnu kazaa bit apple soul winmx ares mute waste xdcc debug",
	),
	uncheckedMatch("ipv4options", "flags= any"),
	uncheckedMatch("length2", "length= layer3 layer4 layer5 layer7"),
	uncheckedMatch("lscan", "stealth synscan cnscan grscan mirai"),
	uncheckedMatch(
		"pknock",
		"knockports= time= autoclose= name= opensecret= closesecret= strict checkip",
	),
	uncheckedMatch(
		"psd",
		`psd-weight-threshold= psd-delay-threshold= psd-lo-ports-weight= psd-hi-ports-weight=`,
	),
	uncheckedMatch("quota2", "grow no-change name= quota= packets"),
];
