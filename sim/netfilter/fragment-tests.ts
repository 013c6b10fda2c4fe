/**
 * What matches say of fragments, which tables see where nobody puts them together first: without
 * connection tracking.
 */
import type { Test } from "../extension/extension.ts";
import type { ExtensionHost } from "../extension/host.ts";
import { FRAGMENT_UNIT } from "../packet/packet-length.ts";
import type { Skb } from "../packet/skb/skb.ts";
import { hasHeader } from "../packet/skb/skb-fragment.ts";

/**
 * Those that look for a header behind IPv4's. A further fragment has none, and does not match
 * (`par->fragoff`; tcp_mt, udp_mt, net/netfilter/xt_tcpudp.c; icmp_match, net/ipv4/netfilter/ip_tables.c;
 * xt_multiport.c; ipt_ah.c; xt_esp.c; 6.1).
 */
const FOR_HEADERS = new Set(["tcp", "udp", "icmp", "multiport", "ah", "esp"]);

/** Those that take whatever stands there for a header (xt_hashlimit.c, xt_tcpmss.c). */
const BLIND = new Set(["hashlimit", "tcpmss"]);

/** The test of a match, for fragments. */
export function onFragments(
	name: string,
	test: Test,
	ports: ExtensionHost,
): Test {
	if (BLIND.has(name))
		return () => ports.unknown(`match "${name}" of fragments is not modelled`);
	if (!FOR_HEADERS.has(name)) return test;
	return (skb) => {
		const offset = skb.fragment?.offset ?? 0;
		if (offset === 0 && hasHeader(skb)) return test(skb);
		if (offset === 0 || isEvil(name, skb)) skb.hotdrop = true;
		return false;
	};
}

/** It would overwrite the flags of what a firewall has let through (RFC 1858). */
function isEvil(name: string, { fragment }: Skb): boolean {
	return name === "tcp" && fragment?.offset === FRAGMENT_UNIT;
}
