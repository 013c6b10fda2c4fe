/**
 * A table that is being changed, in the manner of libiptc's copy of a kernel table (iptables 1.8.9,
 * libiptc/libiptc.c), and what a command that cannot be carried out throws.
 */

import type {
	Chain,
	Counters,
	Rule,
	Table,
	TableName,
} from "../../contract/ruleset.ts";
import { compareOctets } from "../../extension/values/octets.ts";
import { invariant } from "../../invariant.ts";
import { NO_COUNTERS } from "../base/command.ts";
import { TABLE_HOOKS } from "../base/tables.ts";
import { type Entry, RuleList } from "./rule-list.ts";

/** A command that cannot be carried out. Thrown, but no Error, as a `Refusal` is none. */
export class CommandFailure {
	/** iptables' words (`TC_STRERROR`). */
	readonly message: string;
	readonly remedy: string;
	/** The word of the line to point at. */
	readonly about: string;
	/** Both iptables and iptables-restore say `message`, not only the former. */
	readonly spoken: boolean;

	constructor(message: string, remedy: string, about: string, spoken = false) {
		this.message = message;
		this.remedy = remedy;
		this.about = about;
		this.spoken = spoken;
	}
}

/** A class because it is what it does: a table that changes. Nothing of it is loaded before COMMIT. */
export class TableDraft {
	readonly name: TableName;
	readonly chains = new Map<string, ChainDraft>();
	/** Something was changed, so that COMMIT replaces the kernel's table (`set_changed`). */
	changed = false;
	/** Counts commands, so that counters know whether they were there when others began anew. */
	clock = 0;
	/** When the counters of all chains began anew. */
	zeroedAt = 0;
	/** Chains that have rules, once any rule was changed by a command other than `-A`. */
	readonly filled = new Set<ChainDraft>();
	private readonly from: Table | null;
	private isOpen = false;
	private chainsMade = 0;

	/**
	 * Rules keep their counters. Those of policies begin anew with every change that is committed,
	 * wherever it was: libiptc gives back what was counted since it read the table, and no more
	 * (`COUNTER_MAP_ZEROED` in `__iptcc_p_del_policy`).
	 * @param from the table that is loaded; `null` when there is none
	 */
	constructor(name: TableName, from: Table | null) {
		this.name = name;
		this.from = from;
		for (const chain of from?.chains ?? []) this.addChain(chain.name, chain);
		if (from !== null) return;
		this.changed = true;
		for (const hook of TABLE_HOOKS[name]) this.addChain(hook).policy = "ACCEPT";
	}

	/** Makes every chain's rules ready for commands other than `-A`. */
	open(): void {
		if (this.isOpen) return;
		this.isOpen = true;
		for (const chain of this.chains.values()) chain.open();
	}

	/** Puts a chain of the user's in, without rules. */
	add(name: string): void {
		const chain = this.addChain(name);
		if (this.isOpen) chain.open();
	}

	/** What iptables-restore does at `*table` without `--noflush`; policies stay. */
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

	private addChain(name: string, from: Chain | null = null): ChainDraft {
		const chain = new ChainDraft(this, this.chainsMade++, name, from);
		this.chains.set(name, chain);
		return chain;
	}
}

/**
 * A chain that is being changed. As long as rules are only put behind each other they stay an array,
 * which is what nearly every file needs; the first other command makes a RuleList of it.
 */
export class ChainDraft {
	/** Its own, whatever it is called. */
	readonly id: number;
	name: string;
	policy: "ACCEPT" | "DROP" | null;
	counters: Counters = NO_COUNTERS;
	/** Jumps and gotos to it; counted once the table is open. */
	references = 0;
	private readonly table: TableDraft;
	private plain: Rule[];
	/** `plain` still belongs to the table that this one began with. */
	private shared: boolean;
	private list: RuleList | null = null;
	private zeroedAt = 0;

	/** @param from the chain as it is loaded */
	constructor(table: TableDraft, id: number, name: string, from: Chain | null) {
		this.table = table;
		this.id = id;
		this.name = name;
		this.policy = from?.policy ?? null;
		this.plain = (from?.rules ?? []) as Rule[];
		this.shared = from !== null;
	}

	get length(): number {
		return this.list?.length ?? this.plain.length;
	}

	push(rule: Rule): void {
		if (this.list !== null) {
			this.insert(this.list.length, rule);
			return;
		}
		if (this.shared) this.plain = [...this.plain];
		this.shared = false;
		this.plain.push(rule);
	}

	/** @param at from 0, at most `length`. The table has to be open, for this and what follows. */
	insert(at: number, rule: Rule): void {
		const to = this.leadsTo(rule);
		if (to !== null) to.references++;
		this.opened().insert(at, rule, to, ++this.table.clock);
		this.table.filled.add(this);
	}

	/** @param at from 0, less than `length` */
	removeAt(at: number): void {
		this.remove(this.opened().at(at));
	}

	remove(entry: Entry): void {
		const list = this.opened();
		list.remove(entry);
		if (entry.to !== null) entry.to.references--;
		if (list.length === 0) this.table.filled.delete(this);
	}

	/** The first rule that is the same to `-D` and `-C`. */
	same(rule: Rule): Entry | null {
		return this.opened().same(rule, this.leadsTo(rule));
	}

	/** Takes all rules out. */
	empty(): void {
		if (this.list === null) this.plain = [];
		else {
			for (const { to } of this.list) if (to !== null) to.references--;
			this.list = new RuleList();
			this.table.filled.delete(this);
		}
		this.shared = false;
	}

	/** All counters of its rules begin anew, or those of one. @param at from 0 */
	zero(at: number | null): void {
		if (at === null) this.zeroedAt = ++this.table.clock;
		else {
			const entry = this.opened().at(at);
			entry.rule = { ...entry.rule, counters: NO_COUNTERS };
		}
	}

	/** Makes a list of its rules, for commands other than `-A`. */
	open(): void {
		if (this.list !== null) return;
		this.list = new RuleList();
		for (const rule of this.plain) this.insert(this.list.length, rule);
		this.plain = [];
	}

	/** Its rules as data; what is changed later does not change them. */
	rules(): readonly Rule[] {
		this.shared = true;
		return (
			this.list?.rules(Math.max(this.zeroedAt, this.table.zeroedAt)) ??
			this.plain
		);
	}

	private opened(): RuleList {
		invariant(this.list !== null, "a table that is open");
		return this.list;
	}

	private leadsTo({ target }: Rule): ChainDraft | null {
		return target?.kind === "jump" || target?.kind === "goto"
			? (this.table.chains.get(target.chain) ?? null)
			: null;
	}
}

export const NO_SUCH_NAME = "No chain/target/match by that name";

/** @throws CommandFailure when the table has no such chain */
export function chainOf(table: TableDraft, name: string): ChainDraft {
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
