/**
 * Neighbours on the links, and where packets leave: who answers ARP, who did lately, whose packets wait. A neighbour that was
 * reachable is believed for a while, so packets to a host that just died vanish silently; one that
 * never answers costs three seconds and an ICMP error (net/core/neighbour.c, `neigh_resolve_output`,
 * `__neigh_event_send`, 6.1; times from net/ipv4/arp.c, `arp_tbl`).
 */
import { dropped, type Emission, type Fate } from "../../contract/gateway.ts";
import { HZ } from "../../kernel.ts";
import { formatAddress } from "../../packet/address.ts";
import type { Address, Packet } from "../../packet/packet.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { copyOfSkb, packetOf } from "../../packet/skb/skb-packet.ts";
import { AddressCache } from "../../routing/address-cache.ts";
import { jiffies, LATEST_TIMER } from "../icmp/icmp-limits.ts";
import type {
	GatewayState,
	Neighbour,
	Neighbours,
} from "../state/gateway-state.ts";

/** `net.ipv4.neigh.*` defaults. */
const BASE_REACHABLE_MS = 30_000;
const DELAY_FIRST_PROBE_MS = 5_000;
const RETRANSMIT_MS = 1_000;
export const MULTICAST_PROBES = 3;
/**
 * `unres_qlen`: the kernel limits octets of memory (`unres_qlen_bytes`), and this many full frames fit. How many
 * smaller ones do depends on the driver that received them (`truesize`).
 */
const QUEUE_LENGTH = 101;
const QUEUED: Fate = { kind: "queued", waitsFor: "neighbour" };
/** The queue of such a link takes nothing (`noop_enqueue`, net/sched/sch_generic.c, 6.1). */
const NO_CARRIER = dropped("no carrier");
/** Shared by all that have nothing; never written to. */
const NOTHING: Emission[] = [];

/** Of a gateway that has sent nothing. */
export function noNeighbours(): Neighbours {
	return {
		known: [],
		recent: [],
		reachableMs: null,
		givenUp: 0,
		timedOut: [],
	};
}

/** Sends to a neighbour on `skb.outInterface`, or keeps the packet until it is known. */
export function neighOutput(
	gateway: GatewayState,
	skb: Skb,
	address: Address,
): Fate {
	const { outInterface } = skb;
	const neighbour = neighbourAt(gateway.neighbours, outInterface, address);
	if (gateway.choice.hearsUnseen) noteReachableTime(gateway, neighbour);
	switch (neighbour.state) {
		case "reachable":
		case "delay":
		case "probe":
			break;
		case "stale":
			neighbour.state = "delay";
			schedule(gateway, neighbour, DELAY_FIRST_PROBE_MS);
			break;
		case "failed":
			noteOrder(gateway, neighbour);
			neighbour.probes = 0;
			neighbour.state = "incomplete";
			neighbour.queue.push(kept(gateway, skb));
			neighProbe(gateway, neighbour);
			// The answer may have come at once.
			return neighbour.queue.length === 0
				? (gateway.forwarded[outInterface] as Fate)
				: QUEUED;
		case "failing":
			// Its answer finds nothing that waits.
			neighbour.probes = 1;
			neighbour.state = "incomplete";
			schedule(gateway, neighbour, RETRANSMIT_MS);
			neighbour.queue.push(kept(gateway, skb));
			return QUEUED;
		case "incomplete":
			noteOrder(gateway, neighbour);
			if (neighbour.queue.length >= QUEUE_LENGTH) {
				gateway.choice.unseen("neighbour-queue");
				for (const oldest of neighbour.queue.splice(0, 1))
					gateway.conntrack.release(oldest);
			}
			neighbour.queue.push(kept(gateway, skb));
			return QUEUED;
	}
	if (!gateway.routes.hasCarrier(outInterface)) return NO_CARRIER;
	transmit(gateway, outInterface, packetOf(skb), address);
	return gateway.forwarded[outInterface] as Fate;
}

/**
 * Whether a neighbour that fell silent is still believed depends on the time that was drawn, once the shortest has gone
 * by since it answered.
 */
function noteReachableTime(gateway: GatewayState, neighbour: Neighbour): void {
	const { state, timer } = neighbour;
	if (hasFailed(state) || answersArp(gateway, neighbour)) return;
	const leftMs = (timer?.atMs ?? 0) - gateway.timers.nowMs;
	const isSure =
		state === "reachable" &&
		reachableTimeMs(gateway) - leftMs < BASE_REACHABLE_MS / 2;
	if (!isSure) gateway.choice.unseen("neighbour");
}

/**
 * An error about one neighbour may have to wait for another that times out together with it: whether it is lost with
 * what waits there, or has it asked for once more, depends on which of them a kernel gives up first.
 */
function noteOrder(gateway: GatewayState, neighbour: Neighbour): void {
	const { icmpLimits, neighbours, choice, timers } = gateway;
	const { timerOf } = icmpLimits;
	if (timerOf === null || timerOf === neighbour.address) return;
	const { address, probes, state, timer } = neighbour;
	const latestMs = (LATEST_TIMER * 1000) / HZ;
	const isNext =
		state === "incomplete" &&
		probes >= MULTICAST_PROBES &&
		timer !== null &&
		timer.atMs - timers.nowMs <= latestMs;
	const wasLast = neighbours.timedOut.some(
		(other) =>
			other.address === address && jiffies(gateway) - other.at <= LATEST_TIMER,
	);
	if (isNext || wasLast) choice.unseen("neighbour");
}

/** Was it asked for in vain, or is it asked for just now? (not `NUD_VALID`) */
export function neighHasFailed(
	{ neighbours }: GatewayState,
	interfaceIndex: number,
	address: Address,
): boolean {
	const neighbour = neighbours.known[interfaceIndex]?.get(address);
	return neighbour !== undefined && hasFailed(neighbour.state);
}

function hasFailed(state: Neighbour["state"]): boolean {
	return state === "failed" || state === "failing" || state === "incomplete";
}

/** Puts a packet on the link of an interface; on `lo`, a process of the gateway finds it. */
export function transmit(
	gateway: GatewayState,
	interfaceIndex: number,
	packet: Packet,
	nextHop: Address = packet.destination,
): void {
	const emission = {
		atMs: gateway.timers.nowMs,
		interface: gateway.routes.interfaces[interfaceIndex] as string,
		packet,
		nextHop,
	};
	// Nearly always one packet comes out: a list of one takes less room than one that grew.
	if (gateway.emissions.length === 0) gateway.emissions = [emission];
	else gateway.emissions.push(emission);
}

/** A packet that waits for the address of a neighbour. @public */
export interface WaitingPacket {
	readonly interface: string;
	/** Of the neighbour: the next hop. */
	readonly neighbour: Address;
	/** As it is to be sent. */
	readonly packet: Packet;
}

/** Of each neighbour whose address is asked for, the packet that came last. */
export function neighWaiting({
	neighbours,
	routes,
}: GatewayState): readonly WaitingPacket[] {
	return neighbours.known.flatMap((ofLink, index) =>
		[...(ofLink?.values() ?? [])].flatMap(({ address, queue }) => {
			const last = queue.at(-1);
			const name = routes.interfaces[index];
			return last === undefined || name === undefined
				? []
				: [{ interface: name, neighbour: address, packet: packetOf(last) }];
		}),
	);
}

/** What came out since this was last called. */
export function takeEmissions(gateway: GatewayState): readonly Emission[] {
	const { emissions } = gateway;
	gateway.emissions = NOTHING;
	return emissions;
}

/** Asks who has the address; an answer comes at once or not at all. */
export function neighProbe(gateway: GatewayState, neighbour: Neighbour): void {
	neighbour.probes++;
	if (isDeaf(gateway, neighbour) || !answersArp(gateway, neighbour))
		schedule(gateway, neighbour, RETRANSMIT_MS);
	else neighAnswered(gateway, neighbour);
}

function neighAnswered(gateway: GatewayState, neighbour: Neighbour): void {
	neighbour.state = "reachable";
	schedule(gateway, neighbour, reachableTimeMs(gateway));
	for (const skb of neighbour.queue.splice(0)) {
		transmit(gateway, skb.outInterface, packetOf(skb), neighbour.address);
		gateway.conntrack.release(skb);
	}
}

/** An answer comes to what an error asked which was lost itself: nothing waits for it. */
export function neighAnsweredLate(
	gateway: GatewayState,
	neighbour: Neighbour,
): void {
	if (answersArp(gateway, neighbour)) neighAnswered(gateway, neighbour);
}

/** The link went down: what waits for its neighbours is lost without an error. */
export function neighIfdown(
	gateway: GatewayState,
	interfaceIndex: number,
): void {
	const { known, recent } = gateway.neighbours;
	for (const neighbour of known[interfaceIndex]?.values() ?? [])
		neighStop(gateway, neighbour);
	delete known[interfaceIndex];
	recent[interfaceIndex]?.clear();
}

/** No timer of it is due any more, and what waits is lost without an error. */
export function neighStop(gateway: GatewayState, neighbour: Neighbour): void {
	gateway.timers.cancel(neighbour.timer);
	neighbour.timer = null;
	neighDiscard(gateway, neighbour);
}

/** What waits is lost without an error. */
export function neighDiscard(
	{ conntrack }: GatewayState,
	{ queue }: Neighbour,
): void {
	for (const skb of queue.splice(0)) conntrack.release(skb);
}

function neighbourAt(
	{ known, recent }: Neighbours,
	interfaceIndex: number,
	address: Address,
): Neighbour {
	const found = recent[interfaceIndex]?.get(address);
	if (found !== undefined) return found;
	known[interfaceIndex] ??= new Map();
	let neighbour = known[interfaceIndex].get(address);
	if (neighbour === undefined) {
		neighbour = {
			interfaceIndex,
			address,
			state: "failed",
			probes: 0,
			timer: null,
			queue: [],
		};
		known[interfaceIndex].set(address, neighbour);
	}
	recent[interfaceIndex] ??= new AddressCache();
	recent[interfaceIndex].set(address, neighbour);
	return neighbour;
}

/** A copy that can wait: the record that came in serves the next packet. */
export function kept({ conntrack }: GatewayState, skb: Skb): Skb {
	const copy = copyOfSkb(skb);
	conntrack.hold(copy);
	return copy;
}

function schedule(
	{ timers }: GatewayState,
	neighbour: Neighbour,
	delayMs: number,
): void {
	const { interfaceIndex, address } = neighbour;
	timers.cancel(neighbour.timer);
	neighbour.timer = timers.after(delayMs, {
		kind: "neighbour",
		interfaceIndex,
		address,
	});
}

function answersArp(
	{ routes, silentHosts }: GatewayState,
	{ interfaceIndex, address }: Neighbour,
): boolean {
	const name = routes.interfaces[interfaceIndex];
	if (!routes.hasCarrier(interfaceIndex)) return false;
	return !silentHosts.has(`${name} ${formatAddress(address)}`);
}

/**
 * ARP asks in the name of the last packet that waits (`arp_solicit`), and an answer to an address of
 * the loopback's is not taken (`arp_process`, net/ipv4/arp.c, 6.1).
 */
function isDeaf(
	{ settings }: GatewayState,
	{ queue, interfaceIndex }: Neighbour,
): boolean {
	const last = queue[queue.length - 1];
	// Otherwise an address of the interface's own is taken (arp_announce).
	if (settings.arpAnnounce[interfaceIndex] !== 0) return false;
	return last !== undefined && last.source >>> 24 === 127;
}

/** `neigh_rand_reach_time`: between half and one and a half of the base, drawn once. */
function reachableTimeMs({ neighbours, choice }: GatewayState): number {
	neighbours.reachableMs ??=
		BASE_REACHABLE_MS / 2 +
		choice.pick(BASE_REACHABLE_MS, "neighbour reachable time");
	return neighbours.reachableMs;
}
