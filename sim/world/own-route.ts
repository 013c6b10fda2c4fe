/** Which packets of hosts go to another router on their link, and not to the gateway. */
import { formatAddress, isInNetwork, parseAddress } from "../packet/address.ts";
import type { Address } from "../packet/packet.ts";
import { type LinkNetwork, networksOf } from "./setup/networks.ts";
import type { WorldSetup } from "./setup/setup.ts";

/** A default route of a host's own: to another router on its link, in place of the gateway. */
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

/** A router that takes packets past the gateway. */
export interface OtherRouter {
	readonly via: string;
	/** It has announced the address by gratuitous ARP; else it is the host's own default route. */
	readonly isAnnounced: boolean;
}

/** Which router has announced an address last, to the hosts on its link. */
export class Announced {
	private readonly networks: readonly LinkNetwork[];
	private readonly holders = new Map<Address, "gateway" | "other">();

	constructor(networks: readonly LinkNetwork[]) {
		this.networks = networks;
	}

	set(address: Address, by: "gateway" | "other"): void {
		this.holders.set(address, by);
	}

	/**
	 * The other router to which what the host sends goes; `null`: it goes to the gateway.
	 * @param from its default route leads through `via`; `null`: through the gateway's first address on its link
	 * @param link by which interface the gateway would receive it
	 */
	pastGateway(
		from: { readonly ownRoute: OwnRoute | null; readonly via: Address | null },
		link: string,
		destination: Address,
	): OtherRouter | null {
		const { ownRoute, via } = from;
		const other = ownRoute?.leadsTo(destination)
			? { via: ownRoute.via, isAnnounced: false }
			: null;
		if (this.holders.size === 0) return other;
		const own = this.networks.filter((one) => one.interface === link);
		const isOnLink = own.some((one) => isInNetwork(destination, one));
		const hop = isOnLink ? destination : (via ?? own[0]?.address);
		const by = hop === undefined ? undefined : this.holders.get(hop);
		if (hop === undefined || by === undefined) return other;
		return by === "other"
			? { via: formatAddress(hop), isAnnounced: true }
			: null;
	}
}
