/** What iptables-restore reads by itself: lines `*TABLE` and `:CHAIN POLICY [packets:bytes]`, and counters. */

import type { Counters } from "../../contract/ruleset.ts";
import { Refusal } from "../../extension/refusal.ts";
import { octets } from "../../extension/values/octets.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import { LONGEST_NAME, TABLE_HOOKS, VERDICTS } from "../base/tables.ts";
import { checkNewChain, readCounter } from "../line/read-word.ts";

/** The name behind the `*`; what follows it is ignored. */
export function readTableLine(text: string): string | undefined {
	return text.split(/[ \t]+/).find((word) => word !== "");
}

/** The words about a table that does not exist, and the remedy. */
export function unknownTable(
	name: string | undefined,
	line: number,
	behaviour: Behaviour,
): readonly [message: string, remedy: string] {
	const tables = `The tables are ${Object.keys(TABLE_HOOKS).join(", ")}.`;
	if (name === undefined)
		return [`iptables-restore: line ${line} table name invalid`, tables];
	return [
		behaviour.commands === "at once"
			? `iptables-restore: unable to initialize table '${name}'`
			: `iptables-restore: line ${line} table name '${name}' invalid`,
		name.endsWith("\r")
			? "The line ends as DOS ends lines (CR LF): take the CR away."
			: tables,
	];
}

/** What stands behind the `:`. Blanks divide as for strtok(3); quotes mean nothing here. */
export function readChainLine(
	text: string,
	lineNumber: number,
	behaviour: Behaviour,
): {
	readonly chain: string;
	readonly policy: string;
	readonly counters: Counters | null;
	/** Something stands behind the policy. */
	readonly hasMore: boolean;
} {
	const [chain, policy, counters] = text
		.split(/[ \t]+/, 5)
		.filter((word) => word !== "");
	if (chain === undefined)
		throw new Refusal(
			`iptables-restore: line ${lineNumber} chain name invalid`,
			"Write `:CHAIN POLICY [0:0]`.",
		);
	if (behaviour.chainNames === "chain name too long")
		// No other name is taken for a target that is announced to be a chain (`xtables_announce_chain`).
		checkNewChain(chain, (name) => VERDICTS.has(name), behaviour);
	if (octets(chain) > LONGEST_NAME)
		throw new Refusal(
			`Invalid chain name \`${chain}' (${LONGEST_NAME} chars max)`,
			"Shorten the chain's name everywhere.",
		);
	if (policy === undefined)
		throw new Refusal(
			`iptables-restore: line ${lineNumber} policy invalid`,
			`Write \`:${chain} - [0:0]\`, or ACCEPT or DROP for a built-in chain.`,
		);
	const hasMore = counters !== undefined;
	return { chain, policy, counters: readPolicyCounters(counters), hasMore };
}

/** `[packets:bytes]` behind a policy (`parse_counters`). */
function readPolicyCounters(text: string | undefined): Counters | null {
	const [, packets, bytes] =
		/^\[\s*\+?(\d+):\s*\+?(\d+)/.exec(text ?? "") ?? [];
	return packets === undefined || bytes === undefined
		? null
		: { packets: Number(packets), bytes: Number(bytes) };
}

/** What stands before a rule, and where the rule itself stands. */
interface CountedRule {
	readonly counters: Counters;
	/** Indices in the line. */
	readonly from: number;
	readonly to: number;
}

/**
 * `[packets:bytes]` before a rule (`tokenize_rule_counters`). The rule begins behind the first `]`,
 * wherever the colon is: strtok(3) ends the line at one that stands in the rule.
 * @param line with its bracket in front
 * @param name of the option that is made of them; `null`: none is, and anything may stand there
 * @throws Refusal
 */
export function readRuleCounters(
	line: string,
	lineNumber: number,
	name: string | null,
): CountedRule {
	const close = line.indexOf("]");
	const [packets] = /^\[:*[^:]*/.exec(line) ?? [""];
	const colon = packets.length;
	if (close < 0 || colon === line.length)
		throw new Refusal(
			`Bad line ${lineNumber}: need ]`,
			"Write `[packets:bytes]` before the rule.",
		);
	const [, brackets = "", bytes = ""] =
		/^(\]*)([^\]]*)/.exec(line.slice(colon + 1)) ?? [];
	const end = colon + 1 + brackets.length + bytes.length;
	return {
		counters: {
			packets: readCount(packets.replace(/^\[:*/, ""), "packet", name),
			bytes: readCount(bytes, "byte", name),
		},
		from: close + 1,
		to: colon > close ? colon : end > close ? end : line.length,
	};
}

/** @throws Refusal */
function readCount(
	text: string,
	what: "packet" | "byte",
	name: string | null,
): number {
	return name === null && !/^\s*\+?\d/.test(text)
		? 0
		: readCounter(text, what, name ?? "");
}
