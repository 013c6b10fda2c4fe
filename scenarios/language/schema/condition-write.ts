/** What a write to a condition's file changes. */

/** `condition_proc_write` (xt_condition.c, xtables-addons 3.23) looks at the first character alone, and refuses nothing. */
export const WRITES_SOMETHING = /^[01]/;

export function writesNothing(text: string): boolean {
	return !WRITES_SOMETHING.test(text);
}
