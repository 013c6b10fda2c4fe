/**
 * All that a gateway is at a moment, in one record, as the kernel has `struct net`. The functions of
 * `ip`, `icmp` and `fragments` read and change it, and keep nothing beside it.
 */

import type { NotedChoice } from "../../chance/noted.ts";
import type { QueuedTimer, TimerQueue } from "../../clock/timer-queue.ts";
import type { Emission, Fate, GatewaySetup } from "../../contract/gateway.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import type { Netfilter } from "../../netfilter/netfilter.ts";
import type { Address } from "../../packet/packet.ts";
import type { Route } from "../../packet/skb/route.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import type { AddressCache } from "../../routing/address-cache.ts";
import type { FragmentQueue } from "./fragment-queue.ts";
import type { OwnPorts } from "./own-ports.ts";
import type { Settings } from "./settings.ts";
import type { SynCookies } from "./syn-cookies.ts";

export interface GatewayState extends Netfilter {
	readonly setup: GatewaySetup;
	/** What its Linux does where Linuxes differ. */
	readonly behaviour: Behaviour;
	readonly settings: Settings;
	readonly ownPorts: OwnPorts;
	/** Questions of matches are answered by a walk that takes every way. */
	readonly takesEveryWay: boolean;
	readonly choice: NotedChoice;
	/** Hosts of the links that do not answer ARP, each as `interface address`; the hosts' own state, not the gateway's. */
	readonly silentHosts: ReadonlySet<string>;
	/** Virtual time, and what is due when. */
	readonly timers: TimerQueue<TimerTask>;
	readonly neighbours: Neighbours;
	readonly fragments: Fragments;
	readonly icmpLimits: IcmpLimits;
	readonly synCookies: SynCookies;
	/**
	 * What the gateway has made up while a packet was on its way: resets, ICMP errors, echo replies. They
	 * walk in this order once that packet is done (`sendMade`); each holds its conntrack entry already.
	 */
	readonly made: Skb[];
	/** Of these, what has left by the loopback interface: it comes in once all have left (`enqueue_to_backlog`). */
	readonly backlog: Skb[];
	/** First packets of a race that wait to be confirmed, in their order; empty between two answers. */
	readonly held: HeldPacket[];
	/** What came out and was not fetched yet, in order. */
	emissions: Emission[];
	/** How often a packet left by the loopback interface and came in again; it has no effect. */
	cameBack: number;
	/** The record of the packet that came in last: it serves the next one. */
	received: Skb | undefined;
	/** The record of the packet that a program has sent last. */
	sent: Skb | undefined;
	/** By interface index: what became of a packet that left by it. */
	readonly forwarded: readonly Fate[];
}

/** A copy of a packet, which holds its conntrack entry, and what is left of its way. */
export interface HeldPacket {
	readonly skb: Skb;
	readonly way: WayLeft;
	/** The tuples of its entry are others' already: it would not have been confirmed without the race either. */
	readonly hasClash: boolean;
}

export type WayLeft =
	| { readonly to: "link"; readonly route: Route }
	| { readonly to: "socket" }
	/** Out by the loopback interface, and in again. */
	| { readonly to: "loopback" };

/** What a timer does when it is due. */
export type TimerTask =
	| {
			readonly kind: "neighbour";
			readonly interfaceIndex: number;
			readonly address: Address;
	  }
	/** The fragments that wait by this key are given up. */
	| { readonly kind: "fragments"; readonly key: string };

export type GatewayTimer = QueuedTimer<TimerTask>;

/** Who answers ARP, who did lately, whose packets wait (`neigh_table`). */
export interface Neighbours {
	/** By interface index, then by address. */
	readonly known: Map<Address, Neighbour>[];
	/** By interface index: those that were sent to lately, all of which are in `known`. */
	readonly recent: AddressCache<Neighbour>[];
	/** `reachable_time`, ms: drawn when it is first needed. */
	reachableMs: number | null;
	/** How often a neighbour that was waited for was given up. */
	givenUp: number;
	/** Lately, in whose errors rules remember something: the order of two of them is not known. */
	timedOut: readonly TimedOut[];
}

/** A neighbour that was given up by its timer. */
export interface TimedOut {
	readonly address: Address;
	/** In jiffies. */
	readonly at: number;
	/** Rules that remember something of the errors about it, as TRACE names them. */
	readonly rules: readonly string[];
	/** So does what rules share by a name, a set or a list. */
	readonly isShared: boolean;
}

/** `struct neighbour` */
export interface Neighbour {
	readonly interfaceIndex: number;
	readonly address: Address;
	/** `NUD_*`; `failing`: errors about what waited are being sent. */
	state:
		| "incomplete"
		| "reachable"
		| "stale"
		| "delay"
		| "probe"
		| "failing"
		| "failed";
	probes: number;
	timer: GatewayTimer | null;
	/** Packets that wait for its address: copies, which hold their conntrack entries. */
	readonly queue: Skb[];
}

/** Fragments that wait for the rest of their packets (`fqdir`). */
interface Fragments {
	/** By who puts together, addresses, protocol and identification. */
	readonly waiting: Map<string, WaitingFragments>;
	/** How many fragments a sender has sent. */
	readonly sentBy: Map<Address, number>;
}

/** Who puts fragments together: none takes another's (`enum ip_defrag_users`). */
export type Defragmenter = "track-in" | "track-out" | "deliver";

/** `struct ipq` */
export interface WaitingFragments {
	readonly by: Defragmenter;
	/** Where they come from. */
	readonly sender: Address;
	queue: FragmentQueue;
	timer: GatewayTimer;
	/** How many fragments its sender had sent when the last one of these came. */
	sentBefore: number;
}

/** What is left of the number of ICMP errors that may be sent (`icmp_global`, `struct inet_peer`). */
export interface IcmpLimits {
	readonly peers: Map<Address, IcmpPeer>;
	/** The neighbour whose timer sends errors just now. */
	timerOf: Address | null;
	/** Of all messages together, as it was drawn … */
	readonly bucket: IcmpBucket;
	/** … and the least and the most that a kernel may have drawn. */
	readonly least: IcmpBucket;
	readonly most: IcmpBucket;
}

export interface IcmpPeer {
	tokens: number;
	/** In jiffies. */
	last: number;
	/** How many redirects it was sent (`n_redirects`). */
	redirects: number;
	/** When it was last looked for (`dtime`), in jiffies. */
	seen: number;
	/** A kernel may have freed it, and made another one that was sent no redirects. */
	isDoubtful: boolean;
	/** When the timer of a neighbour last sent it an error, in jiffies, and whose that was; `null`: several did. */
	timer: { readonly at: number; readonly neighbour: Address | null } | null;
}

export interface IcmpBucket {
	credit: number;
	/** In jiffies. */
	stamp: number;
}

/** A sysctl below `net.`, as it is now. */
export function sysctlOf({ settings }: GatewayState, name: string): number {
	return settings.sysctls.get(name);
}
