/** A table that is being changed, and what a command that cannot be carried out throws. */
import { QuietError } from "../extension/refusal.ts";
import type { Counters, Rule, TableName } from "./ruleset.ts";
import { TABLE_HOOKS } from "./tables.ts";

/** A command that cannot be carried out. */
export class CommandFailure extends QuietError {
	override readonly name = "CommandFailure";
	readonly remedy: string;
	/** The word of the line to point at. */
	readonly about: string;
	/** Both iptables and iptables-restore say `message`, not only the former. */
	readonly spoken: boolean;

	/** @param message iptables' words (`TC_STRERROR`) */
	constructor(message: string, remedy: string, about: string, spoken = false) {
		super(message);
		this.remedy = remedy;
		this.about = about;
		this.spoken = spoken;
	}
}

/** Mutable: commands change it. */
export interface TableState {
	readonly name: TableName;
	readonly chains: Map<string, ChainDraft>;
	/** Something was changed, so that COMMIT replaces the kernel's table (`set_changed`). */
	changed: boolean;
}

export interface ChainDraft {
	name: string;
	policy: "ACCEPT" | "DROP" | null;
	counters: Counters;
	rules: Rule[];
	/** `rules` still belongs to the table that this one began with. */
	shared: boolean;
}

export const NO_SUCH_NAME = "No chain/target/match by that name";

/** @throws CommandFailure when the table has no such chain */
export function chainOf(table: TableState, name: string): ChainDraft {
	const chain = table.chains.get(name);
	if (chain !== undefined) return chain;
	const builtIn = Object.entries(TABLE_HOOKS)
		.filter(([, hooks]) => (hooks as readonly string[]).includes(name))
		.map(([table]) => table);
	throw new CommandFailure(
		NO_SUCH_NAME,
		builtIn.length > 0
			? `The table ${table.name} has no chain ${name}; ${builtIn.join(", ")} have.`
			: `Declare the chain before its first use: \`:${name} - [0:0]\`.`,
		name,
	);
}

/** One chain, or all of them for `null`. @throws CommandFailure */
export function chainsOf(table: TableState, name: string | null): ChainDraft[] {
	return name === null ? [...table.chains.values()] : [chainOf(table, name)];
}

/** Takes all rules out of a chain. */
export function empty(chain: ChainDraft): void {
	chain.rules = [];
	chain.shared = false;
}

/** Before `rules` is changed: takes a copy when it belongs to somebody else. */
export function own(chain: ChainDraft): void {
	if (!chain.shared) return;
	chain.rules = [...chain.rules];
	chain.shared = false;
}
