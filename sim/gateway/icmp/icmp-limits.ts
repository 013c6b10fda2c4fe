/**
 * How many ICMP errors the box sends: one bucket for all of them and one for each destination
 * (net/ipv4/icmp.c `icmp_global_allow`, net/ipv4/inetpeer.c `inet_peer_xrlim_allow`,
 * net/ipv4/route.c `ip_error` and `ip_rt_send_redirect`; 6.1). Clients that are refused by the
 * hundred are told by the handful, which is why some of them wait for their own time-out.
 */
import type { Choice } from "../../chance/choice.ts";
import type { Address } from "../../packet/packet.ts";

/** Jiffies per second of Debian's kernels (CONFIG_HZ). */
const HZ = 250;
/** `XRLIM_BURST_FACTOR`. */
const BURST = 6;
/** `ip_rt_error_cost`, `ip_rt_error_burst`. */
const ROUTE_ERROR_COST = HZ;
const ROUTE_ERROR_BURST = 5 * HZ;
/** Destination unreachable, source quench, time exceeded, parameter problem (`icmp_ratemask` 0x1818). */
const LIMITED_TYPES = 0x1818;
/** Fragmentation needed is never held back, for path MTU discovery depends on it. */
const FRAGMENTATION_NEEDED = 4;
const DESTINATION_UNREACHABLE = 3;

interface Peer {
	tokens: number;
	last: number;
}

/** What a message costs: 0 to 2 tokens, all equally likely. */
const COSTS = 3;

/** Of all messages together (`icmp_global_allow`). */
class Bucket {
	credit = 0;
	private stamp = Number.NEGATIVE_INFINITY;

	allow(
		now: number,
		{
			perSecond,
			burst,
		}: { readonly perSecond: number; readonly burst: number },
	): boolean {
		if (this.credit > 0) return true;
		const delta = Math.min(now - this.stamp, HZ);
		if (delta < HZ / 50) return false;
		const gained = Math.floor((perSecond * delta) / HZ);
		if (gained === 0) return false;
		this.stamp = now;
		this.credit = Math.min(this.credit + gained, burst);
		return true;
	}
}

export interface IcmpLimitSettings {
	readonly nowMs: () => number;
	readonly choice: Choice;
	/** A sysctl below `net.`. */
	readonly sysctl: (name: string) => number;
}

export class IcmpLimits {
	private readonly peers = new Map<Address, Peer>();
	/** As it was drawn … */
	private readonly bucket = new Bucket();
	/** … and the least and the most that a kernel may have drawn. */
	private readonly least = new Bucket();
	private readonly most = new Bucket();
	private readonly settings: IcmpLimitSettings;

	constructor(settings: IcmpLimitSettings) {
		this.settings = settings;
	}

	/** May an ICMP message of this kind go to `destination` now? Counts it if so. */
	allow(
		destination: Address,
		{
			type,
			code,
			isFromLoopback,
			isToLoopback,
		}: {
			readonly type: number;
			readonly code: number;
			/** It is about a packet that the box has sent to itself: none is held back (icmp_send, `apply_ratelimit`). */
			readonly isFromLoopback: boolean;
			/** It is for the box itself: those are not counted by destination (icmpv4_xrlim_allow). */
			readonly isToLoopback: boolean;
		},
	): boolean {
		const limited = ((LIMITED_TYPES >>> type) & 1) === 1;
		if (
			!limited ||
			isFromLoopback ||
			(type === DESTINATION_UNREACHABLE && code === FRAGMENTATION_NEEDED)
		)
			return true;
		const { sysctl, choice } = this.settings;
		if (!this.globalAllow()) return false;
		// With a limit of 0 none is held back, and the bucket, which ip_error takes from as well, is emptied.
		const timeout = Math.round((sysctl("ipv4.icmp_ratelimit") * HZ) / 1000);
		if (!isToLoopback && !this.take(destination, timeout, BURST * timeout))
			return false;
		// A random cost keeps outsiders from measuring the bucket (icmp_global_consume).
		this.bucket.credit -= choice.pick(COSTS, "icmp credit");
		this.least.credit -= COSTS - 1;
		return true;
	}

	/** A packet without a route: `ip_error` has a bucket of its own in front of the usual ones. */
	allowRouteError(destination: Address): boolean {
		return this.take(destination, ROUTE_ERROR_COST, ROUTE_ERROR_BURST);
	}

	private take(destination: Address, cost: number, burst: number): boolean {
		const now = this.jiffies();
		let peer = this.peers.get(destination);
		if (!peer) {
			// A new peer's clock starts a minute back (inet_getpeer), so it has a full bucket.
			peer = { tokens: 0, last: now - 60 * HZ };
			this.peers.set(destination, peer);
		}
		peer.tokens = Math.min(peer.tokens + now - peer.last, burst);
		peer.last = now;
		if (peer.tokens < cost) return false;
		peer.tokens -= cost;
		return true;
	}

	private globalAllow(): boolean {
		const { sysctl, choice } = this.settings;
		const limit = {
			perSecond: sysctl("ipv4.icmp_msgs_per_sec"),
			burst: sysctl("ipv4.icmp_msgs_burst"),
		};
		const now = this.jiffies();
		const allowed = this.bucket.allow(now, limit);
		if (this.least.allow(now, limit) !== this.most.allow(now, limit))
			choice.unseen?.("icmp-limit");
		return allowed;
	}

	private jiffies(): number {
		return Math.floor((this.settings.nowMs() * HZ) / 1000);
	}
}
