/** Routes to backends, and the one to everybody else. */
import type { RouteSetup } from "../../../sim/contract/gateway.ts";
import { formatAddress } from "../../../sim/packet/address.ts";
import {
	formatPlanNetwork,
	type Network,
	networkOf,
	networksOf,
	spanOf,
} from "./address-plan.ts";
import {
	type Assuming,
	giveOne,
	isUsable,
	placeless,
	ruleIn,
} from "./give-addresses.ts";
import { sideOf } from "./interface-roles.ts";
import { isWithin } from "./rule-facts.ts";
import type { Interval } from "./rule-flow.ts";

/** Routes to the backends that no interface's own network has. */
export function routeBackends(assuming: Assuming): void {
	const { facts, plan, assume, innerBecause } = assuming;
	const routes = new Map<string, RouteSetup>();
	for (const backend of facts.backends) {
		const { interval, line } = backend;
		if (!interval.every(isUsable) || interval.some((one) => plan.isLocal(one)))
			continue;
		const reached = () => new Set(interval.map((one) => plan.interfaceTo(one)));
		const side = sideOf(facts, backend)?.interface ?? null;
		const [first = null, ...others] = reached();
		const known = side ?? (others.length === 0 ? first : null);
		const by = known ?? innerBecause(placeless(backend));
		if (by === null || !hasAddress(assuming, by)) continue;
		if ([...reached()].every((name) => name === by)) continue;
		for (const network of networksTo(assuming, interval, side !== null)) {
			const destination = formatPlanNetwork(network);
			if (routes.has(destination)) continue;
			routes.set(destination, { destination, via: null, interface: by });
			assume({
				kind: "route",
				text: `${destination} is on the link of ${by}`,
				because: `${ruleIn(line)} sends connections to ${formatInterval(interval)}`,
				given: "--routes",
			});
		}
	}
	plan.addRoutes([...routes.values()]);
}

/** An interface that was made up while addresses were given has got none so far. */
function hasAddress(assuming: Assuming, name: string): boolean {
	const { plan, isKnown } = assuming;
	if (plan.addressesOf(name).length === 0 && !isKnown) giveOne(assuming, name);
	return plan.addressesOf(name).length > 0;
}

/** A whole network where no other one is in it, since more of its hosts are likely to be backends. */
function networksTo(
	{ plan }: Assuming,
	interval: Interval,
	isPlaced: boolean,
): readonly Network[] {
	const around = networkOf(interval[0], 24);
	const isAlone = !isPlaced && !plan.isTaken(around);
	return isAlone && isWithin(interval, spanOf(around))
		? [around]
		: networksOf(interval);
}

function formatInterval([least, greatest]: Interval): string {
	const first = formatAddress(least);
	return least === greatest ? first : `${first}-${formatAddress(greatest)}`;
}

/** The way to everybody that no other route leads to. */
export function routeDefault({ roles, plan, assume }: Assuming): void {
	const { outer } = roles;
	if (outer === null || plan.addressesOf(outer).length === 0) return;
	const via = nextHopOf(outer, plan);
	plan.addRoutes([
		{
			destination: "0.0.0.0/0",
			via: via === null ? null : formatAddress(via),
			interface: outer,
		},
	]);
	assume({
		kind: "route",
		text: `the default route leads over ${outer}${via === null ? "" : `, by ${formatAddress(via)}`}`,
		because: "clients may have any address, and answers have to reach them",
		given: "--routes",
	});
}

function nextHopOf(name: string, plan: Assuming["plan"]): number | null {
	for (const network of plan.linksOf(name)) {
		const host = plan.freeHost(network);
		if (host !== null && plan.isOnLink(host, name)) return host;
	}
	return null;
}
