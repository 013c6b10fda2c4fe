import type { TableName } from "../../contract/ruleset.ts";

/** What SECMARK and CONNSECMARK say in another table (`secmark_tg_check`, kernel 6.1). */
export function onlySecurityTables(
	module: string,
	table: TableName,
): string | null {
	return table === "mangle" || table === "security"
		? null
		: `${module}: only valid in 'mangle' or 'security' table, not '${table}'`;
}
