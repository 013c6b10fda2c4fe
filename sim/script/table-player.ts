/**
 * Carries out the iptables commands of a script, each of which is committed by itself. What the
 * kernel says of a table costs as much as the table is long, so it is asked as late as it makes no
 * difference: before a command that could hide a fault, and at the end.
 */

import type { Rule, Ruleset, Table, TableName } from "../contract/ruleset.ts";
import { type Behaviour, behaviourOf } from "../linux/behaviour.ts";
import type { Linux } from "../linux/linux.ts";
import type { Command } from "../ruleset/base/command.ts";
import {
	asksForTheWhole,
	checkLoad,
	type LoadFault,
} from "../ruleset/check/load-check.ts";
import { restoreText } from "../ruleset/parse.ts";
import { changeTable } from "../ruleset/table/change-table.ts";
import { CommandFailure, TableDraft } from "../ruleset/table/table-draft.ts";
import { exitCodeOfKernel } from "../ruleset/text/fault.ts";
import {
	SENT_TO_ADD,
	sentFor,
	transactionWords,
} from "../ruleset/text/transaction-words.ts";
import {
	FLAGS,
	forCommands,
	mayHide,
	mayUncover,
	parseWords,
	takesOutSeveral,
	type WordRefusal,
} from "./parse-words.ts";
import type {
	Executor,
	IptablesCommand,
	RestoreCommand,
} from "./run/executor.ts";
import type { Report, Span } from "./run/report.ts";

/** A command that was carried out, but of which the kernel was not asked yet. */
interface Done {
	readonly table: TableName;
	readonly command: Command;
	readonly given: IptablesCommand;
}

/** After as many faults that only the kernel finds, no more are looked for: each costs a whole table. */
const MOST_KERNEL_FAULTS = 100;

/** A class because it is tables that change. */
export class TablePlayer implements Executor {
	private readonly report: Report;
	private readonly linux: Linux;
	private readonly behaviour: Behaviour;
	/** The tables as the kernel has taken them. */
	private taken = new Map<TableName, Table>();
	/** The same with `done` carried out. */
	private open = new Map<TableName, TableDraft>();
	private done: Done[] = [];
	/** Names of chains that the script has made: they come before targets of that name. */
	private readonly made = new Set<string>();
	/** Among `done` may be what the kernel refuses. */
	private unasked = false;
	private kernelFaults = 0;
	private stopped = false;

	constructor(report: Report, linux: Linux) {
		this.report = report;
		this.linux = linux;
		this.behaviour = behaviourOf(linux);
	}

	/** What is loaded in the end. */
	ruleset(): Ruleset {
		this.settle();
		const begun = [...this.open].flatMap(([name, { exists }]) =>
			exists ? [name] : [],
		);
		const names = new Set([...this.taken.keys(), ...begun]);
		return { tables: [...names].map((name) => this.tableNow(name)) };
	}

	iptables(given: IptablesCommand): boolean {
		if (this.stopped) return false;
		const parsed = parseWords(given, this.report.lineAt(given.from), {
			behaviour: this.behaviour,
			announced: this.made,
		});
		if ("refusals" in parsed) {
			this.refused(given, parsed.refusals);
			return false;
		}
		const { table, command } = parsed;
		const draft = this.draftOf(table);
		if (command.kind === "nothing") return true;
		if (command.kind === "new-chain") this.made.add(command.chain);
		if (this.unasked && mayHide(command) && !this.settle()) return false;
		try {
			changeTable(draft, command);
		} catch (failure) {
			if (!(failure instanceof CommandFailure)) throw failure;
			// Some of several may have been taken out; nothing of it is committed.
			if (takesOutSeveral(command)) this.open = this.replayed(this.done);
			this.failed(given, failure, command);
			return false;
		}
		this.done.push({ table, command, given });
		return this.asked(table, command, given);
	}

	restore(given: RestoreCommand): boolean {
		if (!this.settle()) return false;
		const flags = given.words.map(({ text }) => text);
		const odd = given.words.find(({ text }) => !FLAGS.test(text));
		if (odd !== undefined) {
			this.report.cannotKnow(
				odd,
				`\`${odd.text}\` of iptables-restore is not known`,
				"Take it out.",
			);
			return false;
		}
		const has = (...names: string[]) => flags.some((it) => names.includes(it));
		const { ruleset, faults } = restoreText(this.ruleset(), given.text, {
			file: this.report.file,
			firstLine: given.firstLine,
			noflush: has("-n", "--noflush"),
			counters: has("-c", "--counters"),
			linux: this.linux,
		});
		this.report.faults.push(...faults);
		if (!has("-t", "--test")) {
			this.taken = new Map(ruleset.tables.map((it) => [it.name, it]));
			this.open.clear();
			this.done = [];
		}
		if (faults.length > 0 && given.fatal) this.stopped = true;
		return faults.length === 0;
	}

	/** Asks the kernel of all that was done; what it refuses is taken back, and said. */
	settle(): boolean {
		while (this.unasked && !this.stopped) {
			if (this.faultsOf(this.open).length === 0) this.take();
			else this.refuseFirst();
		}
		return !this.stopped;
	}

	/** A table of iptables-legacy comes into being when it is first named. */
	private draftOf(name: TableName): TableDraft {
		const open = this.open.get(name);
		if (open !== undefined) return open;
		const taken = this.taken.get(name) ?? null;
		const draft = new TableDraft(name, taken, this.behaviour);
		if (taken === null && draft.exists) this.taken.set(name, draft.build());
		this.open.set(name, draft);
		return draft;
	}

	private tableNow(name: TableName): Table {
		return this.open.get(name)?.build() ?? (this.taken.get(name) as Table);
	}

	/** Is the kernel to be asked now? @returns whether the command was taken */
	private asked(
		table: TableName,
		command: Command,
		given: IptablesCommand,
	): boolean {
		const rule = "rules" in command ? command.rules[0] : undefined;
		const adds = command.kind !== "delete" && command.kind !== "check";
		const asks =
			adds &&
			rule &&
			asksForTheWhole(rule) &&
			!this.leadsToNothing(table, rule);
		if (asks || mayUncover(command)) this.unasked = true;
		const wrong = adds && rule && this.isWrongAlone(table, command, rule);
		if (wrong) this.unasked = true;
		if (!this.unasked || !(wrong || given.awaited)) return true;
		const before = this.report.faults.length;
		return this.settle() && this.report.faults.length === before;
	}

	/** A jump to a chain without rules makes nothing reachable. */
	private leadsToNothing(name: TableName, { matches, target }: Rule): boolean {
		if (target?.kind !== "jump" || matches.length > 0) return false;
		return this.open.get(name)?.chains.get(target.chain)?.length === 0;
	}

	/** Would the kernel refuse the rule if it stood alone? Then it is asked at once. */
	private isWrongAlone(name: TableName, command: Command, rule: Rule): boolean {
		const chain = "chain" in command ? (command.chain ?? "") : "";
		const policy = this.open.get(name)?.chains.get(chain)?.policy ?? null;
		const counters = rule.counters;
		const alone = { name: chain, policy, counters, rules: [rule] };
		return checkLoad({ name, chains: [alone] }, [], this.behaviour).length > 0;
	}

	private faultsOf(
		open: ReadonlyMap<TableName, TableDraft>,
	): readonly LoadFault[] {
		const loaded = [...this.taken.values()];
		const faults: LoadFault[] = [];
		for (const draft of open.values())
			if (draft.changed)
				faults.push(...checkLoad(draft.build(), loaded, this.behaviour));
		return faults;
	}

	private take(): void {
		for (const [name, draft] of this.open)
			if (draft.exists) this.taken.set(name, draft.build());
		this.done = [];
		this.unasked = false;
	}

	/** Finds the first command that the kernel refuses, and goes on without it. */
	private refuseFirst(): void {
		const { done } = this;
		let good = 0;
		let bad = done.length;
		while (bad - good > 1) {
			const middle = (good + bad) >> 1;
			const faults = this.faultsOf(this.replayed(done.slice(0, middle)));
			if (faults.length === 0) good = middle;
			else bad = middle;
		}
		const [fault] = this.faultsOf(this.replayed(done.slice(0, bad)));
		const culprit = done[bad - 1] as Done;
		const { given, command } = culprit;
		if (fault !== undefined)
			this.report.fault(this.wordOf(given, fault.about), {
				code: "kernel",
				message: fault.message.replace(SENT_TO_ADD, sentFor(command.kind)),
				remedy: fault.remedy,
				exitCode: exitCodeOfKernel(this.behaviour),
				from: "kernel",
			});
		const rest = done.slice(bad);
		this.done = done.slice(0, good);
		this.open = this.replayed(this.done);
		this.take();
		if (given.fatal) this.stop(given);
		else if (++this.kernelFaults >= MOST_KERNEL_FAULTS) this.giveUp(given);
		if (this.stopped) return;
		this.done = rest;
		this.open = this.replayed(rest);
		this.unasked = rest.length > 0;
	}

	/** The tables as they were taken, with these commands carried out. */
	private replayed(done: readonly Done[]): Map<TableName, TableDraft> {
		const open = new Map<TableName, TableDraft>();
		for (const { table, command } of done) {
			let draft = open.get(table);
			if (draft === undefined) {
				const taken = this.taken.get(table) ?? null;
				draft = new TableDraft(table, taken, this.behaviour);
				open.set(table, draft);
			}
			try {
				changeTable(draft, command);
			} catch (failure) {
				// It went well after a command that is not there any more.
				if (!(failure instanceof CommandFailure)) throw failure;
			}
		}
		return open;
	}

	private refused(
		given: IptablesCommand,
		refusals: readonly WordRefusal[],
	): void {
		if (!this.settle()) return;
		for (const { refusal, word } of refusals) {
			const isOwn = refusal.from === "marktwin";
			this.report.fault(given.words[word] ?? given, {
				code: isOwn ? "not-known" : "bad-line",
				message: refusal.message,
				remedy: forCommands(refusal.remedy),
				exitCode: isOwn ? null : refusal.exitCode,
				from: isOwn ? "marktwin" : "iptables",
			});
		}
		if (given.fatal) this.stop(given);
	}

	private failed(
		given: IptablesCommand,
		failure: CommandFailure,
		command: Command,
	): void {
		if (!this.settle()) return;
		const { remedy, about } = failure;
		const said =
			this.behaviour.commands === "with COMMIT"
				? transactionWords(failure, command, this.behaviour)
				: failure;
		const { message } = said;
		const isOfKernel = "by" in said && said.by === "kernel";
		if (given.allowed) {
			this.report.note(
				given.from,
				`fails, and the script allows for it: ${message}`,
			);
			return;
		}
		this.report.fault(this.wordOf(given, about), {
			code: "failed",
			message,
			exitCode: isOfKernel
				? exitCodeOfKernel(this.behaviour)
				: failure.exitCode,
			from: isOfKernel ? "kernel" : "iptables",
			remedy: forCommands(remedy),
		});
		if (given.fatal) this.stop(given);
	}

	/** The word that a fault is about. */
	private wordOf(given: IptablesCommand, about: string): Span {
		return given.words.findLast(({ text }) => text === about) ?? given;
	}

	private stop(given: Span): void {
		this.stopped = true;
		this.report.note(given.from, "`set -e` ends the script here");
	}

	private giveUp(given: Span): void {
		this.stopped = true;
		this.report.cannotKnow(
			given,
			`the kernel refuses ${MOST_KERNEL_FAULTS} commands; the rest of the script is not looked at`,
			"Mend these first.",
		);
	}
}
