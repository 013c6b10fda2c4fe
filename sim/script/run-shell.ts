/**
 * Goes through a shell script of iptables commands as a shell would, as far as can be known without
 * running it: variables that are assigned plainly, `;`, `&&`, `||`, `set -e`, here-documents. What
 * only a run would tell is refused where rules depend on it.
 */

import { Backends, ONE_BACKEND } from "./backends.ts";
import { nameOf, type Status, sayBystander, WRITE_OUT } from "./bystanders.ts";
import type { Executor, ExpandedWord, How } from "./executor.ts";
import { bearingOf, IPTABLES, programName } from "./known-commands.ts";
import { ShellParser } from "./parser.ts";
import type { Report, Span } from "./report.ts";
import { ShellState } from "./shell-state.ts";
import {
	carriesRules,
	fromCat,
	isListing,
	isSilent,
	stopsAfter,
} from "./shell-words.ts";
import type {
	CompoundCommand,
	Pipeline,
	ShellCommand,
	SimpleCommand,
	Statement,
} from "./statement.ts";
import { ShellSyntaxError } from "./token.ts";
import type { Unknown } from "./variables.ts";

/** @param source the script's text */
export function runShell(
	source: string,
	executor: Executor,
	report: Report,
): void {
	const shell = new Shell(executor, report);
	if (/^#!.*\s-\w*e/.test(source)) shell.stopsAtFailure = true;
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
	stopsAtFailure = false;
	private ended = false;
	private readonly backends = new Backends();

	constructor(executor: Executor, report: Report) {
		this.executor = executor;
		this.report = report;
		this.state = new ShellState((offset) => report.lineAt(offset));
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
				fatal: this.stopsAtFailure && last && !pipeline.negated,
				awaited: pipelines.length > 1 || pipeline.negated,
			};
			const certain = !background && (after === "" || status !== "unknown");
			status = this.pipeline(pipeline, how, certain);
			if (this.ended) return false;
		}
		return true;
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
			this.compound(command);
			return;
		}
		const words = this.state.expand(command);
		const name = "unknown" in words ? "" : programName(words[0]?.text ?? "");
		if (name === "exit" || name === "return") {
			this.report.note(
				command.from,
				`whether \`${name}\` is reached is not known: taken to go on`,
			);
			return;
		}
		if (!("unknown" in words) && isListing(words)) {
			const { from, to } = command;
			this.iptables({ from, to }, words, {
				...{ allowed: true, fatal: false, awaited: false },
			});
			return;
		}
		if (
			"unknown" in words
				? carriesRules(command, this.state.variables)
				: this.state.mayChangeRules(words)
		) {
			const why = conditional
				? "whether it runs is known only when the script is run"
				: "it stands in a pipeline";
			this.cannotKnow(command, why, WRITE_OUT);
			return;
		}
		this.state.forgetAssigned(command);
		if (!("unknown" in words) && words.length > 0) this.other(command, words);
	}

	private command(command: ShellCommand, how: How): Status {
		if (command.kind === "compound") {
			this.compound(command);
			return command.name === "" ? "unknown" : "succeeded";
		}
		if (this.state.assign(command)) return "succeeded";
		const words = this.state.expand(command);
		if ("unknown" in words) return this.unknownWords(command, words);
		const [first] = words;
		if (first === undefined) return "succeeded";
		const name = programName(first.text);
		const silent = isSilent(command);
		const run = { ...how, allowed: how.allowed || silent };
		if (IPTABLES.has(name)) return this.iptables(command, words, run);
		if (bearingOf(name).kind === "rules")
			return this.restore(command, words, run);
		return this.other(command, words);
	}

	private iptables(
		{ from, to }: Span,
		all: readonly ExpandedWord[],
		how: How,
	): Status {
		const [program, ...words] = all;
		if (words.some(({ text }) => /^(--version|--help|-V|-h)$/.test(text))) {
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
			...{ words, from, to, firstLine, text: text.value },
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

	/** Everything that is neither iptables nor an assignment. */
	private other(
		command: SimpleCommand,
		words: readonly ExpandedWord[],
	): Status {
		const [first, second] = words;
		const word = first?.text ?? "";
		const name = programName(word);
		const called = this.state.functions.get(word);
		if (called !== undefined) {
			this.held(command, called, `the function ${word}`);
			return "succeeded";
		}
		if (name === "set") {
			this.stopsAtFailure = stopsAfter(words, this.stopsAtFailure);
			return "succeeded";
		}
		if (name === "false") return "failed";
		if (name === "exit" || name === "return" || name === "exec") {
			if (name === "exec" && second === undefined) return "succeeded";
			this.end();
			return "unknown";
		}
		if (name === "unset")
			for (const { text } of words) this.state.variables.unset(text);
		if (name === "read")
			for (const { text } of words.slice(1)) this.state.forget(text, command);
		return sayBystander(command, words, this.report, (span, message, remedy) =>
			this.cannotKnow(span, message, remedy),
		);
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
		return this.other(
			command,
			name.map((text) => ({ text, from, to })),
		);
	}

	/** What it holds is not carried out; that is said, and refused where it may change rules. */
	private compound(command: CompoundCommand): void {
		const { name, opener, from } = command;
		if (name !== "") this.state.functions.set(name, command);
		else {
			const span = { from, to: from + opener.length };
			this.held(span, command, nameOf(opener));
		}
	}

	private held(span: Span, command: CompoundCommand, name: string): void {
		const found = this.state.reasonOf(command, new Set());
		if (found !== null)
			this.cannotKnow(
				span,
				`${name} holds ${found}: what it does is known only when the script is run`,
				WRITE_OUT,
			);
		else if (command.commands.length > 0)
			this.report.note(span.from, `${name} holds no iptables command: ignored`);
		this.state.forgetAll(command);
	}

	private cannotKnow(span: Span, message: string, remedy: string): void {
		if (this.executor.settle()) this.report.cannotKnow(span, message, remedy);
		else this.end();
	}

	private end(): void {
		this.ended = true;
	}
}
