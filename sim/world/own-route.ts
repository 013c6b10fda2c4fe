/** A default route of a host's own: to another router on its link, in place of the gateway. */
import { isInNetwork, parseAddress } from "../packet/address.ts";
import { networksOf } from "./setup/networks.ts";
import type { WorldSetup } from "./setup/setup.ts";

export interface OwnRoute {
	/** The other router. */
	readonly via: string;
	/** Does a packet for this address go to the other router? Not one for an address on the host's link. */
	leadsTo(address: number): boolean;
}

/** @returns `null`: its default route is the gateway */
export function ownRouteOf(
	host: { readonly interface: string; readonly defaultVia?: string },
	setup: Pick<WorldSetup, "gateway">,
): OwnRoute | null {
	const { defaultVia: via, interface: name } = host;
	if (via === undefined) return null;
	const networks = networksOf(setup).filter((one) => one.interface === name);
	const router = parseAddress(via);
	if (networks.some(({ address }) => address === router)) return null;
	return {
		via,
		leadsTo: (address) => networks.every((one) => !isInNetwork(address, one)),
	};
}
