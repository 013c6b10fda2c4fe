/** Rulesets as `iptables-save` 1.8.9 prints them, without its comment lines. */

import type {
	AddressMask,
	Counters,
	InterfaceMatch,
	MatchUse,
	Rule,
	RuleHeader,
	Ruleset,
	Table,
	TableName,
	TargetUse,
} from "../contract/ruleset.ts";
import { printedProtocol } from "../extension/values/names.ts";
import { invariant } from "../invariant.ts";
import {
	type Behaviour,
	behaviourOf,
	DEFAULT_BEHAVIOUR,
} from "../linux/behaviour.ts";
import { DEFAULT_LINUX, type Linux } from "../linux/linux.ts";
import { matches } from "../matches/index.ts";
import { formatNetwork } from "../packet/address.ts";
import { targets } from "../targets/index.ts";
import { ORIGIN_REMARK } from "./text/origin-remark.ts";

/** Prints the table that was loaded last first, as the kernel lists them. @public */
export function printRuleset(
	ruleset: Ruleset,
	options: {
		/** Those of the rules too, as `iptables-save -c` does. */
		readonly counters?: boolean;
		/** A remark before each rule says which line it came from. */
		readonly origins?: boolean;
		/** Whose iptables prints them; left out: Debian 12 with iptables-legacy. */
		readonly linux?: Linux;
	} = {},
): string {
	const behaviour = behaviourOf(options.linux ?? DEFAULT_LINUX);
	return inOrder(ruleset.tables, behaviour)
		.map((table) => printTable(table, options))
		.join("");
}

/** In this order iptables-nft has the tables (`enum nft_table_type`, iptables/nft.h). */
const ORDER: readonly TableName[] = [
	"mangle",
	"security",
	"raw",
	"filter",
	"nat",
];

function inOrder(
	tables: readonly Table[],
	{ commands }: Behaviour,
): readonly Table[] {
	return commands === "at once"
		? tables.toReversed()
		: tables.toSorted(
				(one, other) => ORDER.indexOf(one.name) - ORDER.indexOf(other.name),
			);
}

function printTable(
	table: Table,
	{
		counters = false,
		origins = false,
		linux = DEFAULT_LINUX,
	}: Parameters<typeof printRuleset>[1] & {},
): string {
	const behaviour = behaviourOf(linux);
	const lines = [`*${table.name}`];
	for (const { name, policy, counters: own } of table.chains)
		lines.push(
			policy === null
				? `:${name} - [0:0]`
				: `:${name} ${policy} ${printCounters(own)}`,
		);
	for (const chain of table.chains)
		for (const rule of chain.rules) {
			const line = printRule(rule, chain.name, behaviour);
			if (origins && rule.line > 0) lines.push(`${ORIGIN_REMARK}${rule.line}`);
			lines.push(counters ? `${printCounters(rule.counters)} ${line}` : line);
		}
	lines.push("COMMIT", "");
	return lines.join("\n");
}

function printCounters({ packets, bytes }: Counters): string {
	return `[${packets}:${bytes}]`;
}

/**
 * One rule as a line of iptables-save, without its counters.
 * What holds names that only the machine knows is printed as it was written.
 * @example printRule(rule, "INPUT") // "-A INPUT -p tcp -m tcp --dport 25 -j ACCEPT"
 */
export function printRule(
	rule: Rule,
	chain: string,
	behaviour = DEFAULT_BEHAVIOUR,
): string {
	const { asWritten, target } = rule;
	if (asWritten !== undefined)
		return `-A ${chain}${asWritten.words}${target?.kind === "extension" ? "" : printTarget(target, rule.header, behaviour)}`;
	let line = `-A ${chain}${printHeader(rule.header, behaviour)}`;
	for (const use of usesAsRead(rule.matches, behaviour))
		line += printMatch(use, rule.header, behaviour);
	return line + printTarget(target, rule.header, behaviour);
}

/**
 * The rules as iptables-save reads them of the kernel, and another machine loads them.
 */
export function rulesetAsRead(
	ruleset: Ruleset,
	linux = DEFAULT_LINUX,
): Ruleset {
	const behaviour = behaviourOf(linux);
	// Of iptables-legacy, the newest table is saved first and has to be loaded last.
	const ordered =
		behaviour.commands === "at once"
			? ruleset.tables
			: inOrder(ruleset.tables, behaviour);
	if (behaviour.twoMatches === "stay two") return { tables: ordered };
	const asRead = (rule: Rule) => {
		const read = usesAsRead(rule.matches, behaviour);
		return read.length === rule.matches.length
			? rule
			: { ...rule, matches: read };
	};
	const tables = ordered.map((table) => {
		const chains = table.chains.map((chain) => {
			return { ...chain, rules: chain.rules.map(asRead) };
		});
		return { ...table, chains };
	});
	return { tables };
}

/** As iptables has them of the kernel: iptables-nft reads what it wrote in nf_tables' own terms as one use of a match. */
function usesAsRead(
	uses: readonly MatchUse[],
	behaviour: Behaviour,
): readonly MatchUse[] {
	if (behaviour.twoMatches === "stay two" || uses.length < 2) return uses;
	const read: MatchUse[] = [];
	for (const { name, options } of uses) {
		const place = read.findIndex(
			(one) =>
				one.name === name &&
				matches.get(name)?.readAsOne?.(one.options, options, behaviour) != null,
		);
		const first = read[place];
		const joined =
			first &&
			matches.get(name)?.readAsOne?.(first.options, options, behaviour);
		if (joined) read[place] = { name, options: joined };
		else read.push({ name, options });
	}
	return read;
}

/** ` -m mark --mark 0x1` */
export function printMatch(
	{ name, options }: MatchUse,
	header: RuleHeader,
	behaviour = DEFAULT_BEHAVIOUR,
): string {
	const extension = matches.get(name);
	invariant(extension !== undefined, `no match ${name}`);
	return ` -m ${name}${extension.print(options, header, behaviour)}`;
}

/**
 * The one thing that a match asks for, as it is printed and without its `!`: `-m tcp --dport 80`. `null` where it does
 * not ask for one thing alone: `!` before one of several is not the opposite of all.
 */
export function oneAsked(
	use: MatchUse,
	header: RuleHeader,
): { readonly text: string; readonly inverted: boolean } | null {
	const text = printMatch(use, header).trim();
	if (text.split(" --").length !== 2) return null;
	return {
		text: text.replace(" ! --", " --"),
		inverted: text.includes(" ! --"),
	};
}

/** ` -j ACCEPT`; "" where there is no target. */
export function printTarget(
	target: TargetUse | null,
	header: RuleHeader,
	behaviour = DEFAULT_BEHAVIOUR,
): string {
	switch (target?.kind) {
		case undefined:
			return behaviour.endOfRule === "a blank" ? " " : "";
		case "verdict":
			return ` -j ${target.name}`;
		case "jump":
			return ` -j ${target.chain}`;
		case "goto":
			return ` -g ${target.chain}`;
		case "extension": {
			const extension = targets.get(target.name);
			invariant(extension !== undefined, `no target ${target.name}`);
			return ` -j ${target.name}${extension.print(target.options, header, behaviour)}`;
		}
	}
}

function printHeader(header: RuleHeader, behaviour: Behaviour): string {
	let text = printAddress("s", header.source);
	text += printAddress("d", header.destination);
	text += printInterface("i", header.inInterface, behaviour);
	text += printInterface("o", header.outInterface, behaviour);
	const { protocol } = header;
	if (protocol !== 0)
		text += `${header.protocolInverted ? " !" : ""} -p ${printedProtocol(protocol, behaviour) ?? protocol}`;
	if (header.fragment === "only") text += " -f";
	if (header.fragment === "never") text += " ! -f";
	return text;
}

function printAddress(letter: string, network: AddressMask): string {
	const { address, mask, inverted } = network;
	if (mask === 0 && address === 0 && !inverted) return "";
	return `${inverted ? " !" : ""} -${letter} ${formatNetwork(address, mask)}`;
}

function printInterface(
	letter: string,
	match: InterfaceMatch | null,
	behaviour: Behaviour,
): string {
	if (match === null) return "";
	if (
		match.name === "+" &&
		match.savedAs === undefined &&
		(!match.inverted || behaviour.noInterface === "lost")
	)
		return "";
	const { name, inverted } = match.savedAs ?? match;
	return `${inverted ? " !" : ""} -${letter} ${name}`;
}
