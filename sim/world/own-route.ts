/** A default route of a host's own: to another router on its link, in place of the gateway. */
import { parseAddress, prefixMask } from "../packet/address.ts";
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
	{ gateway }: Pick<WorldSetup, "gateway">,
): OwnRoute | null {
	const { defaultVia: via, interface: name } = host;
	if (via === undefined) return null;
	const addresses =
		gateway?.interfaces.find((one) => one.name === name)?.addresses ?? [];
	const networks = addresses.map(networkOf);
	const router = parseAddress(via);
	if (networks.some(({ address }) => address === router)) return null;
	return {
		via,
		leadsTo: (address) =>
			networks.every((one) => ((one.address ^ address) & one.mask) !== 0),
	};
}

/** `10.40.0.1/24`: an address of the gateway's on the link, and which addresses the link has. */
function networkOf(text: string): {
	readonly address: number;
	readonly mask: number;
} {
	const [address = "", length = "32"] = text.split("/");
	return {
		address: parseAddress(address) ?? 0,
		mask: prefixMask(Number(length)),
	};
}
