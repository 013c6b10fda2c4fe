/** What stops a packet at the end of INPUT or POSTROUTING: a rule, conntrack, or a race that it is part of. */
import { dropped, type Fate } from "../../contract/gateway.ts";
import type { StoppedAtEnd } from "../../netfilter/hook-path.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import type { GatewayState, WayLeft } from "../state/gateway-state.ts";
import { kept } from "./neighbours.ts";

const RACES: Fate = { kind: "queued", waitsFor: "race" };

export function stopped(
	gateway: GatewayState,
	by: StoppedAtEnd,
	skb: Skb,
	way: WayLeft,
): Fate {
	if (by !== "held") return dropped(by);
	const hasClash = gateway.conntrack.hasClash(skb);
	gateway.held.push({ skb: kept(gateway, skb), way, hasClash });
	return RACES;
}
