/** What `ip rule del` names of a rule: what it leaves out may be anything (`rule_find`, net/core/fib_rules.c, 6.1). */
import type { IpRule } from "./ip-rules.ts";

/** A rule as a command names it. */
export type RuleSpec = Omit<IpRule, "priority" | "action"> & {
	/** `null`: the kernel chooses, or any. */
	readonly priority: number | null;
	/** `null`: none was named. */
	readonly action: IpRule["action"] | null;
	/** A mask was named for the mark. */
	readonly hasMask: boolean;
};

/** Is it one that the command means? */
export function isMeant(rule: IpRule, spec: RuleSpec): boolean {
	const { action } = spec;
	return (
		(spec.priority === null || spec.priority === rule.priority) &&
		(action === null || isActionMeant(action, rule.action)) &&
		(spec.iif === "" || spec.iif === rule.iif) &&
		(spec.oif === "" || spec.oif === rule.oif) &&
		(spec.mark === 0 || spec.mark === rule.mark) &&
		(spec.markMask === 0 || spec.markMask === rule.markMask) &&
		(spec.protocol === 0 || spec.protocol === rule.protocol) &&
		(spec.origin === "" || spec.origin === rule.origin) &&
		(spec.suppressPrefixLength === -1 ||
			spec.suppressPrefixLength === rule.suppressPrefixLength) &&
		(spec.sourcePorts === null || isSame(spec.sourcePorts, rule.sourcePorts)) &&
		(spec.destinationPorts === null ||
			isSame(spec.destinationPorts, rule.destinationPorts)) &&
		(spec.from.length === 0 || isSame(spec.from, rule.from)) &&
		(spec.to.length === 0 || isSame(spec.to, rule.to)) &&
		(spec.tos === 0 || spec.tos === rule.tos)
	);
}

/** A table alone means the rules that name it, whatever they do. */
function isActionMeant(
	named: IpRule["action"],
	action: IpRule["action"],
): boolean {
	const isTable = named.table === 0 || named.table === action.table;
	return isTable && (named.kind === "table" || named.kind === action.kind);
}

function isSame(one: unknown, other: unknown): boolean {
	return JSON.stringify(one) === JSON.stringify(other);
}
