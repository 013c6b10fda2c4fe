/** What a write to a condition's file changes. */

/** `condition_proc_write` (xt_condition.c, xtables-addons 3.23) looks at the first character alone, and refuses nothing. */
export function writesNothing(text: string): boolean {
	return text[0] !== "0" && text[0] !== "1";
}
