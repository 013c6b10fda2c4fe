/**
 * How many ICMP errors the gateway sends: one bucket for all of them and one for each destination
 * (net/ipv4/icmp.c `icmp_global_allow`, net/ipv4/inetpeer.c `inet_peer_xrlim_allow`,
 * net/ipv4/route.c `ip_error` and `ip_rt_send_redirect`; 6.1). Of hundreds of clients that are
 * refused at once only a few get an error; the others wait for their own time-out.
 */
import { UnknownSignal } from "../../contract/unknown-signal.ts";
import { HZ, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED } from "../../kernel.ts";
import { notFollowed } from "../../linux/behaviour.ts";
import { NOT_FOLLOWED } from "../../linux/difference.ts";
import type { Address } from "../../packet/packet.ts";
import {
	type GatewayState,
	type IcmpBucket,
	type IcmpLimits,
	type IcmpPeer,
	sysctlOf,
} from "../state/gateway-state.ts";

/** `XRLIM_BURST_FACTOR`. */
const BURST = 6;
/** `ip_rt_error_cost`, `ip_rt_error_burst`. */
const ROUTE_ERROR_COST = HZ;
const ROUTE_ERROR_BURST = 5 * HZ;
/** `ip_rt_redirect_load`, `ip_rt_redirect_number`, `ip_rt_redirect_silence`. */
const REDIRECT_LOAD = HZ / 50;
const REDIRECT_NUMBER = 9;
const REDIRECT_SILENCE = REDIRECT_LOAD << (REDIRECT_NUMBER + 1);
/** `inet_peer_maxttl` (net/ipv4/inetpeer.c), while there are few. */
const PEER_MAX_TTL = 10 * 60 * HZ;
/** Destination unreachable, source quench, time exceeded, parameter problem (`icmp_ratemask` 0x1818). */
const LIMITED_TYPES = 0x1818;
/**
 * How much later than here a neighbour may be given up, in jiffies: each of three seconds of waiting is rounded
 * up to a step of the timer wheel's second level (`calc_index`, kernel/time/timer.c, 6.1), and a kernel that has
 * been idle, or whose clock is set in steps, comes to its timers up to 40 ms after that.
 */
export const LATEST_TIMER = 3 * (8 + HZ / 25);
/** What a message costs: 0 to 2 tokens, all equally likely. */
const COSTS = 3;

/** Of a gateway that has sent none. */
export function freshIcmpLimits(): IcmpLimits {
	return {
		peers: new Map(),
		timerOf: null,
		bucket: freshBucket(),
		least: freshBucket(),
		most: freshBucket(),
	};
}

function freshBucket(): IcmpBucket {
	return { credit: 0, stamp: Number.NEGATIVE_INFINITY };
}

export interface LimitedMessage {
	readonly type: number;
	readonly code: number;
	/** It is about a packet that the gateway sent to itself: the bucket for all is not asked (icmp_send). */
	readonly isFromLoopback: boolean;
	/** It is for the gateway itself: those are not counted by destination (icmpv4_xrlim_allow). */
	readonly isToLoopback: boolean;
}

/** May an ICMP message of this kind go to `destination` now? Counts it if so. */
export function icmpAllow(
	gateway: GatewayState,
	destination: Address,
	{ type, code, isFromLoopback, isToLoopback }: LimitedMessage,
): boolean {
	const isLimited = ((LIMITED_TYPES >>> type) & 1) === 1;
	// Fragmentation needed is never held back, for path MTU discovery depends on it.
	if (!isLimited || (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED))
		return true;
	const { behaviour } = gateway;
	if (isFromLoopback && behaviour.errorsAboutOwnPackets === "free") return true;
	if (!isFromLoopback && !icmpGlobalAllow(gateway)) return false;
	// With a limit of 0 none is held back; where the bucket is asked all the same, which ip_error takes from as well, that empties it.
	const timeout = Math.round(
		(sysctlOf(gateway, "ipv4.icmp_ratelimit") * HZ) / 1000,
	);
	const isAsked =
		timeout > 0 || behaviour.unlimitedErrors === "empty the bucket";
	if (
		!isToLoopback &&
		isAsked &&
		!inetPeerAllow(gateway, destination, {
			cost: timeout,
			burst: BURST * timeout,
		})
	)
		return false;
	if (isFromLoopback || behaviour.errorBucket === NOT_FOLLOWED) return true;
	// A random cost keeps outsiders from measuring the bucket (icmp_global_consume).
	const { icmpLimits, choice } = gateway;
	icmpLimits.bucket.credit -= choice.pick(COSTS, "icmp credit");
	icmpLimits.least.credit -= COSTS - 1;
	return true;
}

/** A packet without a route: `ip_error` has a bucket of its own in front of the usual ones. */
export function allowRouteError(
	gateway: GatewayState,
	destination: Address,
): boolean {
	return inetPeerAllow(gateway, destination, {
		cost: ROUTE_ERROR_COST,
		burst: ROUTE_ERROR_BURST,
	});
}

/**
 * Redirects to a host come ever more seldom, and end where it does not heed them (`ip_rt_send_redirect`).
 * They and what `ip_error` says count with the same peer.
 */
export function allowRedirect(
	gateway: GatewayState,
	destination: Address,
): boolean {
	const peer = peerOf(gateway, destination);
	const now = jiffies(gateway);
	if (now > peer.last + REDIRECT_SILENCE) {
		peer.tokens = 0;
		peer.redirects = 0;
		peer.isDoubtful = false;
	}
	// An error to the host has ended the silence, so it matters whether the peer was freed before.
	if (peer.isDoubtful) gateway.choice.unseen("peer");
	if (peer.redirects >= REDIRECT_NUMBER) {
		peer.last = now;
		return false;
	}
	const isDue =
		peer.redirects === 0 ||
		now > peer.last + REDIRECT_LOAD * 2 ** peer.redirects;
	if (!isDue) return false;
	peer.last = now;
	peer.redirects++;
	return true;
}

/** `inet_peer_xrlim_allow` */
function inetPeerAllow(
	gateway: GatewayState,
	destination: Address,
	{ cost, burst }: { readonly cost: number; readonly burst: number },
): boolean {
	const peer = peerOf(gateway, destination);
	const now = jiffies(gateway);
	peer.tokens = Math.min(peer.tokens + now - peer.last, burst);
	peer.last = now;
	const { timerOf } = gateway.icmpLimits;
	if (peer.tokens < cost) {
		if (timerOf !== null && dependsOnTimers(peer, timerOf, cost, now))
			gateway.choice.unseen("neighbour");
		return false;
	}
	peer.tokens -= cost;
	if (timerOf !== null) {
		const neighbour = hasTakenJustNow(peer, timerOf, now) ? null : timerOf;
		peer.timer = { at: now, neighbour };
	}
	return true;
}

/**
 * Would tokens be there if timers were as late as they may be? A timer of another neighbour may have been
 * later than this one as well, so that its tokens were this one's.
 */
function dependsOnTimers(
	peer: IcmpPeer,
	neighbour: Address,
	cost: number,
	now: number,
): boolean {
	return (
		peer.tokens + LATEST_TIMER >= cost || hasTakenJustNow(peer, neighbour, now)
	);
}

/** Has a timer of another neighbour taken tokens, which may have come before or after this one's? */
function hasTakenJustNow(
	{ timer }: IcmpPeer,
	neighbour: Address,
	now: number,
): boolean {
	return (
		timer !== null &&
		timer.neighbour !== neighbour &&
		now - timer.at <= LATEST_TIMER
	);
}

/** What is known of a host (`inet_getpeer`); it is looked for as well when fragments of its own begin to wait. */
export function peerOf(gateway: GatewayState, address: Address): IcmpPeer {
	const { peers } = gateway.icmpLimits;
	const now = jiffies(gateway);
	let peer = peers.get(address);
	if (!peer) {
		collectPeers(gateway, now);
		// A new peer's clock starts a minute back, so it has a full bucket.
		const last = now - 60 * HZ;
		peer = {
			tokens: 0,
			last,
			redirects: 0,
			seen: now,
			isDoubtful: false,
			timer: null,
		};
		peers.set(address, peer);
	}
	peer.seen = now;
	return peer;
}

/**
 * On its way to the place of a new peer the kernel frees peers that were not looked for in ten minutes
 * (`inet_peer_gc`). Which ones stand on the way follows from a secret key; the only one that there is does.
 */
function collectPeers({ icmpLimits, fragments }: GatewayState, now: number) {
	const { peers } = icmpLimits;
	const isAlone = peers.size === 1;
	for (const [address, peer] of peers) {
		if (now - peer.seen < PEER_MAX_TTL) continue;
		// Fragments that wait hold their sender's.
		const waiting = [...fragments.waiting.values()];
		if (waiting.some(({ sender }) => sender === address)) continue;
		// Without redirects it is as a new one by now.
		if (isAlone || peer.redirects === 0) peers.delete(address);
		else peer.isDoubtful = true;
	}
}

function icmpGlobalAllow(gateway: GatewayState): boolean {
	const { bucket, least, most } = gateway.icmpLimits;
	const limit = {
		perSecond: sysctlOf(gateway, "ipv4.icmp_msgs_per_sec"),
		burst: sysctlOf(gateway, "ipv4.icmp_msgs_burst"),
	};
	const now = jiffies(gateway);
	if (gateway.behaviour.errorBucket === NOT_FOLLOWED) {
		const isSure = takesWhatIsLeft(least, now, limit, COSTS - 1);
		const isPossible = takesWhatIsLeft(most, now, limit, 0);
		if (isSure !== isPossible)
			throw new UnknownSignal(notFollowed("errorBucket"));
		return isSure;
	}
	const isAllowed = bucketAllows(bucket, now, limit);
	if (bucketAllows(least, now, limit) !== bucketAllows(most, now, limit))
		gateway.choice.unseen("icmp-limit");
	return isAllowed;
}

/** `icmp_global_allow`: refills the bucket if it is empty and its time has come. */
function bucketAllows(
	bucket: IcmpBucket,
	now: number,
	{ perSecond, burst }: { readonly perSecond: number; readonly burst: number },
): boolean {
	if (bucket.credit > 0) return true;
	const delta = Math.min(now - bucket.stamp, HZ);
	if (delta < HZ / 50) return false;
	const gained = Math.floor((perSecond * delta) / HZ);
	if (gained === 0) return false;
	bucket.stamp = now;
	bucket.credit = Math.min(bucket.credit + gained, burst);
	return true;
}

/**
 * The bucket of Linux 5.10: whatever the time since the last filling is worth is put in with each message,
 * and the message takes its cost at once.
 */
function takesWhatIsLeft(
	bucket: IcmpBucket,
	now: number,
	{ perSecond, burst }: { readonly perSecond: number; readonly burst: number },
	cost: number,
): boolean {
	const delta = Math.min(now - bucket.stamp, HZ);
	const gained = delta < HZ / 50 ? 0 : Math.floor((perSecond * delta) / HZ);
	if (gained > 0) bucket.stamp = now;
	const credit = Math.min(bucket.credit + gained, burst);
	bucket.credit = Math.max(credit - cost, 0);
	return credit > 0;
}

export function jiffies({ timers }: GatewayState): number {
	return Math.floor((timers.nowMs * HZ) / 1000);
}
