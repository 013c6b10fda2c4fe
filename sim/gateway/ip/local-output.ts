/**
 * What the gateway itself sends (`ip_local_out`, net/ipv4/ip_output.c, 6.1): what it has made up, and
 * what its processes send.
 */
import { dropped, type Fate } from "../../contract/gateway.ts";
import { UnknownSignal } from "../../contract/unknown-signal.ts";
import { LOOPBACK_IFINDEX } from "../../kernel.ts";
import { nfHook } from "../../netfilter/hook-path.ts";
import type { Route } from "../../packet/skb/route.ts";
import {
	CTINFO_UNTRACKED,
	HOOK_OUTPUT,
	HOOK_POSTROUTING,
	HOOK_PREROUTING,
	type Skb,
} from "../../packet/skb/skb.ts";
import { routeOutput } from "../../routing/route-output.ts";
import { afterLoopback } from "../fragments/fragmentation.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import { ipLocalDeliver } from "./deliver.ts";
import { ipRcvFinish } from "./input.ts";
import { ipOutput } from "./output.ts";
import { stopped } from "./stopped.ts";

/** No packet makes as many others, unless these make others in turn for ever. */
const MOST_MADE = 1_000;

/**
 * Sends what the gateway made up while a packet was on its way, in that order, and what it makes up
 * meanwhile behind it; what is for itself comes in when all have left. To be called when the packet at hand
 * is done and released.
 */
export function sendMade(gateway: GatewayState): void {
	const { made, backlog, conntrack } = gateway;
	if (made.length + backlog.length === 0) return;
	try {
		for (let returned = 0; ; returned++) {
			mustEnd(returned);
			sendOut(gateway);
			const skb = backlog.shift();
			if (skb === undefined) return;
			comeIn(gateway, skb);
			conntrack.release(skb);
		}
	} finally {
		made.length = 0;
		backlog.length = 0;
	}
}

/** The same, while the packet at hand is not done: what is for the gateway itself waits until then. */
export function sendOut(gateway: GatewayState): void {
	const { made } = gateway;
	for (let sent = 0; ; sent++) {
		mustEnd(sent);
		const skb = made.shift();
		if (skb === undefined) return;
		sendOne(gateway, skb);
	}
}

/** Of a rule that answers what it has sent, as TARPIT does where the gateway is its own client. */
function mustEnd(count: number): void {
	if (count === MOST_MADE)
		throw new UnknownSignal(
			"packets that the gateway sends to itself are answered without end",
		);
}

/** The stack looks its source up with it, unlike a process's own header. */
function sendOne(gateway: GatewayState, skb: Skb): void {
	const { routes, settings, conntrack, backlog } = gateway;
	// Of an error, the route was looked up when it was made, before it had a source.
	const route = skb.route ?? routeOutput(routes, settings, skb);
	if (route === null) {
		conntrack.release(skb);
		return;
	}
	const fate = through(gateway, skb, route);
	if (fate === COMES_BACK) backlog.push(skb);
	else conntrack.release(skb);
}

/** What a process sends to the gateway itself comes in at once. */
export function ipLocalOut(
	gateway: GatewayState,
	skb: Skb,
	route: Route,
): Fate {
	const out = through(gateway, skb, route);
	const fate = out === COMES_BACK ? comeIn(gateway, skb) : out;
	gateway.conntrack.release(skb);
	return fate;
}

/** It has left by the loopback interface. */
const COMES_BACK = Symbol("comes back");

function through(
	gateway: GatewayState,
	skb: Skb,
	before: Route,
): Fate | typeof COMES_BACK {
	skb.local = true;
	skb.route = before;
	skb.outInterface = outOf(before);
	const by = nfHook(gateway, HOOK_OUTPUT, skb);
	if (by !== null) return dropped(by);
	// What was a packet that came in tells from where when it leaves (`indev` of ip_output).
	if (skb.frame !== null) skb.inInterface = skb.frame.inInterface;
	// Another one, where a rule has changed what it goes by.
	const { route } = skb;
	// It comes back by itself (ip_mc_output).
	if (route.type === "broadcast")
		throw new UnknownSignal(
			"what the gateway itself sends to all of a network is not modelled",
		);
	if (route.type === "local") return loopBack(gateway, skb);
	// What was to stay in the gateway has no room for the headers of a link.
	if (skb.receivedParts !== null && before.type === "local")
		skb.receivedParts = { ...skb.receivedParts, lengths: [] };
	skb.outInterface = route.interface;
	return ipOutput(gateway, skb, route);
}

function loopBack(gateway: GatewayState, skb: Skb): Fate | typeof COMES_BACK {
	skb.outInterface = LOOPBACK_IFINDEX;
	if (skb.receivedParts !== null && skb.ctinfo === CTINFO_UNTRACKED)
		throw new UnknownSignal(
			"fragments that the gateway sends to itself untracked are not modelled",
		);
	const stoppedOut = nfHook(gateway, HOOK_POSTROUTING, skb);
	if (stoppedOut !== null)
		return stopped(gateway, stoppedOut, skb, { to: "loopback" });
	return COMES_BACK;
}

/** What has left by the loopback interface comes in by it. */
export function comeIn(gateway: GatewayState, skb: Skb): Fate {
	gateway.cameBack++;
	afterLoopback(skb);
	skb.frame = null;
	skb.inInterface = LOOPBACK_IFINDEX;
	skb.outInterface = 0;
	skb.holdsIcmpLock = false;
	skb.socket = "none";
	const target = skb.destination;
	const stoppedIn = nfHook(gateway, HOOK_PREROUTING, skb);
	if (stoppedIn !== null) return dropped(stoppedIn);
	// It brings its route along, unless a translation made it lose it (nf_nat_ipv4_pre_routing).
	return skb.destination === target
		? ipLocalDeliver(gateway, skb)
		: ipRcvFinish(gateway, skb, sendOut);
}

/** What is for the gateway itself leaves it by the loopback interface. */
export function outOf(route: Route | null): number {
	return route === null || route.type === "local"
		? LOOPBACK_IFINDEX
		: route.interface;
}
