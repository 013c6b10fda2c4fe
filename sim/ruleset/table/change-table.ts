/** What each command does to a table (iptables 1.8.9, libiptc/libiptc.c). */
import type { Command } from "../base/command.ts";
import {
	createChain,
	declareChain,
	deleteChain,
	renameChain,
	setPolicy,
} from "./chain-commands.ts";
import {
	append,
	changeByNumber,
	deleteSame,
	flush,
	zero,
} from "./rule-commands.ts";
import { chainOf, type TableDraft } from "./table-draft.ts";

/** Commands that leave the rules that are there as they are. */
const PUTS_BEHIND: ReadonlySet<Command["kind"]> = new Set([
	"append",
	"chain",
	"list",
	"new-chain",
	"policy",
	"nothing",
] as const);

/**
 * Carries one command out.
 * @param noflush a `:CHAIN` line of a chain that is there empties it
 * @throws CommandFailure
 */
export function changeTable(
	table: TableDraft,
	command: Command,
	noflush = false,
): void {
	if (!PUTS_BEHIND.has(command.kind)) table.open();
	switch (command.kind) {
		case "append":
			append(table, command.chain, command.rules);
			return;
		case "chain":
			declareChain(table, command, noflush);
			return;
		case "list":
			if (command.chain !== null) chainOf(table, command.chain);
			return;
		case "nothing":
			return;
		case "policy":
			setPolicy(
				table,
				command.chain,
				command.policy,
				table.behaviour.countersOfPolicy === "taken" ? command.counters : null,
			);
			return;
		case "new-chain":
			createChain(table, command.chain);
			return;
		case "delete-chain":
			deleteChain(table, command.chain);
			return;
		case "rename":
			renameChain(table, command.chain, command.to);
			return;
		case "flush":
			flush(table, command);
			return;
		case "zero":
			zero(table, command);
			return;
		case "delete":
		case "check":
			for (const rule of command.rules)
				deleteSame(table, command.chain, rule, command.kind === "check");
			return;
		default:
			changeByNumber(table, command);
	}
}
