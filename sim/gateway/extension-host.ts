import type { Conntrack } from "../conntrack/conntrack.ts";
import type { ExtensionHost } from "../extension/host.ts";
import type { Address } from "../packet/packet.ts";
import type { Routes } from "./ip/routes.ts";

/** What differs from box to box, and what is only there once the box stands. */
export interface RouterPortsGiven
	extends Pick<
		ExtensionHost,
		| "choice"
		| "aside"
		| "recalled"
		| "nowMs"
		| "epochMs"
		| "named"
		| "reject"
		| "log"
		| "unknown"
	> {
	readonly routes: Routes;
	readonly conntrack: Conntrack;
	/** MTU of an interface. */
	mtu(interfaceIndex: number): number;
}

/** The box as matches and targets see it, but for the time at which their table was loaded. */
export type PortsOfBox = Omit<ExtensionHost, "loadedMs">;

export function createRouterPorts(given: RouterPortsGiven): PortsOfBox {
	const { routes, conntrack, mtu, ...ports } = given;
	const mtuTowards = (address: Address) =>
		mtu(routes.lookup(address)?.interface ?? 0);
	return {
		...ports,
		interfaces: routes.interfaces,
		conntrack,
		nat: conntrack,
		addressType: (address, index) => routes.typeOf(address, index),
		firstAddress: (index) => routes.firstAddressOf(index),
		// Masquerade takes an address that fits the next hop (rt_nexthop).
		interfaceAddress: (index, destination) =>
			routes.addressOf(index, routes.lookup(destination)?.via ?? destination) ??
			routes.firstAddress,
		// The way back counts as well (tcpmss_reverse_mtu).
		pathMtu: (skb) =>
			Math.min(mtuTowards(skb.destination), mtuTowards(skb.source)),
		written: (skb) => {
			skb.original = null;
		},
	};
}
