/** What happens on the links around a gateway, where no ask tells of it: for an onlooker. */
import type { Packet } from "../packet/packet.ts";

/** A packet that arrives at a host, is lost on its link, goes by another router, has no host at its destination, or is not sent at all. @public */
export type LinkEvent = {
	readonly atMs: number;
	/** `null` for packets of a health checker, say. */
	readonly connection: number | null;
	readonly packet: Packet;
} & (
	| {
			/** A host receives it: from the gateway, or (`from`) from a neighbour, past the gateway. */
			readonly kind: "arrives";
			readonly at: string;
			/** The gateway's name of the link. */
			readonly interface: string;
			readonly from: string | null;
			/** Does the host have a socket with these addresses and ports? */
			readonly isKnown: boolean;
	  }
	/** The link of a host loses it, on the way to it or from it. */
	| { readonly kind: "lost"; readonly host: string; readonly isFrom: boolean }
	/** A host gives it to another router: that of its own default route, one that has announced the address, or one that the gateway has named in an ICMP redirect. */
	| {
			readonly kind: "elsewhere";
			readonly host: string;
			readonly via: string;
			readonly because: "default-route" | "announced" | "redirected";
	  }
	/** A host takes its destination for one on its link, and nothing there answers ARP for it: it is not sent. */
	| {
			readonly kind: "no-arp";
			readonly host: string;
			readonly interface: string;
	  }
	/** It left the gateway by an interface behind which no host has its destination. */
	| { readonly kind: "nowhere"; readonly interface: string }
);

/** Receives what happens on the links around the gateway, as it happens. @public */
export type LinkWatch = (event: LinkEvent) => void;
