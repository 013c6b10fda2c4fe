/** Rules as they run, and whether two rulesets are the same. */

/** A chain or a rule, as `iptables-save -c` prints it. */
export interface RuleView {
	readonly table: string;
	readonly chain: string;
	/** From 1 in its chain; 0 for the chain itself. */
	readonly number: number;
	readonly text: string;
}

/** Two rulesets of one key treat every packet alike: tables and chains in which nothing stands are left out. */
export function keyOfRules(lines: readonly RuleView[]): string {
	const told = lines.filter(
		({ number, text }) => number > 0 || text.endsWith(" DROP"),
	);
	return told
		.map(({ table, text }) => `${table} ${text}`)
		.toSorted((one, other) => tableOf(one).localeCompare(tableOf(other)))
		.join("\n");
}

function tableOf(line: string): string {
	return line.slice(0, line.indexOf(" "));
}
