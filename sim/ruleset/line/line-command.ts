/** What comes out of a line that was read to its end: its command, with its rules. */

import type {
	AddressMask,
	Counters,
	MatchUse,
	Rule,
	RuleHeader,
	TargetUse,
} from "../../contract/ruleset.ts";
import { unreachable } from "../../invariant.ts";
import type { Command } from "../base/command.ts";
import { ANY_ADDRESS } from "./read-address.ts";
import { optionBit, type RuleDraft } from "./rule-draft.ts";

export const NO_COUNTERS: Counters = { packets: 0, bytes: 0 };

/** One rule of the line. */
export function ruleOf(
	draft: RuleDraft,
	line: number,
	source: AddressMask | undefined,
	destination: AddressMask | undefined,
	matches: readonly MatchUse[],
	target: TargetUse | null,
): Rule {
	return {
		header: headerOf(draft, source, destination),
		matches,
		target,
		counters: draft.counters ?? NO_COUNTERS,
		line,
	};
}

/** Of a rule that asks nothing of it: one object for all of them. */
const ANY_HEADER: RuleHeader = {
	source: ANY_ADDRESS,
	destination: ANY_ADDRESS,
	inInterface: null,
	outInterface: null,
	protocol: 0,
	protocolInverted: false,
	fragment: null,
};

const HEADER_BITS = [..."sdpiof"].reduce((b, l) => b | optionBit(l), 0);

function headerOf(
	draft: RuleDraft,
	source: AddressMask | undefined,
	destination: AddressMask | undefined,
): RuleHeader {
	if ((draft.options & HEADER_BITS) === 0) return ANY_HEADER;
	const { inInterface, outInterface, protocol } = draft;
	return {
		source: source ?? ANY_ADDRESS,
		destination: destination ?? ANY_ADDRESS,
		inInterface,
		outInterface,
		protocol,
		protocolInverted: draft.isInverted("p"),
		fragment: draft.fragment
			? draft.isInverted("f")
				? "never"
				: "only"
			: null,
	};
}

/** A command that brings rules. */
export function ruleCommand(
	draft: RuleDraft,
	line: number,
	rules: readonly Rule[],
): Command {
	const chain = draft.chain ?? "";
	const number = draft.number ?? 1;
	switch (draft.command) {
		case "A":
			return { kind: "append", chain, rules, line };
		case "D":
			return { kind: "delete", chain, rules, line };
		case "C":
			return { kind: "check", chain, rules, line };
		case "I":
			return { kind: "insert", chain, number, rules, line };
		default:
			return { kind: "replace", chain, number, rules, line };
	}
}

/** A command that brings none. */
export function otherCommand(draft: RuleDraft, line: number): Command {
	const { command, chain, number, second, counters } = draft;
	switch (command) {
		case "#":
			return {
				kind: "delete-number",
				chain: chain ?? "",
				number: number ?? 0,
				line,
			};
		case "F":
			return { kind: "flush", chain, line };
		case "X":
			return { kind: "delete-chain", chain, line };
		case "Z":
			return { kind: "zero", chain, number, line };
		case "N":
			return { kind: "new-chain", chain: chain ?? "", line };
		case "E":
			return { kind: "rename", chain: chain ?? "", to: second, line };
		case "P":
			return {
				kind: "policy",
				chain: chain ?? "",
				policy: second,
				counters,
				line,
			};
		case "L":
		case "S":
			return { kind: "nothing", line };
		default:
			return unreachable(command as never);
	}
}
