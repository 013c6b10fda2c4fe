/** `ip rule add|del …` (ip/iprule.c, iproute2 6.1). */

import { TABLE_MAIN } from "../fib/fib-entry.ts";
import { ANY_RULE, type IpRule, type PortRange } from "../fib/ip-rules.ts";
import type { RuleSpec } from "../fib/rule-spec.ts";
import { protocolNumber } from "./protocols.ts";
import { IpRefusal, NotUnderstood, parseNumber, type Words } from "./words.ts";

type Writable = { -readonly [Key in keyof RuleSpec]: RuleSpec[Key] };

const NO_RULE: RuleSpec = {
	...ANY_RULE,
	priority: null,
	action: null,
	hasMask: false,
};
const MOST_TOS = 0xff;
const MOST_MARK = 0xffffffff;
/** `IFNAMSIZ` without the octet that ends it. */
const MOST_NAME = 15;

/** @throws IpRefusal, NotUnderstood */
export function parseRule(words: Words, action: "add" | "del"): RuleSpec {
	const rule: Writable = { ...NO_RULE };
	if (words.isAtEnd)
		throw new IpRefusal(`"ip rule ${action}" requires arguments.`);
	while (!words.isAtEnd) readKey(words, rule);
	if (action === "add") rule.action ??= { kind: "table", table: TABLE_MAIN };
	return rule;
}

/** What iproute2 takes here and is not read below, actions among it (`iprule_modify`, `rtnl_rtntype_a2n`). */
const KEYWORDS: readonly string[] = [
	"realms",
	"suppress_ifgroup",
	"sup_group",
	"l3mdev",
	"uidrange",
	"nat",
	"map-to",
	"tun_id",
	"help",
	"unicast",
	"local",
	"broadcast",
	"brd",
	"anycast",
	"multicast",
	"throw",
	"xresolve",
];

function readKey(words: Words, rule: Writable): void {
	if (words.takes("not")) rule.isInverted = true;
	else if (words.takes("from")) rule.from = words.prefix();
	else if (words.takes("to")) rule.to = words.prefix();
	else if (words.takes("pref", "prio", "priority", "preference", "order"))
		rule.priority = words.number("preference value is invalid");
	else if (words.takes("tos", "dsfield"))
		rule.tos = words.number("TOS value is invalid", MOST_TOS);
	else if (words.takes("fwmark")) readMark(words, rule);
	else if (words.takes("protocol", "proto")) rule.origin = words.take();
	else if (words.takes("table", "lookup"))
		// An action that is named before or behind it stays (iprule_modify).
		rule.action = {
			...(rule.action ?? { kind: "table" }),
			table: words.table(),
		};
	else if (words.takes("suppress_prefixlength", "sup_pl"))
		rule.suppressPrefixLength = words.number(
			"suppress_prefixlength value is invalid",
		);
	else if (words.takes("iif", "dev"))
		rule.iif = readInterface(words, '"iif"/"dev"');
	else if (words.takes("oif")) rule.oif = readInterface(words, '"oif"');
	else if (words.takes("ipproto")) {
		const text = words.take();
		const number = protocolNumber(text);
		if (number === null)
			throw new IpRefusal(
				`Error: argument "${text}" is wrong: Invalid "ipproto" value`,
			);
		rule.protocol = number;
	} else if (words.takes("sport")) rule.sourcePorts = portsOf(words.take());
	else if (words.takes("dport")) rule.destinationPorts = portsOf(words.take());
	else readAction(words, rule);
}

/** `check_ifname` (lib/utils.c, iproute2 6.1) */
function readInterface(words: Words, key: string): string {
	const name = words.take();
	if (name.length > MOST_NAME || name.includes("/"))
		throw new IpRefusal(
			`Error: argument "${name}" is wrong: ${key} not a valid ifname`,
		);
	return name;
}

function readAction(words: Words, rule: Writable): void {
	words.takes("type");
	const table = rule.action?.table ?? 0;
	if (words.takes("goto")) {
		const priority = words.number("preference value is invalid");
		rule.action = { kind: "goto", priority, table };
		return;
	}
	for (const kind of ["nop", "blackhole", "unreachable", "prohibit"] as const)
		if (words.takes(kind)) {
			rule.action = { kind, table };
			return;
		}
	if (words.isOneOf(KEYWORDS))
		throw new NotUnderstood(`ip rule: "${words.next}" is not modelled`);
	throw new IpRefusal(
		`Error: argument "${words.take()}" is wrong: Failed to parse rule type`,
	);
}

/** `0x100/0x3f00`; without a mask, all bits are compared where the mark is not 0. */
function readMark(words: Words, rule: Writable): void {
	const text = words.take();
	const slash = text.indexOf("/");
	const mark = bitsOf(slash < 0 ? text : text.slice(0, slash), "fwmark");
	rule.mark = mark;
	rule.hasMask = slash >= 0;
	rule.markMask = rule.hasMask
		? bitsOf(text.slice(slash + 1), "fwmask")
		: mark === 0
			? 0
			: -1;
}

function bitsOf(text: string, what: string): number {
	const bits = parseNumber(text);
	if (bits === null || bits > MOST_MARK)
		throw new IpRefusal(
			`Error: argument "${text}" is wrong: ${what} value is invalid`,
		);
	return bits | 0;
}

function portsOf(text: string): PortRange {
	const [from = Number.NaN, to = from] = text.split("-").map(Number);
	if (!(from > 0 && to >= from && to < 0x10000))
		throw new IpRefusal(
			`Error: argument "${text}" is wrong: invalid port range`,
		);
	return { from, to };
}

/** The rule that a command adds. */
export function ruleOf(spec: RuleSpec, priority: number): IpRule {
	const { action, hasMask: _, ...rest } = spec;
	if (action === null) throw new IpRefusal("a rule needs an action");
	return { ...rest, priority, action };
}
