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
import { OTHER_PROBLEM } from "../../extension/refusal.ts";
import { compareOctets } from "../../extension/values/octets.ts";
import { invariant } from "../../invariant.ts";
import { type Behaviour, DEFAULT_BEHAVIOUR } from "../../linux/behaviour.ts";
import { NO_COUNTERS } from "../base/command.ts";
import { TABLE_HOOKS } from "../base/tables.ts";
import { begunAnew, type Entry, RuleList } from "./rule-list.ts";

/** A command that cannot be carried out. Thrown, but no Error, as a `Refusal` is none. */
export class CommandFailure {
	/** iptables' words (`TC_STRERROR`). */
	readonly message: string;
	readonly remedy: string;
	/** The word of the line to point at. */
	readonly about: string;
	/** Both iptables and iptables-restore say `message`, not only the former. */
	readonly spoken: boolean;
	/** What iptables ends with. */
	readonly exitCode: number;

	constructor(
		message: string,
		remedy: string,
		about: string,
		{ spoken = false, exitCode = OTHER_PROBLEM } = {},
	) {
		this.message = message;
		this.remedy = remedy;
		this.about = about;
		this.spoken = spoken;
		this.exitCode = exitCode;
	}
}

/** A jump or goto to what is no chain. */
export class UnknownChain extends CommandFailure {}

/** `-X` of a chain that has rules, or that rules jump to. */
export class ChainInUse extends CommandFailure {}

/** iptables itself ends (SIGSEGV). */
export class Crash extends CommandFailure {
	override readonly exitCode = 139;
}

/** It does so when it sends the transaction: what cannot be carried out is found before. */
export class CrashWhenSent extends Crash {}

/** `-E` that iptables-nft takes and the kernel does not. */
export class RefusedRename extends CommandFailure {}

/** What iptables does here, marktwin does not follow. */
export class NotFollowed extends CommandFailure {}

/** A jump or goto to a built-in chain. */
export class JumpToBuiltIn extends CommandFailure {
	/** The chain is in the kernel, as far as iptables-nft has made it. */
	readonly isThere: boolean;

	constructor(chain: Pick<ChainDraft, "name" | "lacks">) {
		super(
			"Invalid argument",
			"A rule cannot jump to a built-in chain: put the rules into a chain of your own that both use.",
			chain.name,
		);
		this.isThere = chain.lacks !== "chain";
	}
}

/** A rule that was taken out, and the chain in which it was. */
interface Removed {
	readonly chain: ChainDraft;
	readonly rule: Rule;
}

/** A class because it is what it does: a table that changes. Nothing of it is loaded before COMMIT. */
export class TableDraft {
	readonly name: TableName;
	readonly chains = new Map<string, ChainDraft>();
	readonly behaviour: Behaviour;
	/** It is in the kernel, or will be with COMMIT. */
	exists: boolean;
	/** Chains that their lines `:CHAIN` have emptied in the kernel, and of which iptables-nft still counts the rules that they had. */
	readonly emptiedUnseen = new Set<ChainDraft>();
	/** Chains that get another name with COMMIT (iptables-nft): until then, commands know them by the one that they have. */
	readonly renames = new Map<ChainDraft, string>();
	/** Rules that were taken out one by one: iptables-nft has sent those that are new nevertheless. */
	readonly removed: Removed[] = [];
	/** It was there when it was opened, and has not been thrown away since: what iptables-nft asks before it flushes it. */
	isFound: boolean;
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
	 * Rules keep their counters. Those of policies may begin anew with every change that is committed
	 * (`Behaviour.policyCountersOnEdit`): libiptc up to 1.8.9 gives back what was counted since it read the table, and
	 * no more (`COUNTER_MAP_ZEROED` in `__iptcc_p_del_policy`).
	 * @param from the table that is loaded; `null` when there is none
	 */
	constructor(
		name: TableName,
		from: Table | null,
		behaviour: Behaviour = DEFAULT_BEHAVIOUR,
	) {
		this.name = name;
		this.from = from;
		this.behaviour = behaviour;
		this.exists = from !== null || behaviour.baseChains === "all";
		this.isFound = this.exists;
		for (const chain of from?.chains ?? []) this.addChain(chain.name, chain);
		if (from !== null) return;
		this.changed = this.exists;
		this.addBaseChains();
	}

	/** As `ChainDraft.unsentAt`; `null` also of a chain whose rules iptables-nft counts in its own way. */
	unsentIn(chain: string, at: number): ReturnType<ChainDraft["unsentAt"]> {
		this.open();
		const draft = this.chains.get(chain);
		if (draft === undefined || this.emptiedUnseen.has(draft)) return null;
		return draft.unsentAt(at);
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

	/** What iptables-restore does at `*table` without `--noflush`. */
	clear(): void {
		this.changed = true;
		if (this.behaviour.policyOnRestore === "ACCEPT") {
			this.exists = false;
			this.isFound = false;
			this.chains.clear();
			this.addBaseChains();
			return;
		}
		for (const chain of this.chains.values())
			if (chain.policy === null) this.chains.delete(chain.name);
			else chain.empty();
	}

	rename(chain: ChainDraft, to: string): void {
		this.chains.delete(chain.name);
		chain.name = to;
		this.chains.set(to, chain);
	}

	/** Chains get the names that wait for COMMIT. */
	finishRenames(): void {
		for (const [chain, to] of this.renames)
			if (this.chains.get(chain.name) === chain) this.rename(chain, to);
	}

	/** The table as data; one without chains is not in the kernel. */
	build(): Table {
		if (!this.changed && this.from !== null) return this.from;
		const { name } = this;
		if (!this.exists) return { name, chains: [] };
		const chains: Chain[] = [];
		const own: Chain[] = [];
		for (const chain of this.chains.values())
			(chain.policy === null ? own : chains).push(chain.build());
		own.sort((a, b) => compareOctets(a.name, b.name));
		for (const chain of own) chains.push(chain);
		return { name, chains };
	}

	private addBaseChains(): void {
		const isThere = this.behaviour.baseChains === "all";
		for (const hook of TABLE_HOOKS[this.name]) {
			const chain = this.addChain(hook);
			chain.policy = "ACCEPT";
			if (!isThere) chain.lacks = "chain";
		}
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
	/** It was loaded with the table, and not made since. */
	readonly isLoaded: boolean;
	policy: "ACCEPT" | "DROP" | null;
	counters: Counters = NO_COUNTERS;
	/** See `Chain.lacks`. */
	lacks: Chain["lacks"];
	/** Jumps and gotos to it; counted once the table is open. */
	references = 0;
	private readonly table: TableDraft;
	private plain: Rule[];
	/** `plain` still belongs to the table that this one began with. */
	private shared: boolean;
	private list: RuleList | null = null;
	private zeroedAt = 0;
	private readonly from: Chain | null;
	/** Rules that are sent in the place of new ones: some iptables-nft lose sight of them (`replacedAtOnce`). */
	private readonly unseen = new Set<Entry>();
	/** Loaded rules that were replaced or zeroed, each by itself. */
	private readonly resent = new Set<Entry>();

	/** @param from the chain as it is loaded */
	constructor(table: TableDraft, id: number, name: string, from: Chain | null) {
		this.table = table;
		this.id = id;
		this.name = name;
		this.from = from;
		this.isLoaded = from !== null;
		this.policy = from?.policy ?? null;
		this.lacks = from?.lacks;
		if (from !== null && table.behaviour.policyCountersOnEdit === "kept")
			this.counters = from.counters;
		this.plain = (from?.rules ?? []) as Rule[];
		this.shared = from !== null;
	}

	/** Has it no rules, nor any that numbers do not count? */
	get isEmpty(): boolean {
		return this.length + this.unseen.size === 0;
	}

	/** Rules that numbers count. */
	get length(): number {
		return (this.list?.length ?? this.plain.length) - this.unseen.size;
	}

	push(rule: Rule): void {
		if (this.list !== null) {
			this.put(this.list.length, rule);
			return;
		}
		if (this.shared) this.plain = [...this.plain];
		this.shared = false;
		this.plain.push(rule);
	}

	/** @param at from 0, at most `length`. The table has to be open, for this and what follows. */
	insert(at: number, rule: Rule): void {
		this.put(at === 0 ? 0 : this.placeOf(at), rule);
	}

	/**
	 * Of several rules the last one comes first: each is put in at the same number.
	 * @param at from 0, less than `length`
	 */
	replace(at: number, rules: readonly Rule[]): void {
		const place = this.placeOf(at);
		const old = this.opened().at(place);
		const isUnseen = this.losesSightOf(old);
		if (isUnseen) this.take(old);
		else this.remove(old);
		for (const rule of rules)
			(isUnseen ? this.unseen : this.resent).add(this.put(place, rule));
	}

	/** @param at from 0, less than `length` */
	removeAt(at: number): void {
		this.remove(this.opened().at(this.placeOf(at)));
	}

	remove(entry: Entry): void {
		this.take(entry);
		this.table.removed.push({ chain: this, rule: entry.rule });
	}

	/**
	 * A rule that is yet to be sent; `isAgain`: in the place of a loaded one, or to zero it. `null`: it is no such rule, or
	 * not there.
	 * @param at from 0
	 */
	unsentAt(
		at: number,
	): { readonly rule: Rule; readonly isAgain: boolean } | null {
		if (at >= this.length) return null;
		const entry = this.opened().at(this.placeOf(at));
		const isAgain = this.resent.has(entry);
		return isAgain || this.isNew(entry) ? { rule: entry.rule, isAgain } : null;
	}

	/** The first rule that is the same to `-D` and `-C`. */
	same(rule: Rule): Entry | null {
		return this.opened().same(rule, this.leadsTo(rule), this.unseen);
	}

	/** Takes all rules out. */
	empty(): void {
		if (this.list === null) this.plain = [];
		else {
			for (const { to } of this.list) if (to !== null) to.references--;
			this.list = new RuleList();
			this.table.filled.delete(this);
		}
		this.unseen.clear();
		this.resent.clear();
		this.shared = false;
	}

	/** Something is put into it, for which it has to be in the kernel. */
	use(): void {
		this.table.exists = true;
		if (this.lacks !== "chain") return;
		const { baseChains } = this.table.behaviour;
		this.lacks = baseChains === "used-uncounted" ? "counters" : undefined;
	}

	/** It is taken out of the kernel; its name and policy stay. */
	disuse(): void {
		this.lacks = "chain";
		this.counters = NO_COUNTERS;
	}

	/** Its policy counts from now on, from these counters. */
	count(counters: Counters): void {
		this.lacks = undefined;
		this.counters = counters;
	}

	/** All counters of its rules begin anew, or those of one. @param at from 0 */
	zero(at: number | null): void {
		if (at === null) this.zeroedAt = ++this.table.clock;
		else {
			const entry = this.opened().at(this.placeOf(at));
			(this.losesSightOf(entry) ? this.unseen : this.resent).add(entry);
			entry.rule = begunAnew(entry.rule);
		}
	}

	/** Makes a list of its rules, for commands other than `-A`. */
	open(): void {
		if (this.list !== null) return;
		this.list = new RuleList();
		for (const rule of this.plain) this.put(this.list.length, rule);
		this.plain = [];
	}

	/** As data; what is changed later does not change it. */
	build(): Chain {
		const { name, policy, counters, lacks } = this;
		const chain = { name, policy, counters, rules: this.rules() };
		return lacks === undefined ? chain : Object.assign(chain, { lacks });
	}

	private rules(): readonly Rule[] {
		this.shared = true;
		return (
			this.list?.rules(Math.max(this.zeroedAt, this.table.zeroedAt)) ??
			this.plain
		);
	}

	/** @param place from 0, among all of its rules */
	private put(place: number, rule: Rule): Entry {
		const to = this.leadsTo(rule);
		if (to !== null) to.references++;
		this.table.filled.add(this);
		return this.opened().insert(place, rule, to, ++this.table.clock);
	}

	private take(entry: Entry): void {
		const list = this.opened();
		list.remove(entry);
		if (entry.to !== null) entry.to.references--;
		if (list.length === 0) this.table.filled.delete(this);
	}

	/** The place of the rule with this number, from 0, among all of its rules. */
	private placeOf(at: number): number {
		if (this.unseen.size === 0) return at;
		let place = 0;
		let seen = 0;
		for (const entry of this.opened()) {
			if (!this.unseen.has(entry) && seen++ === at) break;
			place++;
		}
		return place;
	}

	private isNew(entry: Entry): boolean {
		return (
			!this.resent.has(entry) && this.from?.rules.includes(entry.rule) !== true
		);
	}

	private losesSightOf(entry: Entry): boolean {
		const { replacedAtOnce } = this.table.behaviour;
		return replacedAtOnce === "is lost sight of" && this.isNew(entry);
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
/** What iptables says where no rule is found by its specification. */
export const NO_RULE = "Bad rule (does a matching rule exist in that chain?)";

/** @throws CommandFailure when the table has no such chain */
export function chainOf(table: TableDraft, name: string): ChainDraft {
	const chain = table.chains.get(name);
	if (chain !== undefined) return chain;
	if (name === "")
		throw new CommandFailure(
			NO_SUCH_NAME,
			"Write the chain's name: no chain has an empty one.",
			name,
		);
	const builtIn = Object.entries(TABLE_HOOKS)
		.filter(([, hooks]) => (hooks as readonly string[]).includes(name))
		.map(([table]) => table);
	throw new CommandFailure(
		NO_SUCH_NAME,
		builtIn.length > 0
			? `The table ${table.name} has no chain ${name}; ${builtIn.join(", ")} have.`
			: `Make the chain before its first use: iptables -t ${table.name} -N ${name}; in a text for iptables-restore, \`:${name} - [0:0]\`.`,
		name,
	);
}
