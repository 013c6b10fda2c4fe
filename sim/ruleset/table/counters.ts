import type { Table } from "../../contract/ruleset.ts";

/** The table as it would be if no packet had met it. */
export function withoutCounters(table: Table): Table {
	const counters = { packets: 0, bytes: 0 };
	return {
		...table,
		chains: table.chains.map((chain) => ({
			...chain,
			counters,
			rules: chain.rules.map((rule) => ({ ...rule, counters })),
		})),
	};
}
