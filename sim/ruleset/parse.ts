/**
 * Text to rulesets: a whole file, a file onto what is loaded (`restoreText`), a single command.
 *
 * ```ts
 * const ruleset = parseRuleset(text, { file: "recipe.rules" });     // throws RulesetError
 * const { faults } = checkRuleset(text, { file: "recipe.rules" });  // never throws
 * const { ruleset: next, replaced } = applyCommand(ruleset, parseCommand("iptables -t mangle -Z"));
 * ```
 */

import type { Rule, Ruleset, Table, TableName } from "../contract/ruleset.ts";
import { type Behaviour, behaviourOf } from "../linux/behaviour.ts";
import { DEFAULT_LINUX, type Linux } from "../linux/linux.ts";
import type { Command, CommandLine } from "./base/command.ts";
import { type Fault, RulesetError } from "./base/ruleset-error.ts";
import { TABLE_HOOKS } from "./base/tables.ts";
import {
	checkLoad,
	faultBeforeJump,
	type LoadFault,
	type Placed,
} from "./check/load-check.ts";
import { MissingSet, mustHaveSets } from "./check/open-points.ts";
import { changeTable } from "./table/change-table.ts";
import {
	CommandFailure,
	CrashWhenSent,
	JumpToBuiltIn,
	NotFollowed,
	TableDraft,
} from "./table/table-draft.ts";
import {
	exitCodeOfKernel,
	type FailedCommand,
	faultInTransaction,
	faultOfFailure,
	faultOfLoad,
	type LoadWords,
	type Place,
} from "./text/fault.ts";
import { foreignText } from "./text/foreign-text.ts";
import { readScript, type Statement } from "./text/read-script.ts";
import {
	SENT_TO_ADD,
	sentFor,
	type TransactionWords,
	transactionWords,
} from "./text/transaction-words.ts";

/** Options of `parseRuleset` and `checkRuleset`. @public */
export interface ParseOptions {
	/** Its name, for faults. */
	readonly file?: string;
	/** Whose kernel and iptables read it; left out: Debian 12 with iptables-legacy. */
	readonly linux?: Linux;
}

const NO_FILE = "<text>";

/** A ruleset with nothing loaded. */
export const EMPTY_RULESET: Ruleset = { tables: [] };

/**
 * Reads a whole ruleset, as `iptables-restore -c` would load it into an empty kernel.
 * @throws RulesetError with all faults
 * @public
 */
export function parseRuleset(
	text: string,
	options: ParseOptions = {},
): Ruleset {
	const { ruleset, faults } = checkRuleset(text, options);
	if (ruleset === null) throw new RulesetError(faults);
	return ruleset;
}

/**
 * The same, with the faults returned; `ruleset` is `null` when there are any. `tables` are all that were
 * read to their COMMIT, loaded or not.
 * @param options.counters those of policies have to be numbers, as `iptables-restore -c` wants them
 * @param options.hasSet is there a set of ipset of this name? Left out: all that rules name are
 * @public
 */
export function checkRuleset(
	text: string,
	options: ParseOptions & {
		readonly counters?: boolean;
		readonly hasSet?: (name: string) => boolean;
	} = {},
): {
	readonly ruleset: Ruleset | null;
	readonly tables: readonly Table[];
	readonly faults: readonly Fault[];
} {
	const behaviour = behaviourOf(options.linux ?? DEFAULT_LINUX);
	const loader = new Loader(EMPTY_RULESET, {
		...options,
		behaviour,
		kind: "restore",
		noflush: false,
	});
	const statements = readScript(text, {
		file: options.file ?? NO_FILE,
		behaviour,
		strictCounters: options.counters ?? false,
		ignoreCounters: false,
	});
	const faults: Fault[] = [];
	for (const statement of statements)
		for (const fault of loader.load(statement)) faults.push(fault);
	if (faults.length === 0)
		return { ruleset: loader.ruleset(), tables: loader.read, faults };
	const foreign = foreignText(text, options.file ?? NO_FILE);
	return foreign === null
		? { ruleset: null, tables: loader.read, faults }
		: { ruleset: null, tables: [], faults: [foreign] };
}

export interface Applied {
	/** What is loaded afterwards: tables that failed are as they were. */
	readonly ruleset: Ruleset;
	/**
	 * Tables that were replaced, one after the other, as they were then: all their state may start anew, though
	 * nothing in them may differ. One that a text commits twice stands here twice, and one without chains is gone.
	 */
	readonly replaced: readonly Table[];
	/** All tables that were read to their COMMIT, loaded or not. */
	readonly read: readonly Table[];
	/** Why it stopped; empty when all went well. */
	readonly faults: readonly Fault[];
}

export interface RestoreOptions extends ParseOptions {
	/** `--counters`: those that are written are kept. */
	readonly counters?: boolean;
	/** `--noflush`: tables are added to, not replaced. */
	readonly noflush?: boolean;
}

/** What there is besides the ruleset. */
interface Around {
	/** Is there a set of ipset of this name? Left out: all that a rule names are. */
	readonly hasSet?: (name: string) => boolean;
	/** Left out: Debian 12 with iptables-legacy. */
	readonly linux?: Linux;
}

/**
 * What `iptables-restore` makes of a text, table by table: the first fault ends it, and what was
 * committed before stays.
 * @param current with the counters as they stand; rules that stay keep theirs
 * @param options.firstLine number of the text's first line in its file; 1 when left out
 */
export function restoreText(
	current: Ruleset,
	text: string,
	options: RestoreOptions & Around & { readonly firstLine?: number } = {},
): Applied {
	const { file = NO_FILE, counters = false, noflush = false } = options;
	const { firstLine = 1, linux = DEFAULT_LINUX } = options;
	const behaviour = behaviourOf(linux);
	const loader = new Loader(current, {
		...options,
		behaviour,
		kind: "restore",
		noflush,
	});
	const statements = readScript(text, {
		file,
		behaviour,
		strictCounters: counters,
		ignoreCounters: !counters,
		firstLine,
	});
	for (const statement of statements) {
		const faults = loader.load(statement);
		if (faults.length > 0) return loader.applied(faults);
	}
	return loader.applied(NO_FAULTS);
}

/** The same of a single command, which is committed at once. */
export function applyCommand(
	current: Ruleset,
	line: CommandLine,
	around: Around = {},
): Applied {
	const { file, text, table, command } = line;
	const behaviour = behaviourOf(around.linux ?? DEFAULT_LINUX);
	const loader = new Loader(current, {
		...around,
		behaviour,
		kind: "command",
		noflush: true,
	});
	const place = () => ({ file, line: 1, text });
	loader.load({ kind: "table", name: table });
	const faults = loader.load({ kind: "command", command, place });
	if (faults.length > 0) return loader.applied(faults);
	return loader.applied(loader.load({ kind: "commit", place, placeOf: place }));
}

const NO_FAULTS: readonly Fault[] = [];

/** A rule that was added and deleted in one transaction, and where it was deleted. */
interface Deleted extends Placed {
	readonly place: Place;
}

/** How tables are loaded. */
interface Loading extends Around {
	readonly behaviour: Behaviour;
	readonly kind: "restore" | "command";
	readonly noflush: boolean;
}

/** The tables while a text is loaded: a class because each statement changes them. */
class Loader {
	readonly replaced: Table[] = [];
	/** Every table at its COMMIT, also where the kernel finds something wrong with it. */
	readonly read: Table[] = [];
	private readonly loaded: Map<TableName, Table>;
	private readonly how: Loading;
	private open: TableDraft | null = null;
	/** Commands go to the kernel with the COMMIT, and what fails is found out then (iptables-nft). */
	private readonly isTransaction: boolean;
	private failed: FailedCommand[] = [];
	/** New rules that were deleted again, and by which command: they are sent nevertheless. */
	private readonly deleted = new Map<Rule, Deleted>();
	/** By line: what was sent for its rules. */
	private readonly sent = new Map<number, string>();
	/** By line of a rule that is sent in the place of a new one: the line of that one. */
	private readonly standIns = new Map<number, number>();

	constructor(current: Ruleset, how: Loading) {
		this.isTransaction = how.behaviour.commands === "with COMMIT";
		this.how = how;
		this.loaded = new Map(current.tables.map((table) => [table.name, table]));
	}

	ruleset(): Ruleset {
		return { tables: [...this.loaded.values()] };
	}

	/** What has come of the statements so far. */
	applied(faults: readonly Fault[]): Applied {
		const { replaced, read } = this;
		return { ruleset: this.ruleset(), replaced, read, faults };
	}

	/** Carries a statement out. @returns what is wrong with it */
	load(statement: Statement): readonly Fault[] {
		switch (statement.kind) {
			case "table":
				this.beginTable(statement.name);
				return NO_FAULTS;
			case "command":
				return this.runCommand(statement.command, statement.place);
			case "commit":
				return this.commit(statement.place, statement.placeOf);
			default:
				return statement.faults;
		}
	}

	/**
	 * In iptables-legacy a table comes into being when it is first asked for (`xt_find_table_lock`), whatever
	 * becomes of that.
	 */
	private beginTable(name: TableName): void {
		const known = this.loaded.get(name);
		const open = new TableDraft(name, known ?? null, this.how.behaviour);
		this.open = open;
		if (known === undefined && open.exists) this.loaded.set(name, open.build());
		if (!this.how.noflush) open.clear();
	}

	private runCommand(command: Command, place: () => Place): readonly Fault[] {
		try {
			const { hasSet, noflush } = this.how;
			if (hasSet !== undefined) mustHaveSets(command, hasSet);
			const { open, isTransaction } = this;
			if (command.kind === "replace" || command.kind === "zero")
				this.mustNotBeNew(command);
			if (open !== null)
				changeTable(
					open,
					isTransaction ? withoutOwnPolicy(command, open) : command,
					noflush || isTransaction,
				);
			if (!isTransaction) return NO_FAULTS;
			if (open !== null) this.noteDeleted(open, place);
			if ("rules" in command)
				this.sent.set(command.line, this.sentWith(command));
		} catch (error) {
			if (!(error instanceof CommandFailure)) throw error;
			if (
				!this.isTransaction ||
				error instanceof MissingSet ||
				error instanceof NotFollowed
			)
				return [faultOfFailure(place(), error, this.how.kind)];
			const words = this.wordsOf(error, command);
			this.failed.push({ place: place(), failure: error, words });
		}
		return NO_FAULTS;
	}

	private wordsOf(error: CommandFailure, command: Command): TransactionWords {
		const { behaviour } = this.how;
		const words = transactionWords(error, command, behaviour);
		const { open } = this;
		if (!(error instanceof JumpToBuiltIn) || open === null) return words;
		const chain = open.chains.get("rules" in command ? command.chain : "");
		const [rule] = "rules" in command ? command.rules : [];
		if (chain === undefined || rule === undefined) return words;
		const before = faultBeforeJump(
			{ chain: chain.build(), rule },
			{ table: open.build(), loaded: [...this.loaded.values()], behaviour },
		);
		return before === null
			? words
			: {
					...words,
					message: before.message.replace(SENT_TO_ADD, sentFor(command.kind)),
				};
	}

	/**
	 * iptables-nft frees a rule that it has yet to send when another one takes its place, which -Z of its
	 * number does as well (`nft_rule_append`, iptables/nft.c). @throws Crash
	 */
	private mustNotBeNew({
		chain,
		number,
		line,
	}: Extract<Command, { kind: "insert" | "replace" | "zero" }>): void {
		const { replacedAtOnce } = this.how.behaviour;
		if (replacedAtOnce === "takes its place") return;
		if (chain === null || number === null) return;
		const unsent = this.open?.unsentIn(chain, number - 1) ?? null;
		if (unsent === null) return;
		if (replacedAtOnce === "is lost sight of" && !unsent.isAgain)
			this.standIns.set(line, unsent.rule.line);
		else
			throw new CrashWhenSent(
				"Segmentation fault",
				"iptables itself ends here: write the rule as it is to be in the first place.",
				String(number),
			);
	}

	/** What is sent for its rules: of those that stand in for others, what these were to be sent with. */
	private sentWith({ line, kind }: Command): string {
		return this.sent.get(this.standIns.get(line) ?? -1) ?? sentFor(kind);
	}

	/** The open table, as far as this very transaction has not made it. */
	private get before(): Table | undefined {
		return this.how.noflush
			? this.loaded.get(this.open?.name ?? "filter")
			: undefined;
	}

	private noteDeleted({ removed }: TableDraft, place: () => Place): void {
		const known = this.before?.chains ?? [];
		for (const { chain, rule } of removed.splice(0))
			if (!known.some(({ rules }) => rules.includes(rule)))
				this.deleted.set(rule, { chain: chain.build(), rule, place: place() });
	}

	/** An added rule may have been inserted, or have replaced another one. */
	private asSent(fault: LoadFault): LoadFault {
		const sent = this.sent.get(fault.rule.line) ?? SENT_TO_ADD;
		const message = fault.message.replace(SENT_TO_ADD, sent);
		return { ...fault, message };
	}

	/** What iptables-restore says in front of a fault that the kernel finds. */
	private lineWords(
		{ rule }: Pick<LoadFault, "rule">,
		commit: Place,
	): LoadWords {
		const { kind, behaviour } = this.how;
		const exitCode = exitCodeOfKernel(behaviour);
		if (kind === "command") return { kind: "alone", exitCode };
		if (behaviour.refusedRule === "the COMMIT")
			return { kind: "commit", line: commit.line, exitCode };
		const isOwn = behaviour.refusedRule === "the rule";
		const line = this.standIns.get(rule.line) ?? rule.line;
		return { kind: "rule", line: isOwn ? line : commit.line, exitCode };
	}

	private commit(
		place: () => Place,
		placeOf: (line: number) => Place,
	): readonly Fault[] {
		const { open } = this;
		this.open = null;
		if (open === null) return NO_FAULTS;
		open.finishRenames();
		const table = open.build();
		this.read.push(table);
		const first = firstOf(this.failed);
		this.failed = [];
		const failed = first.map((one) =>
			faultInTransaction(one, place(), this.how),
		);
		if (first.some(({ words }) => words.by !== "kernel")) return failed;
		const faults = checkLoad(
			table,
			[...this.loaded.values()],
			this.how.behaviour,
			{ removed: [...this.deleted.values()], isRefused: failed.length > 0 },
		);
		const deleted = new Map(this.deleted);
		this.deleted.clear();
		if (faults.length + failed.length === 0) {
			if (open.changed) this.put(table);
			return NO_FAULTS;
		}
		const commit = place();
		const before = this.loaded.get(table.name)?.chains ?? [];
		const refused = faults.flatMap((fault) => {
			// A rule that was loaded before comes from another file.
			const known = before.some(({ rules }) => rules.includes(fault.rule));
			const place = known ? commit : placeOf(fault.rule.line);
			const words = this.lineWords(fault, commit);
			const added = faultOfLoad(place, words, this.asSent(fault));
			const again = deleted.get(fault.rule);
			return again === undefined
				? [added]
				: [added, this.notDeleted(again, commit)];
		});
		if (failed.length === 0) return refused;
		// The kernel names what it refuses in the order in which it was sent.
		return [...failed, ...refused].sort((one, other) => one.line - other.line);
	}

	/** What is not there cannot be deleted: the kernel says so besides. */
	private notDeleted({ chain, rule, place }: Deleted, commit: Place): Fault {
		const words = this.lineWords(
			{ rule: { ...rule, line: place.line } },
			commit,
		);
		return faultOfLoad(place, words, {
			rule,
			about: chain.name,
			message: `RULE_DELETE failed (No such file or directory): rule in chain ${chain.name}`,
			remedy:
				"Take both lines out: the rule is refused, and so it is not there.",
		});
	}

	private put(table: Table): void {
		const { name, chains } = table;
		const isGone = chains.length === 0;
		if (isGone && !this.loaded.delete(name)) return;
		if (!isGone) this.loaded.set(name, table);
		this.replaced.push(table);
	}
}

/** Of what the kernel would refuse, it is asked when nothing else has failed. */
function firstOf(failed: readonly FailedCommand[]): readonly FailedCommand[] {
	const isWhenSent = ({ failure }: FailedCommand) =>
		failure instanceof CrashWhenSent;
	const before = failed.filter(
		(one) => one.words.by !== "kernel" && !isWhenSent(one),
	);
	const whenSent = failed.filter(isWhenSent);
	return [before, whenSent].find(({ length }) => length > 0) ?? failed;
}

/** iptables-nft passes over the policy of a user's chain. */
function withoutOwnPolicy(command: Command, { name }: TableDraft): Command {
	return command.kind === "chain" &&
		TABLE_HOOKS[name].every((hook) => hook !== command.chain)
		? { ...command, policy: "-" }
		: command;
}
