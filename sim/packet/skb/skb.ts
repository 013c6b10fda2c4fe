import type {
	Address,
	Checksum,
	FragmentPlace,
	IcmpPacket,
	Packet,
	TcpOptions,
} from "../packet.ts";
import type { SocketOwner } from "../socket-owner.ts";
import type { Route } from "./route.ts";

/** What the copy of a packet still has of its frame (`skb_copy_expand`): `skb->dev`, and who sent it. */
interface CopiedFrame {
	readonly inInterface: number;
	readonly source: Address;
}

/**
 * A packet on its way through the hooks: one flat, mutable record of one shape, since this is the
 * inner loop. Named after the kernel's `sk_buff`. Everything outside sees the readonly `Packet`;
 * `skb-packet.ts` turns one into the other.
 */
export interface Skb {
	// The headers. 32-bit values are signed, as everywhere in `sim`.
	protocol: number;
	source: number;
	destination: number;
	tos: number;
	ttl: number;
	id: number;
	dontFragment: boolean;
	/** Octets of the whole IPv4 packet, header included: what counters count. */
	length: number;
	/** TCP and UDP; 0 for everything else. */
	sourcePort: number;
	destinationPort: number;
	/** TCP only. */
	tcpFlags: number;
	seq: number;
	ack: number;
	window: number;
	tcpOptions: TcpOptions;
	/** ICMP only. */
	icmpType: number;
	icmpCode: number;
	icmpRest: number;
	/** The packet that an ICMP error is about. NAT replaces it whole. */
	about: IcmpPacket["about"];
	payload: string;
	/** The place of a packet that is but a part of one; ports and such are there if it is the first. */
	fragment: FragmentPlace | null;
	/** How it came, if it came in parts and was put together. */
	receivedParts: Parts | null;
	/** The one behind the IPv4 header; `partial`: it is made when the packet leaves (`CHECKSUM_PARTIAL`). */
	checksum: Checksum | "right" | "partial";

	// What the kernel knows besides.
	/** Of the copy of a packet, what is left of the frame that it came in; `null`: it is none. */
	frame: CopiedFrame | null;
	/** Index into `Interfaces`; 0 is none. */
	inInterface: number;
	outInterface: number;
	/** The packet's mark (`nfmark`), signed. */
	mark: number;
	priority: number;
	/** Index of the conntrack entry, or NO_ENTRY. */
	entry: number;
	/**
	 * One of the `CTINFO_*`. While `entry` is NO_ENTRY: CTINFO_INVALID, CTINFO_UNTRACKED, or
	 * CTINFO_RELATED for the gateway's answer to what is untracked.
	 */
	ctinfo: number;
	/** The template that `-j CT` attached (zone, helper, …), or `null`. */
	template: ConntrackTemplate | null;
	/** Hook that the packet is at: one of the `HOOK_*`. */
	hook: number;
	/** `-j TRACE` was met. */
	traced: boolean;
	/** A match found the packet malformed: it is dropped whatever the rules say (`hotdrop`). */
	hotdrop: boolean;
	/** Where it goes, once that was looked up (`skb_dst`); `null` where no route is needed, as for a broadcast to all. */
	route: Route | null;
	/** How the frame was addressed. */
	pktType: "unicast" | "broadcast" | "multicast";
	/** Made by the gateway itself. */
	local: boolean;
	/**
	 * What it was sent by (`sk_buff.sk`): a socket of a process, one that the kernel has for its own answers, or
	 * none, as what is forwarded and REJECT's resets.
	 */
	socket: "none" | "kernel" | "process";
	/** Of the process. */
	owner: SocketOwner;
	/**
	 * An echo reply that has not left yet: what sends it holds the lock that ICMP errors need, so none is
	 * made about it (`icmp_xmit_lock`, net/ipv4/icmp.c).
	 */
	holdsIcmpLock: boolean;
	/** The packet as it came, when nothing of it was changed yet; `null` once a header was written. */
	original: Packet | null;
}

/** Fragments that a packet was put together from (`struct inet_skb_parm`, `frag_list`). */
export interface Parts {
	/** Octets of each, in order, without their headers; empty when they cannot go on as they came. */
	readonly lengths: readonly number[];
	/** Octets of the greatest, with its header (`frag_max_size`). */
	readonly greatest: number;
	/** The greatest said DF (`IPSKB_FRAG_PMTU`). */
	readonly dontFragment: boolean;
	/** They were put together where they were delivered, not by connection tracking (no `ignore_df`). */
	readonly isDelivered?: boolean;
	/** What came of it, before anybody wrote on it. */
	readonly whole: Packet;
}

/** What `-j CT` says about packets that have no entry yet. */
export interface ConntrackTemplate {
	readonly zoneOriginal: number;
	readonly zoneReply: number;
	/** SYNPROXY opens a connection with the packet (`nf_ct_add_synproxy`). */
	readonly isProxied?: true;
	/** `--ctevents` and friends have no influence on packets and are not kept. */
}

export const NO_ENTRY = -1;

// enum ip_conntrack_info, include/uapi/linux/netfilter/nf_conntrack_common.h (6.1)
export const CTINFO_ESTABLISHED = 0;
export const CTINFO_RELATED = 1;
export const CTINFO_NEW = 2;
export const CTINFO_IS_REPLY = 3;
export const CTINFO_ESTABLISHED_REPLY = 3;
export const CTINFO_RELATED_REPLY = 4;
export const CTINFO_UNTRACKED = 7;
/** No entry and not untracked: what `--ctstate INVALID` matches. */
export const CTINFO_INVALID = 8;

// enum nf_inet_hooks, include/uapi/linux/netfilter.h (6.1)
export const HOOK_PREROUTING = 0;
export const HOOK_INPUT = 1;
export const HOOK_FORWARD = 2;
export const HOOK_OUTPUT = 3;
export const HOOK_POSTROUTING = 4;
export const HOOK_NAMES = [
	"PREROUTING",
	"INPUT",
	"FORWARD",
	"OUTPUT",
	"POSTROUTING",
] as const;
/** The hooks of netfilter for IPv4. @public */
export type HookName = (typeof HOOK_NAMES)[number];

// Verdicts, include/uapi/linux/netfilter.h and x_tables.h (6.1)
export const NF_DROP = 0;
export const NF_ACCEPT = 1;
/** A target has taken the packet: it goes no further, and none of its rules has dropped it. */
export const NF_STOLEN = 2;
export const NF_QUEUE = 3;
/** A target that only did something: go on with the next rule. */
export const XT_CONTINUE = -1;

/**
 * A verdict other than NF_ACCEPT carries above its lowest bits where it was spoken, as the kernel's
 * NF_DROP_ERR carries an error number: the node of a table's program, or, negative, conntrack's reason.
 */
export const VERDICT_BITS = 3;
export const VERDICT_MASK = (1 << VERDICT_BITS) - 1;
