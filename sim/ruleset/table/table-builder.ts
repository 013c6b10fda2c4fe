/**
 * A table that commands are carried out on, in the manner of libiptc's copy of a kernel table
 * (iptables 1.8.9, libiptc/libiptc.c): nothing is loaded before COMMIT.
 */

import type { Chain, Table, TableName } from "../../contract/ruleset.ts";
import { compareOctets } from "../../extension/values/octets.ts";
import type { Command } from "../base/command.ts";
import { TABLE_HOOKS } from "../base/tables.ts";
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
import { ChainDraft, type TableState } from "./table-state.ts";

/** Commands that leave the rules that are there as they are. */
const PUTS_BEHIND: ReadonlySet<Command["kind"]> = new Set([
	"append",
	"chain",
	"new-chain",
	"policy",
	"nothing",
] as const);

/** A class because it is what it does: a table that changes. */
export class TableBuilder implements TableState {
	changed = false;
	readonly name: TableName;
	readonly chains = new Map<string, ChainDraft>();
	clock = 0;
	zeroedAt = 0;
	readonly filled = new Set<ChainDraft>();
	private readonly from: Table | null;
	private isOpen = false;

	/**
	 * Rules keep their counters. Those of policies begin anew with every change that is committed,
	 * wherever it was: libiptc gives back what was counted since it read the table, and no more
	 * (`COUNTER_MAP_ZEROED` in `__iptcc_p_del_policy`).
	 * @param from the table that is loaded; `null` when there is none
	 */
	constructor(name: TableName, from: Table | null) {
		this.name = name;
		this.from = from;
		for (const chain of from?.chains ?? [])
			this.chains.set(chain.name, new ChainDraft(this, chain.name, chain));
		if (from !== null) return;
		this.changed = true;
		for (const hook of TABLE_HOOKS[name]) {
			const chain = new ChainDraft(this, hook, null);
			chain.policy = "ACCEPT";
			this.chains.set(hook, chain);
		}
	}

	open(): void {
		if (this.isOpen) return;
		this.isOpen = true;
		for (const chain of this.chains.values()) chain.open();
	}

	/** A chain of the user's, without rules. */
	add(name: string): void {
		const chain = new ChainDraft(this, name, null);
		if (this.isOpen) chain.open();
		this.chains.set(name, chain);
	}

	/** What iptables-restore does at `*table` unless told `--noflush`; policies stay. */
	clear(): void {
		for (const chain of this.chains.values())
			if (chain.policy === null) this.chains.delete(chain.name);
			else chain.empty();
		this.changed = true;
	}

	/** The table as data. */
	build(): Table {
		if (!this.changed && this.from !== null) return this.from;
		const chains: Chain[] = [];
		const own: Chain[] = [];
		for (const chain of this.chains.values()) {
			const { name, policy, counters } = chain;
			const rules = chain.rules();
			(policy === null ? own : chains).push({ name, policy, counters, rules });
		}
		own.sort((a, b) => compareOctets(a.name, b.name));
		for (const chain of own) chains.push(chain);
		return { name: this.name, chains };
	}

	/**
	 * Carries one command out.
	 * @param noflush a `:CHAIN` line of a chain that is there empties it
	 * @throws CommandFailure
	 */
	apply(command: Command, noflush = false): void {
		if (!PUTS_BEHIND.has(command.kind)) this.open();
		switch (command.kind) {
			case "append":
				append(this, command.chain, command.rules);
				return;
			case "chain":
				declareChain(this, command, noflush);
				return;
			case "nothing":
				return;
			case "policy":
				setPolicy(this, command.chain, command.policy, command.counters);
				return;
			case "new-chain":
				createChain(this, command.chain);
				return;
			case "delete-chain":
				deleteChain(this, command.chain);
				return;
			case "rename":
				renameChain(this, command.chain, command.to);
				return;
			case "flush":
				flush(this, command.chain);
				return;
			case "zero":
				zero(this, command.chain, command.number);
				return;
			case "delete":
			case "check":
				for (const rule of command.rules)
					deleteSame(this, command.chain, rule, command.kind === "check");
				return;
			default:
				changeByNumber(this, command);
		}
	}
}
