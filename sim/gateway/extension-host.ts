import { UnknownSignal } from "../contract/unknown-signal.ts";
import type { ExtensionHost } from "../extension/host.ts";
import type { HostOfTables } from "../netfilter/loaded-tables.ts";
import type { Address } from "../packet/packet.ts";
import type { GatewayState } from "./state/gateway-state.ts";

/** What extensions see of a gateway; its tables, which compile them, come after it. */
export type HostParts = Pick<
	GatewayState,
	| "setup"
	| "routes"
	| "mtus"
	| "conntrack"
	| "ownPorts"
	| "choice"
	| "timers"
	| "tracer"
>;

/** The gateway as matches and targets see it. */
export function extensionHost(
	parts: HostParts,
	reject: ExtensionHost["reject"],
	decide: ExtensionHost["decide"],
): HostOfTables {
	const { setup, routes, mtus, conntrack, choice, timers, tracer } = parts;
	const { ownPorts } = parts;
	const mtuTowards = (address: Address) =>
		mtus[routes.lookup(address)?.interface ?? 0] as number;
	return {
		choice,
		aside: choice.aside,
		...(decide === undefined ? {} : { decide }),
		remembered: (key) => choice.note({ kind: "remembered", key }),
		recalled: (key) => choice.note({ kind: "recalled", key }),
		nowMs: () => timers.nowMs,
		epochMs: setup.epochMs,
		interfaces: routes.interfaces,
		conntrack: conntrack.view,
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
		routeBack: (skb) => routes.lookup(skb.source),
		hasPort: (protocol, address, port) =>
			ownPorts.stateOf(protocol, address, port) === "open",
		reject,
		log: (_skb, entry) => tracer?.log(entry),
		written: (skb) => {
			skb.original = null;
		},
		unknown: (reason) => {
			throw new UnknownSignal(reason);
		},
	};
}
