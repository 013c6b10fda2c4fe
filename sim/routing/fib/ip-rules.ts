/** Rules of `ip rule`, in the order of their priorities (`fib_rule_match`, `fib_rules_lookup`, net/core/fib_rules.c, 6.1). */
import type { Address } from "../../packet/packet.ts";
import { TABLE_DEFAULT, TABLE_LOCAL, TABLE_MAIN } from "./fib-entry.ts";
import type { Flow } from "./flow.ts";

/** What a rule does with a packet that it fits. */
type IpRuleAction =
	| { readonly kind: "table"; readonly table: number }
	| {
			readonly kind: "goto";
			readonly priority: number;
			readonly table: number;
	  }
	| {
			readonly kind: "nop" | "blackhole" | "unreachable" | "prohibit";
			/** Kept and compared, and never asked; 0: none was named. */
			readonly table: number;
	  };

export interface IpRule {
	readonly priority: number;
	/** `not` */
	readonly isInverted: boolean;
	readonly from: { readonly address: Address; readonly length: number };
	readonly to: { readonly address: Address; readonly length: number };
	/** Names: an interface may come later; "" is any. */
	readonly iif: string;
	readonly oif: string;
	readonly mark: number;
	/** 0: any mark. */
	readonly markMask: number;
	readonly tos: number;
	/** 0: any. */
	readonly protocol: number;
	readonly sourcePorts: PortRange | null;
	readonly destinationPorts: PortRange | null;
	/** Results of at most this prefix length are not taken; -1: all are. */
	readonly suppressPrefixLength: number;
	/** Who added it, as `protocol` names it; "" where a command names none. No packet sees it. */
	readonly origin: string;
	readonly action: IpRuleAction;
}

export interface PortRange {
	readonly from: number;
	readonly to: number;
}

/** What fits every packet. */
export const ANY_RULE: Omit<IpRule, "priority" | "action"> = {
	isInverted: false,
	from: { address: 0, length: 0 },
	to: { address: 0, length: 0 },
	iif: "",
	oif: "",
	mark: 0,
	markMask: 0,
	tos: 0,
	protocol: 0,
	sourcePorts: null,
	destinationPorts: null,
	suppressPrefixLength: -1,
	origin: "",
};

/** `fib_default_rules_init` */
export const DEFAULT_RULES: readonly IpRule[] = [
	anyRule(0, TABLE_LOCAL),
	anyRule(0x7ffe, TABLE_MAIN),
	anyRule(0x7fff, TABLE_DEFAULT),
];

function anyRule(priority: number, table: number): IpRule {
	const action = { kind: "table", table } as const;
	return { ...ANY_RULE, priority, origin: "kernel", action };
}

/** Are packets asked what they are asked from the beginning, whoever added the rules? */
export function areAsDefault(rules: readonly IpRule[]): boolean {
	return (
		rules === DEFAULT_RULES || questionsOf(rules) === questionsOf(DEFAULT_RULES)
	);
}

function questionsOf(rules: readonly IpRule[]): string {
	return JSON.stringify(rules.map((rule) => ({ ...rule, origin: "" })));
}

/** Does the rule fit? @param nameOf names of interfaces by index */
export function fitsRule(
	rule: IpRule,
	flow: Flow,
	nameOf: readonly string[],
): boolean {
	return fits(rule, flow, nameOf) !== rule.isInverted;
}

function fits(rule: IpRule, flow: Flow, nameOf: readonly string[]): boolean {
	return (
		(rule.iif === "" || rule.iif === nameOf[flow.iif]) &&
		(rule.oif === "" || rule.oif === nameOf[flow.oif]) &&
		((rule.mark ^ flow.mark) & rule.markMask) === 0 &&
		isIn(flow.source, rule.from) &&
		isIn(flow.destination, rule.to) &&
		(rule.tos === 0 || rule.tos === flow.tos) &&
		(rule.protocol === 0 || rule.protocol === flow.protocol) &&
		isPortIn(flow.sourcePort, rule.sourcePorts) &&
		isPortIn(flow.destinationPort, rule.destinationPorts)
	);
}

function isIn(
	address: Address,
	{ address: network, length }: IpRule["from"],
): boolean {
	return length === 0 || (address ^ network) >>> (32 - length) === 0;
}

function isPortIn(port: number, range: PortRange | null): boolean {
	return range === null || (port >= range.from && port <= range.to);
}

/** Does a rule make the kernel look at protocol and ports before it asks? (`fib_rule_requires_fldissect`) */
export function asksForPorts(rule: IpRule): boolean {
	return (
		rule.iif !== LOOPBACK &&
		(rule.protocol !== 0 ||
			rule.sourcePorts !== null ||
			rule.destinationPorts !== null)
	);
}

const LOOPBACK = "lo";

/** Of a rule that is given none: one less than the second rule's (`fib_default_rule_pref`). */
export function defaultPriority(rules: readonly IpRule[]): number {
	const second = rules[1];
	return second === undefined || second.priority === 0
		? 0
		: second.priority - 1;
}

/** Behind those of its priority (`fib_nl_newrule`); `null`: it is there already. */
export function insertRule(
	rules: readonly IpRule[],
	rule: IpRule,
): readonly IpRule[] | null {
	const text = JSON.stringify(rule);
	if (rules.some((one) => JSON.stringify(one) === text)) return null;
	const at = rules.findIndex(({ priority }) => priority > rule.priority);
	return rules.toSpliced(at < 0 ? rules.length : at, 0, rule);
}
