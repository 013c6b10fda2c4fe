/** Hosts on the links around the gateway. */
import type { Row } from "../clock/clock.ts";
import type { Host } from "../endpoint/host.ts";
import type { Packet } from "../packet/packet.ts";
import type { SocketOwner } from "../packet/socket-owner.ts";
import type { OwnRoute, Redirects } from "./own-route.ts";

/** A host and the link that it is on. */
export interface Station {
	/** Number among all stations. */
	readonly index: number;
	readonly kind: "client" | "backend" | "checker";
	readonly name: string;
	readonly interface: string;
	readonly address: number;
	readonly host: Host;
	/** Of a program of the gateway's own: 0 where it is bound to no address, and has the one that routing gave it. */
	readonly boundTo: number;
	/** Through which address it reaches what is not on its link; `null`: the gateway's first one there. */
	readonly via: number | null;
	/** Its default route; `null`: the gateway. */
	readonly ownRoute: OwnRoute | null;
	/** What ICMP redirects have told it; `null` of a program of the gateway's own, whose routes are the gateway's. */
	readonly redirects: Redirects | null;
	/** Of a program of the gateway's own: whose it is. */
	readonly owner: SocketOwner;
	/** Between it and the gateway. */
	readonly latencyMs: number;
	/** What is on a link of that latency. */
	readonly link: Row;
	/** A list of it alone, for all connections that meet no other. */
	readonly alone: Station[];
	/** Does its link carry the packet that is on it now? To be asked once for each: it may be a matter of chance. */
	carries: () => boolean;
}

/** Where a connection or a flow goes. */
export interface Towards {
	readonly protocol: "tcp" | "udp";
	readonly address: number;
	readonly port: number;
}

/** Does a socket of the host have the addresses and ports of a packet that comes to it? */
export function knows({ host, kind }: Station, packet: Packet): boolean {
	if (packet.kind === "udp" && kind === "client")
		return host.datagrams.has(packet);
	if (packet.kind !== "tcp") return true;
	const { destinationPort, source, sourcePort, destination } = packet;
	const socket = host.find(destinationPort, source, sourcePort, destination);
	return socket !== undefined;
}
