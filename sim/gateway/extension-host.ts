import {
	type AddressRange,
	faultOfCountries,
	readRange,
} from "../contract/countries.ts";
import type { GatewaySetup } from "../contract/gateway.ts";
import { SetupError } from "../contract/setup-error.ts";
import { UnknownSignal } from "../contract/unknown-signal.ts";
import type { ExtensionHost } from "../extension/host.ts";
import { LOOPBACK_MTU } from "../kernel.ts";
import type { HostOfTables } from "../netfilter/loaded-tables.ts";
import type { Route } from "../packet/skb/route.ts";
import { SCOPE_UNIVERSE } from "../routing/fib/fib-entry.ts";
import { rpfilterFlow } from "../routing/fib/flow.ts";
import type { GatewayState } from "./state/gateway-state.ts";

/** What extensions see of a gateway; its tables, which compile them, come after it. */
export type HostParts = Pick<
	GatewayState,
	| "behaviour"
	| "setup"
	| "routes"
	| "conntrack"
	| "ownPorts"
	| "sets"
	| "choice"
	| "timers"
	| "tracer"
>;

/** What answers in place of matches. */
export interface Answering {
	readonly decide?: ExtensionHost["decide"] | undefined;
	readonly standsForAny?: ExtensionHost["standsForAny"] | undefined;
	readonly asksWhoCame?: ExtensionHost["asksWhoCame"] | undefined;
	readonly assume?: ExtensionHost["assume"] | undefined;
}

/** The gateway as matches and targets see it. */
export function extensionHost(
	parts: HostParts,
	{
		reject,
		answer,
		proxySyn,
	}: Pick<ExtensionHost, "reject" | "answer" | "proxySyn">,
	{ decide, standsForAny, asksWhoCame, assume }: Answering,
): HostOfTables {
	const { setup, routes, conntrack, choice, timers, tracer } = parts;
	const { ownPorts } = parts;
	const countries = countriesOf(setup);
	const mtuOf = (route: Route | null) =>
		route === null ? LOOPBACK_MTU : routes.mtuOf(route);
	return {
		behaviour: parts.behaviour,
		choice,
		aside: choice.aside,
		...(decide === undefined ? {} : { decide }),
		...(standsForAny === undefined ? {} : { standsForAny }),
		...(asksWhoCame === undefined ? {} : { asksWhoCame }),
		...(assume === undefined ? {} : { assume }),
		remembered: (key) => choice.note({ kind: "remembered", key }),
		recalled: (key) => choice.note({ kind: "recalled", key }),
		nowMs: () => timers.nowMs,
		epochMs: setup.epochMs,
		interfaces: routes.interfaces,
		conntrack: conntrack.view,
		nat: conntrack,
		sets: parts.sets,
		rangesOf: (country) => countries.get(country) ?? null,
		addressType: (address, index) => routes.typeOf(address, index),
		firstAddress: (index) => routes.firstAddressOf(index),
		interfaceAddress: (index, destination) =>
			routes.addressOf(index, destination, SCOPE_UNIVERSE) ??
			routes.firstAddress,
		// The way back counts as well (tcpmss_reverse_mtu).
		pathMtu: (skb) =>
			Math.min(mtuOf(skb.route), mtuOf(routes.lookup(skb.source))),
		routeBack: (skb, mark) => {
			const route = routes.lookupBackByAnyLink(rpfilterFlow(skb, mark));
			return route.type === "none" ? null : route;
		},
		portHeldAt: (protocol, address, port) =>
			ownPorts.heldAt(protocol, address, port),
		reject,
		proxySyn(skb, offer) {
			if (decide !== undefined)
				throw new UnknownSignal(
					"where SYNPROXY connects a client is not analysed; a scenario plays it",
				);
			return proxySyn(skb, offer);
		},
		answer,
		isUp: (index) => routes.state.up[index] === true,
		log: (_skb, entry) => tracer?.log(entry),
		written: (skb) => {
			skb.original = null;
		},
		unknown: (reason) => {
			throw new UnknownSignal(reason);
		},
	};
}

/** @throws SetupError */
function countriesOf({
	geoip = {},
}: GatewaySetup): ReadonlyMap<string, readonly AddressRange[]> {
	const fault = faultOfCountries(geoip);
	if (fault !== null)
		throw new SetupError(`gateway.geoip.${fault.path}: ${fault.message}`);
	return new Map(
		Object.entries(geoip).map(([code, ranges]) => [
			code,
			ranges.flatMap((text) => {
				const range = readRange(text);
				return range === null ? [] : [range];
			}),
		]),
	);
}
