/**
 * Where a kernel's chance decides and nobody can see how: if the two differ from there on, neither is
 * wrong, and how it goes on is not known. Recognised by what happened, whoever wrote the scenario.
 */
import type { UnseenChance } from "../../../sim/chance/choice.ts";

/**
 * `port`: the kernel did not show the translation. `rule`: a rule draws, and behind
 * that counts something else, so that one which does not match may have counted or not; or the kernel's
 * trace was lost. `eviction`: which connection a full table drops, while nobody can look. `multipath`: which next
 * hop takes a flow of which nothing was sent on.
 */
export type ChanceEnd =
	| UnseenChance
	| "port"
	| "rule"
	| "eviction"
	| "multipath";

/** Why the two may differ, with the kernel symbol that makes the difference. */
export const CHANCE_ENDS: Readonly<Record<ChanceEnd, string>> = {
	port: "the kernel drew a port for a translation that it did not show (nf_nat_l4proto_unique_tuple, nf_nat_core.c)",
	rule: "the kernel drew for a rule (statistic_mt, xt_statistic.c: get_random_u32), and no counter behind it shows the outcome",
	multipath:
		"a multipath route shares flows out by a hash with a secret key, and nothing that was sent shows which next hop it was (fib_multipath_hash, route.c)",
	eviction:
		"the table was full, and which connection went for another was the kernel's chance: its hash key is secret (hash_conntrack_raw, early_drop, nf_conntrack_core.c)",
	collector:
		"the table was full, and when the collector removes connections of it is the kernel's affair (gc_worker, nf_conntrack_core.c)",
	"icmp-limit":
		"the limit of all ICMP errors was used up, and what each of them cost was the kernel's chance (icmp_global_allow, icmp.c)",
	neighbour:
		"a silent neighbour was given up, and when it was asked for was the kernel's chance (neigh_rand_reach_time, neighbour.c)",
	"neighbour-queue":
		"more than 101 packets waited for a neighbour, and how many may depends on the memory that the driver takes for each (unres_qlen_bytes, __neigh_event_send, neighbour.c)",
	tick: "packets came one behind the other, and whether a tick of the kernel's clock was between them, at which connlimit forgets connections that are gone, was its chance (__nf_conncount_add, nf_conncount.c)",
	peer: "a host was idle for ten minutes, and whether the kernel still knew how many redirects it was sent follows from a secret hash key (inet_peer_gc, inetpeer.c)",
	hash: "a chain of the connection table was too long, and which share one follows from the kernel's secret hash key (hash_conntrack_raw, nf_conntrack_core.c)",
};
