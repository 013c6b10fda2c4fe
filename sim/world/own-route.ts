/** Which packets of hosts go to another router on their link, and not to the gateway. */

import type { Redirect } from "../endpoint/host.ts";
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
	/** It is the host's own default route, has announced the address by gratuitous ARP, or the gateway has named it in an ICMP redirect. */
	readonly because: "default-route" | "announced" | "redirected";
}

/** What is known of a router on a link. */
export type RouterState = "up" | "silent" | "vanish";

/** How long a redirect holds (`ip_rt_gc_timeout`, net/ipv4/route.c, 6.1). */
const REDIRECT_MS = 300_000;

/**
 * What ICMP redirects have told a host (`__ip_do_redirect`, net/ipv4/route.c, 6.1, with `accept_redirects` and
 * `shared_media` as they are by default). The first one that names a router makes the host ask for its address; one
 * that comes when the address is known is heeded.
 */
export class Redirects {
	/** By destination. */
	private readonly heeded = new Map<
		Address,
		{ readonly router: Address; readonly untilMs: number }
	>();
	private readonly asked = new Set<Address>();

	/** @param hop through which the host sends to the destination; `null`: it is on the host's link */
	hear(
		{ from, router, destination }: Redirect,
		hop: Address | null,
		about: { readonly nowMs: number; readonly answersArp: boolean },
	): void {
		const isAddress = router !== 0 && router !== -1 && router >>> 28 !== 0xe;
		if (hop !== from || router === from || !isAddress) return;
		if (!this.asked.has(router) || !about.answersArp) {
			this.asked.add(router);
			return;
		}
		const untilMs = about.nowMs + REDIRECT_MS;
		this.heeded.set(destination, { router, untilMs });
	}

	/** `null`: no redirect holds. */
	routerTo(destination: Address, nowMs: number): Address | null {
		if (this.heeded.size === 0) return null;
		const found = this.heeded.get(destination);
		return found === undefined || found.untilMs <= nowMs ? null : found.router;
	}
}

/** Which router has announced an address last, to the hosts on its link. */
export class Announced {
	private readonly networks: readonly LinkNetwork[];
	private readonly holders = new Map<Address, "gateway" | "other">();

	constructor(networks: readonly LinkNetwork[]) {
		this.networks = networks;
	}

	/** @returns whether hosts took another one for it before */
	set(address: Address, by: "gateway" | "other"): boolean {
		const before = this.holders.get(address) ?? "gateway";
		this.holders.set(address, by);
		return before !== by;
	}

	/** Has a router announced it? */
	isHeld(address: Address): boolean {
		return this.holders.has(address);
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
		const { ownRoute } = from;
		const other = ownRoute?.leadsTo(destination)
			? { via: ownRoute.via, because: "default-route" as const }
			: null;
		if (this.holders.size === 0) return other;
		const hop = this.hopOf(from, link, destination) ?? destination;
		const by = this.holders.get(hop);
		if (by === undefined) return other;
		return by === "other"
			? { via: formatAddress(hop), because: "announced" }
			: null;
	}

	/** Through which address a host sends; `null`: the destination is on its link, or no router is known. */
	hopOf(
		{ via }: { readonly via: Address | null },
		link: string,
		destination: Address,
	): Address | null {
		const own = this.networks.filter((one) => one.interface === link);
		const isOnLink = own.some((one) => isInNetwork(destination, one));
		return isOnLink ? null : (via ?? own[0]?.address ?? null);
	}
}

/** Neighbours that a setup names, which lead to hosts that are far, and which of them are dead. */
export class Routers {
	/** By interface, then by address. */
	readonly #states = new Map<string, Map<Address, RouterState>>();

	set(interfaceName: string, address: Address, state: RouterState): boolean {
		const ofLink = this.#states.get(interfaceName) ?? new Map();
		const before = ofLink.get(address);
		this.#states.set(interfaceName, ofLink.set(address, state));
		return before !== state;
	}

	/** Is lost what comes to it? */
	isDead(interfaceName: string, address: Address): boolean {
		if (this.#states.size === 0) return false;
		return isDead(this.#states.get(interfaceName)?.get(address));
	}

	answersArp(interfaceName: string, address: Address): boolean {
		return this.#states.get(interfaceName)?.get(address) !== "vanish";
	}

	/** Has every neighbour of the link died that the setup names? Where it names none, routers are there, and alive. */
	areAllDead(interfaceName: string): boolean {
		const ofLink = this.#states.get(interfaceName);
		return ofLink !== undefined && [...ofLink.values()].every(isDead);
	}
}

/** One that the setup does not name is alive. */
function isDead(state: RouterState | undefined): boolean {
	return state !== undefined && state !== "up";
}
