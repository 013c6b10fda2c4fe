/** The last hook, and then the link (`ip_output`, `ip_finish_output`, net/ipv4/ip_output.c, 6.1). */

import type { Fate } from "../../contract/gateway.ts";
import type { HookPath } from "../../netfilter/hook-path.ts";
import { HOOK_POSTROUTING, type Skb } from "../../packet/skb/skb.ts";
import { inParts, isTooLong } from "../fragments/fragmentation.ts";
import { FRAGMENTATION_NEEDED } from "../icmp/answers.ts";
import type { Replies } from "../icmp/replies.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Route, Routes } from "./routes.ts";

export interface OutputPorts {
	readonly routes: Routes;
	readonly path: HookPath;
	readonly neighbours: Neighbours;
	readonly replies: Replies;
	mtu(interfaceIndex: number): number;
}

const QUEUED: Fate = { kind: "queued", waitsFor: "neighbour" };

export class Output {
	private readonly ports: OutputPorts;
	/** By interface index. */
	private readonly forwarded: readonly Fate[];

	constructor(ports: OutputPorts) {
		this.ports = ports;
		this.forwarded = ports.routes.interfaces.map((name) => ({
			kind: "forwarded",
			interface: name,
		}));
	}

	send(skb: Skb, route: Route): Fate {
		const { path, routes, neighbours, mtu } = this.ports;
		if (!path.pass(HOOK_POSTROUTING, skb))
			return { kind: "dropped", by: path.stoppedBy };
		if (!routes.isUp(route.interface))
			return { kind: "dropped", by: "link is down" };
		if (skb.cameAs !== null || skb.length > mtu(route.interface))
			return this.sendParts(skb, route);
		const sent = neighbours.send(skb, route.via ?? skb.destination);
		return sent ? (this.forwarded[route.interface] as Fate) : QUEUED;
	}

	/** `ip_fragment` */
	private sendParts(skb: Skb, route: Route): Fate {
		const { neighbours, replies } = this.ports;
		const mtu = this.ports.mtu(route.interface);
		if (isTooLong(skb, mtu)) {
			replies.unreachable(skb, FRAGMENTATION_NEEDED, mtu);
			return { kind: "dropped", by: "longer than the link's MTU" };
		}
		let sent = true;
		for (const part of inParts(skb, mtu))
			sent = neighbours.send(part, route.via ?? part.destination) && sent;
		return sent ? (this.forwarded[route.interface] as Fate) : QUEUED;
	}
}
