/** What iptables-nft says of commands that cannot be carried out (1.8.9, iptables/nft.c, `nft_strerror`, `mnl_append_error`). */
import type { Behaviour } from "../../linux/behaviour.ts";
import type { Command } from "../base/command.ts";
import {
	ChainInUse,
	type CommandFailure,
	Crash,
	JumpToBuiltIn,
	NO_RULE,
	RefusedRename,
	UnknownChain,
} from "../table/table-draft.ts";

/** Who says it, and where. */
export interface TransactionWords {
	readonly message: string;
	/**
	 * "iptables": it names the line that it has come to; "line": the failed one; "kernel": the failed one,
	 * and what was done.
	 */
	readonly by: "iptables" | "line" | "kernel";
}

/** What is sent for a rule that is put behind all others. */
export const SENT_TO_ADD = "RULE_APPEND";

const SENT: Partial<Record<Command["kind"], string>> = {
	insert: "RULE_INSERT",
	replace: "RULE_REPLACE",
};

/** What is sent to the kernel for a command that brings rules. */
export function sentFor(kind: Command["kind"]): string {
	return SENT[kind] ?? SENT_TO_ADD;
}

/** The same failure in its words. */
export function transactionWords(
	failure: CommandFailure,
	command: Command,
	{ usedBaseChain, missingNumberToZero }: Behaviour,
): TransactionWords {
	const { about } = failure;
	if (failure instanceof Crash)
		return { message: failure.message, by: "iptables" };
	if (failure instanceof UnknownChain)
		return { message: `Chain '${about}' does not exist`, by: "iptables" };
	if (failure instanceof ChainInUse)
		return {
			message: `${usedBaseChain === "built-in" ? "CHAIN_USER_DEL" : "CHAIN_DEL"} failed (Device or resource busy): chain ${about}`,
			by: "kernel",
		};
	if (failure instanceof RefusedRename)
		return {
			message: `CHAIN_RENAME failed (${failure.message}): chain ${about}`,
			by: "kernel",
		};
	if (failure instanceof JumpToBuiltIn && "chain" in command)
		return {
			message: `${sentFor(command.kind)} failed (${failure.isThere ? "Operation not supported" : "No such file or directory"}): rule in chain ${command.chain}`,
			by: "kernel",
		};
	if (command.kind === "policy" && !/^(ACCEPT|DROP|-)$/.test(command.policy))
		return { message: "Bad policy name", by: "line" };
	// Of a policy it says the reason alone.
	if (command.kind === "chain")
		return { message: failure.message.replace(/^.*: /s, ""), by: "line" };
	if (
		command.kind === "zero" &&
		command.number !== null &&
		missingNumberToZero === "passed over"
	)
		return { message: "", by: "line" };
	return {
		message: looksForRule(command) ? NO_RULE : failure.message,
		by: "line",
	};
}

/** Commands of which iptables-nft says no more than that there is no such rule. */
function looksForRule(command: Command): boolean {
	return (
		command.kind === "delete" ||
		command.kind === "check" ||
		(command.kind === "zero" && command.number !== null)
	);
}
