/**
 * A table that commands are carried out on, in the manner of libiptc's copy of a kernel table
 * (iptables 1.8.9, libiptc/libiptc.c): nothing is loaded before COMMIT.
 */
import { QuietError } from "../extension/refusal.ts";
import { sameRule } from "./equal.ts";
import { NO_COUNTERS } from "./line-command.ts";
import type {
	Chain,
	Counters,
	Rule,
	Table,
	TableName,
	TargetUse,
} from "./ruleset.ts";
import type { Command } from "./script.ts";
import { TABLE_HOOKS, VERDICTS } from "./tables.ts";

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

interface ChainDraft {
	name: string;
	policy: "ACCEPT" | "DROP" | null;
	counters: Counters;
	rules: Rule[];
	/** `rules` still belongs to the table that this one began with. */
	shared: boolean;
}

const NO_SUCH_NAME = "No chain/target/match by that name";

/** A class because it is what it does: a table that changes. */
export class TableBuilder {
	/** Something was changed, so that COMMIT replaces the kernel's table (`set_changed`). */
	changed = false;
	readonly name: TableName;
	private readonly chains = new Map<string, ChainDraft>();
	private readonly from: Table | null;

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
			this.chains.set(chain.name, {
				...chain,
				counters: NO_COUNTERS,
				rules: chain.rules as Rule[],
				shared: true,
			});
		if (from !== null) return;
		this.changed = true;
		for (const hook of TABLE_HOOKS[name])
			this.chains.set(hook, {
				name: hook,
				policy: "ACCEPT",
				counters: NO_COUNTERS,
				rules: [],
				shared: false,
			});
	}

	/** What iptables-restore does at `*table` unless told `--noflush`; policies stay. */
	clear(): void {
		for (const chain of this.chains.values())
			if (chain.policy === null) this.chains.delete(chain.name);
			else empty(chain);
		this.changed = true;
	}

	/** The table as data. */
	build(): Table {
		if (!this.changed && this.from !== null) return this.from;
		const chains: Chain[] = [];
		const own: Chain[] = [];
		for (const { name, policy, counters, rules } of this.chains.values())
			(policy === null ? own : chains).push({ name, policy, counters, rules });
		own.sort((a, b) => (a.name < b.name ? -1 : 1));
		for (const chain of this.chains.values()) chain.shared = true;
		for (const chain of own) chains.push(chain);
		return { name: this.name, chains };
	}

	/**
	 * Carries one command out.
	 * @param noflush a `:CHAIN` line of a chain that is there empties it
	 * @throws CommandFailure
	 */
	apply(command: Command, noflush = false): void {
		switch (command.kind) {
			case "append":
				this.append(command.chain, command.rules);
				return;
			case "chain":
				this.declare(command, noflush);
				return;
			case "nothing":
				return;
			case "policy":
				this.policy(command.chain, command.policy, command.counters);
				return;
			case "new-chain":
				this.create(command.chain);
				return;
			case "delete-chain":
				this.deleteChain(command.chain);
				return;
			case "rename":
				this.rename(command.chain, command.to);
				return;
			case "flush":
				for (const chain of this.named(command.chain)) empty(chain);
				this.changed = true;
				return;
			case "zero":
				this.zero(command.chain, command.number);
				return;
			case "delete":
			case "check":
				for (const rule of command.rules)
					this.deleteSame(command.chain, rule, command.kind === "check");
				return;
			default:
				this.changeByNumber(command);
		}
	}

	private append(chainName: string, rules: readonly Rule[]): void {
		const chain = this.chain(chainName);
		own(chain);
		for (const rule of rules) {
			this.checkTarget(rule.target);
			chain.rules.push(rule);
		}
		this.changed = true;
	}

	private changeByNumber(
		command: Extract<
			Command,
			{ kind: "insert" | "replace" } | { kind: "delete-number" }
		>,
	): void {
		const chain = this.chain(command.chain);
		const at = command.number - 1;
		const room = chain.rules.length + (command.kind === "insert" ? 1 : 0);
		if (at >= room)
			throw new CommandFailure(
				`Index of ${INDEX_OF[command.kind]} too big`,
				chain.rules.length === 0
					? `The chain ${chain.name} has no rules.`
					: `The chain ${chain.name} has ${chain.rules.length} rules.`,
				String(command.number),
			);
		own(chain);
		if (command.kind === "delete-number") chain.rules.splice(at, 1);
		else {
			for (const rule of command.rules) this.checkTarget(rule.target);
			const replaced = command.kind === "replace" ? 1 : 0;
			chain.rules.splice(at, replaced, ...command.rules);
		}
		this.changed = true;
	}

	private deleteSame(name: string, rule: Rule, dryRun: boolean): void {
		this.checkTarget(rule.target);
		const chain = this.chains.get(name);
		const at = chain?.rules.findIndex((other) => sameRule(other, rule)) ?? -1;
		if (chain === undefined || at < 0)
			throw new CommandFailure(
				// Looking the target up among the chains makes libiptc forget what it was asked for.
				rule.target === null || rule.target.kind === "verdict"
					? "Bad rule (does a matching rule exist in that chain?)"
					: NO_SUCH_NAME,
				chain === undefined
					? `There is no chain ${name} in ${this.name}.`
					: rule.matches.some((use) => use.name === "condition")
						? "A rule with `-m condition` is never found by its specification: delete it by its number."
						: "Delete it by its number, or write it as iptables-save prints it.",
				name,
			);
		if (dryRun) return;
		own(chain);
		chain.rules.splice(at, 1);
		this.changed = true;
	}

	private declare(
		command: Extract<Command, { kind: "chain" }>,
		noflush: boolean,
	): void {
		const { chain: name, policy, counters } = command;
		const chain = this.chains.get(name);
		if (chain === undefined) this.create(name);
		else if (chain.policy === null) {
			if (!noflush) this.create(name);
			empty(chain);
			this.changed = true;
		}
		if (policy === "-") return;
		try {
			this.policy(name, policy, counters ?? NO_COUNTERS);
		} catch (failure) {
			if (!(failure instanceof CommandFailure)) throw failure;
			throw new CommandFailure(
				`Can't set policy \`${policy}' on \`${name}' line ${command.line}: ${failure.message}`,
				failure.remedy,
				policy,
				true,
			);
		}
	}

	private policy(
		name: string,
		policy: string,
		counters: Counters | null,
	): void {
		const chain = this.chains.get(name);
		if (chain === undefined || chain.policy === null)
			throw new CommandFailure(
				"Bad built-in chain name",
				`Only built-in chains have a policy (in ${this.name}: ${TABLE_HOOKS[this.name].join(", ")}); write \`-\` for a chain of your own.`,
				name,
			);
		if (policy !== "ACCEPT" && policy !== "DROP")
			throw new CommandFailure(
				"Bad policy name",
				"A policy is ACCEPT or DROP.",
				policy,
			);
		chain.policy = policy;
		chain.counters = counters ?? NO_COUNTERS;
		this.changed = true;
	}

	private create(name: string): void {
		if (this.chains.has(name) || VERDICTS.has(name))
			throw new CommandFailure(
				"Chain already exists",
				"Declare a chain once, and not by the name of a verdict.",
				name,
			);
		this.chains.set(name, {
			name,
			policy: null,
			counters: NO_COUNTERS,
			rules: [],
			shared: false,
		});
		this.changed = true;
	}

	private deleteChain(name: string | null): void {
		const referenced = this.referenced();
		for (const chain of this.named(name)) {
			if (chain.policy !== null) {
				if (name === null) continue;
				throw new CommandFailure(
					"Invalid argument",
					"A built-in chain cannot be deleted: flush it (`-F`).",
					name,
				);
			}
			const used = referenced.has(chain.name);
			if (used || chain.rules.length > 0)
				throw new CommandFailure(
					used ? "Too many links" : "Directory not empty",
					used
						? `Delete the rules that jump to ${chain.name} first.`
						: `Flush it first: \`-F ${chain.name}\`.`,
					chain.name,
				);
			this.chains.delete(chain.name);
			this.changed = true;
		}
	}

	private referenced(): Set<string> {
		const names = new Set<string>();
		for (const chain of this.chains.values())
			for (const { target } of chain.rules)
				if (target?.kind === "jump" || target?.kind === "goto")
					names.add(target.chain);
		return names;
	}

	private rename(from: string, to: string): void {
		if (this.chains.has(to) || VERDICTS.has(to))
			throw new CommandFailure("File exists", "Choose another name.", to);
		const chain = this.chains.get(from);
		if (chain === undefined || chain.policy !== null)
			throw new CommandFailure(
				NO_SUCH_NAME,
				chain
					? "A built-in chain keeps its name."
					: `There is no chain ${from} in ${this.name}.`,
				from,
			);
		this.chains.delete(from);
		chain.name = to;
		this.chains.set(to, chain);
		for (const other of this.chains.values()) {
			own(other);
			other.rules = other.rules.map((rule) => retarget(rule, from, to));
		}
		this.changed = true;
	}

	private zero(name: string | null, number: number | null): void {
		for (const chain of this.named(name)) {
			if (number === null) chain.counters = NO_COUNTERS;
			else if (number > chain.rules.length)
				throw new CommandFailure(
					"Index of counter too big",
					`The chain ${chain.name} has ${chain.rules.length} rules.`,
					String(number),
				);
			own(chain);
			chain.rules = chain.rules.map((rule, index) =>
				number === null || index === number - 1
					? { ...rule, counters: NO_COUNTERS }
					: rule,
			);
		}
		this.changed = true;
	}

	private chain(name: string): ChainDraft {
		const chain = this.chains.get(name);
		if (chain !== undefined) return chain;
		const builtIn = Object.entries(TABLE_HOOKS)
			.filter(([, hooks]) => (hooks as readonly string[]).includes(name))
			.map(([table]) => table);
		throw new CommandFailure(
			NO_SUCH_NAME,
			builtIn.length > 0
				? `The table ${this.name} has no chain ${name}; ${builtIn.join(", ")} have.`
				: `Declare the chain before its first use: \`:${name} - [0:0]\`.`,
			name,
		);
	}

	private named(name: string | null): ChainDraft[] {
		return name === null ? [...this.chains.values()] : [this.chain(name)];
	}

	/** A jump leads to a chain that is there and is the user's own (`iptcc_map_target`). */
	private checkTarget(target: TargetUse | null): void {
		if (target?.kind !== "jump" && target?.kind !== "goto") return;
		const { chain: name, kind } = target;
		const chain = this.chains.get(name);
		if (chain === undefined)
			throw new CommandFailure(
				kind === "goto"
					? `goto '${name}' is not a chain`
					: `Couldn't load target \`${name}':No such file or directory`,
				kind === "goto" && VERDICTS.has(name)
					? `Write \`-j ${name}\`.`
					: `Declare the chain before its first use (\`:${name} - [0:0]\`), or correct the target's name.`,
				name,
				true,
			);
		if (chain.policy !== null)
			throw new CommandFailure(
				"Invalid argument",
				"A rule cannot jump to a built-in chain: put the rules into a chain of your own that both use.",
				name,
			);
	}
}

const INDEX_OF = {
	insert: "insertion",
	replace: "replacement",
	"delete-number": "deletion",
} as const;

function empty(chain: ChainDraft): void {
	chain.rules = [];
	chain.shared = false;
}

/** Before `rules` is changed: takes a copy when it belongs to somebody else. */
function own(chain: ChainDraft): void {
	if (!chain.shared) return;
	chain.rules = [...chain.rules];
	chain.shared = false;
}

function retarget(rule: Rule, from: string, to: string): Rule {
	const { target } = rule;
	if (target?.kind !== "jump" && target?.kind !== "goto") return rule;
	return target.chain === from
		? { ...rule, target: { ...target, chain: to } }
		: rule;
}
