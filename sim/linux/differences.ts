/**
 * In what Linuxes differ: one table, from which all else follows. The model asks what a Linux does
 * (`behaviour.ts`) and never for its version; documentation, `marktwin upgrade` and tests read the
 * words that stand beside the values.
 */
import { byBackend } from "./difference.ts";
import { KERNEL_DIFFERENCES } from "./kernel-differences.ts";
import { PROGRAM_DIFFERENCES } from "./program-differences.ts";

/** All of them, by the name under which the model asks. */
export const DIFFERENCES = {
	...KERNEL_DIFFERENCES,
	...PROGRAM_DIFFERENCES,
	ruleState: byBackend<"nothing" | "untouched">(
		{ legacy: "nothing", nft: "untouched" },
		{
			title: "what rules remember when another rule of their table is edited",
			says: (value) =>
				value === "nothing"
					? "each edit loads the whole table anew: nth counters begin again, limit, quota and connlimit forget"
					: "an edit touches its own rule alone: all others keep their counters",
			source:
				"`xt_replace_table` (net/netfilter/x_tables.c); `nf_tables_newrule` (net/netfilter/nf_tables_api.c)",
			matters:
				"Scripts that edit a table while connections come in disturb the split under iptables-legacy alone.",
			scenario: "nth-starts-anew-on-append",
		},
	),
};
