/**
 * What makes a gateway act: a packet that comes in (`ip_rcv`, net/ipv4/ip_input.c, 6.1), and a timer that
 * is due.
 */
import { dropped, type Fate, fragmentFate } from "../../contract/gateway.ts";
import { unreachable } from "../../invariant.ts";
import { LOOPBACK_IFINDEX } from "../../kernel.ts";
import { nfHook } from "../../netfilter/hook-path.ts";
import type { Packet } from "../../packet/packet.ts";
import { HOOK_PREROUTING, type Skb } from "../../packet/skb/skb.ts";
import { skbOf } from "../../packet/skb/skb-packet.ts";
import { frameType } from "../../routing/reachability.ts";
import { ipDefrag, ipExpire } from "../fragments/reassembly.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import { ipRcvFinish } from "./input.ts";
import { sendMade, sendOut } from "./local-output.ts";
import { neighTimerHandler } from "./neighbour-timer.ts";
import { rawSend } from "./raw-socket.ts";

/**
 * A packet comes in by an interface; by `lo`, a process of the gateway sends it. What the gateway makes
 * up meanwhile is sent behind it.
 * @returns what became of it; what came out is in `emissions`
 * @throws UnknownSignal when the model does not know
 */
export function receive(
	gateway: GatewayState,
	interfaceIndex: number,
	packet: Packet,
): Fate {
	const { routes } = gateway;
	if (!routes.isUp(interfaceIndex)) return dropped("link is down");
	if (!routes.hasCarrier(interfaceIndex)) return dropped("no carrier");
	const fate =
		interfaceIndex === LOOPBACK_IFINDEX
			? ownSend(gateway, packet)
			: ipRcv(gateway, interfaceIndex, packet);
	sendMade(gateway);
	return fate;
}

function ownSend(gateway: GatewayState, packet: Packet): Fate {
	const skb = skbOf(packet);
	gateway.sent = skb;
	return rawSend(gateway, skb);
}

function ipRcv(
	gateway: GatewayState,
	interfaceIndex: number,
	packet: Packet,
): Fate {
	const skb = skbOf(packet, gateway.received);
	gateway.received = skb;
	skb.inInterface = interfaceIndex;
	skb.pktType = frameType(gateway.routes, skb.destination, interfaceIndex);
	if (skb.fragment === null || !gateway.tables.needsDefrag)
		return enter(gateway, skb);
	const whole = ipDefrag(gateway, skb, "track-in");
	return typeof whole === "string"
		? fragmentFate(whole)
		: enter(gateway, whole);
}

function enter(gateway: GatewayState, skb: Skb): Fate {
	const by = nfHook(gateway, HOOK_PREROUTING, skb);
	const fate: Fate =
		by === null ? ipRcvFinish(gateway, skb, sendOut) : dropped(by);
	gateway.conntrack.release(skb);
	return fate;
}

/** Moves time on, and does what is due until then, also what becomes due meanwhile. */
export function advanceTo(gateway: GatewayState, toMs: number): void {
	while (fireNext(gateway, toMs));
	gateway.timers.moveTo(toMs);
}

/** Moves time on to the next timer if it is due by `toMs`, and does what that one alone is for. */
export function fireNext(gateway: GatewayState, toMs: number): boolean {
	const task = gateway.timers.takeDue(toMs);
	if (task === null) return false;
	switch (task.kind) {
		case "neighbour":
			neighTimerHandler(gateway, task.interfaceIndex, task.address);
			break;
		case "fragments":
			ipExpire(gateway, task.key);
			break;
		default:
			unreachable(task);
	}
	sendMade(gateway);
	return true;
}
