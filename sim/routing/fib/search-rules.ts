/** Rules, and the tables that they name, asked in turn (net/core/fib_rules.c, net/ipv4/fib_rules.c, 6.1). */
import { type FibHit, lookupTable } from "./fib.ts";
import type { Flow } from "./flow.ts";
import { DEFAULT_RULES, fitsRule, type IpRule } from "./ip-rules.ts";
import type { RoutingState } from "./routing-state.ts";

/** Why there is no route, as errors of the kernel's name it. */
export interface NoRoute {
	readonly type: "none";
	/** ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL. */
	readonly error:
		| "net-unreachable"
		| "host-unreachable"
		| "prohibited"
		| "blackhole";
}

const NOWHERE: NoRoute = { type: "none", error: "net-unreachable" };
const FAILURES = {
	blackhole: { type: "none", error: "blackhole" },
	unreachable: { type: "none", error: "host-unreachable" },
	prohibit: { type: "none", error: "prohibited" },
} as const satisfies Readonly<Record<string, NoRoute>>;

type Asked = Pick<RoutingState, "rules" | "isSplit">;

/** As long as none were changed, the kernel does not look at them. */
export function rulesAsked({ rules, isSplit }: Asked): readonly IpRule[] {
	return isSplit ? rules : DEFAULT_RULES;
}

/** `fib_rules_lookup` with `fib4_rule_action` and `fib4_rule_suppress`. */
export function searchRules(
	state: Asked & Pick<RoutingState, "fib" | "passedOver">,
	flow: Flow,
	names: readonly string[],
): (FibHit & { readonly table: number; readonly rule: IpRule }) | NoRoute {
	const { fib, passedOver } = state;
	const rules = rulesAsked(state);
	for (let at = 0; at < rules.length; at++) {
		const rule = rules[at] as IpRule;
		if (!fitsRule(rule, flow, names)) continue;
		const { action } = rule;
		switch (action.kind) {
			case "nop":
				continue;
			case "goto": {
				const target = rules.findIndex(
					({ priority }) => priority === action.priority,
				);
				// One that leads to no rule is left out (`unresolved`).
				if (target > at) at = target - 1;
				continue;
			}
			case "blackhole":
				return FAILURES.blackhole;
			case "unreachable":
				return NOWHERE;
			case "prohibit":
				return FAILURES.prohibit;
			case "table":
				break;
		}
		const found = lookupTable(fib.get(action.table) ?? [], flow, passedOver);
		if (found === null) continue;
		const { type, length } = found.entry;
		if (type === "throw") continue;
		if (type === "blackhole" || type === "unreachable" || type === "prohibit")
			return FAILURES[type];
		if (length <= rule.suppressPrefixLength) continue;
		return { ...found, table: action.table, rule };
	}
	return NOWHERE;
}
