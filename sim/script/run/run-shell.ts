/**
 * Goes through a shell script of iptables commands as a shell would, as far as can be known without
 * running it: variables that are assigned plainly, `;`, `&&`, `||`, `set -e`, here-documents. What
 * only a run would tell is refused where rules depend on it.
 */

import { ShellParser } from "../syntax/parser.ts";
import type {
	Pipeline,
	ShellCommand,
	SimpleCommand,
	Statement,
} from "../syntax/statement.ts";
import { ShellSyntaxError } from "../syntax/token.ts";
import { Backends, ONE_BACKEND } from "./backends.ts";
import { type Status, WRITE_OUT } from "./bystanders.ts";
import { Effects } from "./effects.ts";
import type { Executor, ExpandedWord, How } from "./executor.ts";
import { bearingOf, IPTABLES, programName } from "./known-commands.ts";
import { OtherCommands } from "./other-commands.ts";
import type { Report, Span } from "./report.ts";
import { changeOptions } from "./shell-options.ts";
import { ShellState } from "./shell-state.ts";
import {
	carriesRules,
	fromCat,
	HELP,
	isListing,
	isSilent,
} from "./shell-words.ts";
import type { Unknown } from "./variables.ts";

/** @param source the script's text */
export function runShell(
	source: string,
	executor: Executor,
	report: Report,
): void {
	const shell = new Shell(executor, report);
	const [, flags] = /^#!.*\s(-\w+)/.exec(source) ?? [];
	if (flags !== undefined) changeOptions(shell.others.options, [flags]);
	try {
		const parser = new ShellParser(source);
		for (;;) {
			const statement = parser.next();
			if (statement === null) break;
			if (shell.run(statement)) continue;
			if (parser.next() !== null)
				report.note(statement.from, "the script ends here");
			break;
		}
		executor.settle();
	} catch (error) {
		if (!(error instanceof ShellSyntaxError)) throw error;
		if (!executor.settle()) return;
		const { offset, message, remedy } = error;
		report.cannotKnow({ from: offset, to: offset + 1 }, message, remedy);
	}
}

/** A class because it is the state of a shell. */
class Shell {
	private readonly executor: Executor;
	private readonly report: Report;
	private readonly state: ShellState;
	readonly others: OtherCommands;
	private ended = false;
	private readonly backends = new Backends();

	constructor(executor: Executor, report: Report) {
		this.executor = executor;
		this.report = report;
		this.state = new ShellState((offset) => report.lineAt(offset));
		this.others = new OtherCommands(this.state, report, {
			cannotKnow: (...what) => this.cannotKnow(...what),
			end: () => this.end(),
		});
	}

	/** @returns false when the script ends here */
	run({ pipelines, background }: Statement): boolean {
		let status: Status = "succeeded";
		for (const [index, pipeline] of pipelines.entries()) {
			const { after } = pipeline;
			if (after === "&&" && status === "failed") continue;
			if (after === "||" && status === "succeeded") continue;
			const last = index === pipelines.length - 1;
			const how = {
				allowed: pipelines.slice(index + 1).some(({ after }) => after === "||"),
				fatal: this.others.options.errexit && last && !pipeline.negated,
				awaited: pipelines.length > 1 || pipeline.negated,
			};
			const certain = !background && (after === "" || status !== "unknown");
			status = this.pipeline(pipeline, how, certain);
			if (how.fatal && certain && !this.ended) this.mayStop(pipeline, status);
			if (this.ended) return false;
		}
		return true;
	}

	/** What `set -e` makes of a status. */
	private mayStop({ commands }: Pipeline, status: Status): void {
		const last = commands.at(-1);
		if (last?.kind !== "simple" || status === "succeeded") return;
		if (status === "failed") {
			this.report.note(last.from, "`set -e` ends the script here");
			this.end();
		} else if (this.report.faults.length === 0)
			this.report.note(
				last.from,
				"`set -e` ends the script here if this fails, which only a run would tell: taken to go on",
			);
	}

	private pipeline(pipeline: Pipeline, how: How, certain: boolean): Status {
		const { commands, negated } = pipeline;
		const [first, second] = commands;
		if (first === undefined) return "succeeded";
		const only =
			commands.length === 1 ? first : fromCat(first, second, commands);
		let status: Status = "unknown";
		if (only !== null && certain) status = this.command(only, how);
		else for (const command of commands) this.uncertain(command, only !== null);
		if (!negated || status === "unknown") return status;
		return status === "failed" ? "succeeded" : "failed";
	}

	/** A command of which it is not known whether it runs, or that runs in a pipeline. */
	private uncertain(command: ShellCommand, conditional: boolean): void {
		if (command.kind === "compound") {
			this.others.compound(command);
			return;
		}
		const words = this.state.expand(command);
		if (!("unknown" in words) && isListing(words)) {
			if (this.others.refusesExpansions(command)) return;
			const { from, to } = command;
			this.iptables({ from, to }, words, {
				allowed: true,
				fatal: false,
				awaited: false,
			});
			return;
		}
		const effects = new Effects(this.state).simple(command);
		if (effects.reason !== null) {
			const why = conditional
				? "whether it runs is known only when the script is run"
				: "it stands in a pipeline";
			this.cannotKnow(
				command,
				`${why}, and it holds ${effects.reason}`,
				WRITE_OUT,
			);
			return;
		}
		this.others.noteEnd(command, effects);
		this.others.forget(command, [...effects.assigned, ...effects.defaulted]);
		if (!("unknown" in words) && words.length > 0 && effects.ends === null)
			this.others.run(command, words);
	}

	private command(command: ShellCommand, how: How): Status {
		if (command.kind === "compound") {
			this.others.compound(command);
			return command.name === "" ? "unknown" : "succeeded";
		}
		if (this.others.refusesExpansions(command)) return "unknown";
		if (this.state.assign(command)) {
			this.others.assigned(command);
			return "succeeded";
		}
		const words = this.state.expand(command);
		if ("unknown" in words) return this.unknownWords(command, words);
		const [first] = words;
		if (first === undefined) return "succeeded";
		const name = programName(first.text);
		const silent = isSilent(command);
		const run = { ...how, allowed: how.allowed || silent };
		let status: Status;
		if (
			bearingOf(name).kind !== "rules" ||
			this.state.functions.has(first.text)
		)
			status = this.others.run(command, words);
		else if (IPTABLES.has(name)) status = this.iptables(command, words, run);
		else status = this.restore(command, words, run);
		if (this.state.fields(command).replaces) this.end();
		return status;
	}

	private iptables(
		{ from, to }: Span,
		all: readonly ExpandedWord[],
		how: How,
	): Status {
		const [program, ...words] = all;
		if (words.some(({ text }) => HELP.test(text))) {
			this.report.note(from, "prints a help text: ignored");
			return "succeeded";
		}
		if (!isListing(all) && !this.isOfOneBackend(program)) return "unknown";
		const done = this.executor.iptables({ words, from, to, ...how });
		if (!done && how.fatal) this.end();
		return done ? "succeeded" : "failed";
	}

	private restore(
		command: SimpleCommand,
		[program, ...words]: readonly ExpandedWord[],
		how: How,
	): Status {
		if (!this.isOfOneBackend(program)) return "unknown";
		const input = command.redirections.find(({ descriptor: d }) => d === "0");
		const document = input?.document;
		if (!document) {
			this.cannotKnow(
				command,
				"iptables-restore reads what is not in the script",
				"Give marktwin the file that it reads, or put its text in with `<<'EOF'`.",
			);
			return "unknown";
		}
		const text = document.literal
			? { value: document.text }
			: this.state.variables.substitute(document.text, document.from);
		if ("unknown" in text) {
			this.cannotKnow(command, text.unknown, text.remedy);
			return "unknown";
		}
		const { from, to } = command;
		const firstLine = this.report.lineAt(document.from);
		const done = this.executor.restore({
			words,
			from,
			to,
			firstLine,
			text: text.value,
			...how,
		});
		if (!done && how.fatal) this.end();
		return done ? "succeeded" : "failed";
	}

	/** @returns false where the program changes another ruleset than those before it */
	private isOfOneBackend(program: ExpandedWord | undefined): boolean {
		if (program === undefined) return true;
		const remark = this.backends.call(programName(program.text));
		if (remark === null) return true;
		if (remark.kind === "note") this.report.note(program.from, remark.message);
		else this.cannotKnow(program, remark.message, ONE_BACKEND);
		return remark.kind === "note";
	}

	/** A command that has words which are not known: that matters where it changes rules. */
	private unknownWords(command: SimpleCommand, unknown: Unknown): Status {
		const { variables } = this.state;
		const [first] = command.words;
		const name = first ? variables.expand(first) : [];
		if ("unknown" in name || carriesRules(command, variables)) {
			this.cannotKnow(command, unknown.unknown, unknown.remedy);
			return "unknown";
		}
		const { from = 0, to = 0 } = first ?? {};
		return this.others.run(
			command,
			name.map((text) => ({ text, from, to })),
		);
	}

	private cannotKnow(span: Span, message: string, remedy: string): void {
		if (this.executor.settle()) this.report.cannotKnow(span, message, remedy);
		else this.end();
	}

	private end(): void {
		this.ended = true;
	}
}
