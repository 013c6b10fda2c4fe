import type { KnownDivergence } from "./divergence.ts";

/** Where model and kernel are known to differ. Each has to occur as long as it stands here. */
export const KNOWN_DIVERGENCES: readonly KnownDivergence[] = [
	{
		scenario: "random-split",
		kinds: ["packets"],
		reason:
			"either draws for itself (statistic_mt, xt_statistic.c: get_random_u32)",
	},
	{
		scenario: "table-full-of-unanswered",
		kinds: ["unknown"],
		reason:
			"which entries share a bucket, and so which one makes room, follows from the kernel's secret hash key (hash_conntrack_raw, early_drop, nf_conntrack_core.c)",
	},
];
