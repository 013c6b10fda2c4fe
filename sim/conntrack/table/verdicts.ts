/**
 * What conntrack and NAT decide about a packet besides NF_ACCEPT: the answers of a protocol's tracker
 * (the kernel's negated verdicts), and NF_DROP with its reason.
 */
import type { DropReason } from "../../contract/drop-reason.ts";
import { NF_DROP, VERDICT_BITS } from "../../packet/skb/skb.ts";

/** Why conntrack or NAT drop a packet. */
const REASONS = [
	"table full",
	"hash chain too long",
	"port taken",
	"unconfirmed clash",
	"masqueraded elsewhere",
	"wrong checksum",
	"redirect about a translated packet",
	"untranslatable error",
] as const satisfies readonly DropReason[];

export type ConntrackDropReason = (typeof REASONS)[number];

/** The verdict NF_DROP, with its reason: a negative number, unlike a verdict of a rule. */
export function dropFor(reason: ConntrackDropReason): number {
	return (~REASONS.indexOf(reason) << VERDICT_BITS) | NF_DROP;
}

/** The reason in a verdict of `dropFor`. */
export function dropReasonOf(verdict: number): ConntrackDropReason {
	return REASONS[~(verdict >> VERDICT_BITS)] as ConntrackDropReason;
}

/** Of a tracker: the packet belongs to no connection; it goes on without an entry. */
export const TRACK_INVALID = -1;
/** Of a tracker: the entry is gone; look the packet up again (`-NF_REPEAT`). */
export const TRACK_REPEAT = -4;
