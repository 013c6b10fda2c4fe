import type { Rule, Table } from "../../contract/ruleset.ts";

/** The table as another gateway loads it: no packet has met it, and its rules have no handles yet. */
export function asUnloaded(table: Table): Table {
	const counters = { packets: 0, bytes: 0 };
	return {
		...table,
		chains: table.chains.map((chain) => ({
			...chain,
			counters,
			rules: chain.rules.map(({ handle: _, ...rule }): Rule => {
				return { ...rule, counters };
			}),
		})),
	};
}
