/** `/proc/net/nf_condition`: a file for each condition that a rule names. */

import type { OperationOutcome } from "../contract/gateway.ts";
import type { ConditionVariable } from "../matches/condition.ts";
import type { NamedStates } from "../netfilter/named-states.ts";

/** What the files hold, by name. */
export function readConditions(
	states: NamedStates,
): Readonly<Record<string, 0 | 1>> {
	// By an assignment, a condition `__proto__` would be lost.
	return Object.fromEntries(
		states.all("condition").map(({ name, value }) => {
			const isSet = (value as ConditionVariable).value;
			return [name, isSet ? 1 : 0] as const;
		}),
	);
}

/** `condition_proc_write` of xt_condition.c (xtables-addons 3.23) looks at the first character alone. */
export function writeCondition(
	states: NamedStates,
	name: string,
	write: string,
): OperationOutcome {
	const variable = states.find("condition", name) as ConditionVariable | null;
	if (!variable)
		return {
			ok: false,
			message: `/proc/net/nf_condition/${name}: No such file or directory`,
		};
	if (write[0] === "1") variable.value = true;
	if (write[0] === "0") variable.value = false;
	return { ok: true };
}
