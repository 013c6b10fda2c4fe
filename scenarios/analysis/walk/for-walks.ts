/** What a gateway is set up with to be walked. */
import type { GatewaySetup } from "../../../sim/contract/gateway.ts";
import type { Asked } from "./decision.ts";

/** What packets that are walked stand for. */
export interface WalkerOptions {
	/** Rules may be loaded once more behind those that stand. */
	readonly repeats?: boolean;
	/** What comes in stands for any packet with its addresses, ports, protocol, interface and marks. */
	readonly ofAny?: boolean;
	/** Packets stand for all that clients and hosts send in their place (`sim/extension/made-up.ts`). */
	readonly ofClients?: boolean;
}

const FEW_BUCKETS = 512;

/**
 * An ICMP redirect is sent besides a packet that leaves by the interface by which it came: it changes nothing
 * about where that packet goes, and the model does not make it. A small connection table is quick to put
 * back.
 */
export function forWalks(setup: GatewaySetup): GatewaySetup {
	// A dot in a name is a slash where names are parts of a path, as sysctl(8) has it.
	const names = setup.interfaces.map(({ name }) => name.replaceAll(".", "/"));
	const off = ["all", ...names].map((name) => [
		`ipv4.conf.${name}.send_redirects`,
		0,
	]);
	return {
		...setup,
		sysctls: {
			...setup.sysctls,
			...Object.fromEntries(off),
			"netfilter.nf_conntrack_buckets": FEW_BUCKETS,
		},
	};
}

/** How many a fork has. */
export function waysOf(asked: Asked): number {
	return asked.kind === "spread" ? asked.count : 2;
}
