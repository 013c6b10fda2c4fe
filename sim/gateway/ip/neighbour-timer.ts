/** What a neighbour's timer does, and how it is given up (`neigh_timer_handler`, `neigh_invalidate`, net/core/neighbour.c, 6.1). */
import { ICMP_HOST_UNREACH } from "../../kernel.ts";
import type { Address } from "../../packet/packet.ts";
import { jiffies, LATEST_TIMER } from "../icmp/icmp-limits.ts";
import { sendUnreachable } from "../icmp/icmp-send.ts";
import type { GatewayState, Neighbour } from "../state/gateway-state.ts";
import { rememberedIn, sharedIn } from "../state/remembered.ts";
import { sendMade, sendOut } from "./local-output.ts";
import {
	MULTICAST_PROBES,
	neighAnsweredLate,
	neighDiscard,
	neighProbe,
	neighStop,
} from "./neighbours.ts";

/** `net.ipv4.neigh.*` defaults. */
const UNICAST_PROBES = 3;

/** `neigh_timer_handler` */
export function neighTimerHandler(
	gateway: GatewayState,
	interfaceIndex: number,
	address: Address,
): void {
	const { known } = gateway.neighbours;
	const neighbour = known[interfaceIndex]?.get(address) as Neighbour;
	neighbour.timer = null;
	switch (neighbour.state) {
		case "reachable":
			neighbour.state = "stale";
			break;
		case "delay":
			neighbour.state = "probe";
			neighbour.probes = 0;
			neighProbe(gateway, neighbour);
			break;
		case "probe":
		case "incomplete": {
			const most =
				neighbour.state === "probe" ? UNICAST_PROBES : MULTICAST_PROBES;
			if (neighbour.probes < most) neighProbe(gateway, neighbour);
			else neighTimedOut(gateway, neighbour);
			break;
		}
		case "stale":
		case "failing":
		case "failed":
			break;
	}
}

/**
 * `ip neigh flush`: the senders of what waited get an error (`__neigh_update` to NUD_FAILED).
 * @param only the index of an interface; `null`: on all of them
 * @returns whether there was one
 */
export function neighForget(
	gateway: GatewayState,
	address: Address,
	only: number | null = null,
): boolean {
	const { known, recent } = gateway.neighbours;
	let isKnown = false;
	for (const neighbours of known) {
		const neighbour = neighbours?.get(address);
		if (
			!neighbour ||
			(only ?? neighbour.interfaceIndex) !== neighbour.interfaceIndex
		)
			continue;
		isKnown = true;
		neighInvalidate(gateway, neighbour);
		neighStop(gateway, neighbour);
		neighbours?.delete(address);
		recent[neighbour.interfaceIndex]?.clear();
		sendMade(gateway);
	}
	return isKnown;
}

/** `ip neigh flush dev …` */
export function neighForgetAll(gateway: GatewayState, index: number): void {
	const ofLink = gateway.neighbours.known[index];
	for (const address of [...(ofLink?.keys() ?? [])])
		neighForget(gateway, address, index);
}

/** Limits know then that a kernel may be a little later, and so are rules that remember its errors. */
function neighTimedOut(gateway: GatewayState, neighbour: Neighbour): void {
	const { icmpLimits, choice } = gateway;
	const before = choice.hearsUnseen ? rememberedOf(gateway) : null;
	if (choice.hearsUnseen) noteEnding(gateway, neighbour);
	icmpLimits.timerOf = neighbour.address;
	try {
		neighInvalidate(gateway, neighbour);
		sendMade(gateway);
		if (neighbour.state === "incomplete") neighAnsweredLate(gateway, neighbour);
	} finally {
		icmpLimits.timerOf = null;
	}
	if (before !== null) noteTimedOut(gateway, neighbour.address, before);
}

/** Of a connection whose time is nearly over, a kernel's error may come when it is. */
function noteEnding(
	{ choice, conntrack }: GatewayState,
	{ queue }: Neighbour,
): void {
	if (queue.some((skb) => conntrack.endsWithin(skb, LATEST_TIMER)))
		choice.unseen("neighbour");
}

/**
 * Errors about two neighbours may come in either order: a rule that remembers both may remember something else, and
 * what only one of them changed in a set or a list the other might have changed, had it come first.
 */
function noteTimedOut(
	gateway: GatewayState,
	address: Address,
	before: RememberedOf,
): void {
	const { neighbours, choice } = gateway;
	const at = jiffies(gateway);
	const after = rememberedOf(gateway);
	const rules = changed(before.rules, after.rules);
	const isShared = changed(before.shared, after.shared).length > 0;
	const lately = neighbours.timedOut.filter(
		(other) => at - other.at <= LATEST_TIMER,
	);
	const isMixed = lately.some(
		(other) =>
			other.address !== address &&
			(other.isShared ||
				isShared ||
				other.rules.some((rule) => rules.includes(rule))),
	);
	if (isMixed) choice.unseen("neighbour");
	neighbours.timedOut = [...lately, { address, at, rules, isShared }];
}

type RememberedOf = ReturnType<typeof rememberedOf>;

function rememberedOf(gateway: GatewayState) {
	return { rules: rememberedIn(gateway), shared: sharedIn(gateway) };
}

function changed(
	before: ReadonlyMap<string, string>,
	after: ReadonlyMap<string, string>,
): readonly string[] {
	return [...after].flatMap(([name, hash]) =>
		before.get(name) === hash ? [] : [name],
	);
}

/**
 * `neigh_invalidate`. An error may be for the very neighbour that does not answer: then ARP asks for it
 * once more, and the error is lost with all that waits, before any answer can come.
 */
function neighInvalidate(gateway: GatewayState, neighbour: Neighbour): void {
	if (neighbour.state === "probe") gateway.choice.unseen("neighbour");
	neighbour.state = "failing";
	gateway.neighbours.givenUp++;
	while (isFailing(neighbour)) {
		const skb = neighbour.queue.shift();
		if (skb === undefined) {
			neighbour.state = "failed";
			return;
		}
		sendUnreachable(gateway, skb, ICMP_HOST_UNREACH);
		gateway.conntrack.release(skb);
		sendOut(gateway);
	}
	neighDiscard(gateway, neighbour);
}

/** What is sent meanwhile may change it. */
function isFailing({ state }: Neighbour): boolean {
	return state === "failing";
}
