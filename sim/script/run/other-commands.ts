/** Commands of a script that are not iptables: what they do to the shell, and whether they may do anything to rules. */

import type { CompoundCommand, SimpleCommand } from "../syntax/statement.ts";
import { nameOf, type Status, sayBystander, WRITE_OUT } from "./bystanders.ts";
import { Effects } from "./effects.ts";
import type { ExpandedWord } from "./executor.ts";
import { programName } from "./known-commands.ts";
import type { Report, Span } from "./report.ts";
import { changeOptions, type ShellOptions } from "./shell-options.ts";
import type { ShellState } from "./shell-state.ts";
import { searchPath } from "./shell-words.ts";

/** How a script goes on. */
interface Script {
	cannotKnow(span: Span, message: string, remedy: string): void;
	end(): void;
}

/** A class because it changes a shell's state and options. */
export class OtherCommands {
	readonly options: ShellOptions = { errexit: false, nounset: false };
	private readonly state: ShellState;
	private readonly report: Report;
	private readonly script: Script;

	constructor(state: ShellState, report: Report, script: Script) {
		this.state = state;
		this.report = report;
		this.script = script;
	}

	noteEnd({ from }: { readonly from: number }, { ends }: Effects): void {
		if (ends !== null)
			this.report.note(
				from,
				`whether \`${ends}\` is reached is not known: taken to go on`,
			);
	}

	forget(command: { readonly from: number }, names: Iterable<string>): void {
		for (const name of names) this.state.forget(name, command);
	}

	/** What a shell carries out before the command. @returns whether it was refused */
	refusesExpansions(command: SimpleCommand): boolean {
		const effects = new Effects(this.state).expansions(command);
		if (effects.reason !== null)
			this.script.cannotKnow(
				command,
				`a substitution in this command holds ${effects.reason}: what it does is known only when the script is run`,
				WRITE_OUT,
			);
		this.noteEnd(command, effects);
		this.forget(command, effects.assigned);
		const unset = this.options.nounset ? this.state.unsetIn(command) : null;
		if (unset !== null)
			this.script.cannotKnow(
				command,
				`\`set -u\` ends the script here unless ${unset} has a value, which is not known`,
				`Assign it before, or write \`\${${unset}:-}\`.`,
			);
		return effects.reason !== null || unset !== null;
	}

	/** Everything that is neither iptables nor an assignment. */
	run(command: SimpleCommand, words: readonly ExpandedWord[]): Status {
		const [first, second] = words;
		const word = first?.text ?? "";
		const name = programName(word);
		const called = this.state.functions.get(word);
		if (called !== undefined) {
			this.held(command, called, `the function ${word}`);
			return "succeeded";
		}
		const effects = new Effects(this.state).simple(command);
		if (name === "set" && word === name) return this.set(command);
		if (effects.reason !== null) {
			this.script.cannotKnow(
				command,
				effects.reason.endsWith("is not known")
					? `what \`${word}\` does to the rules is not known`
					: `\`${word}\` holds ${effects.reason}: what it does is known only when the script is run`,
				`Take it out if it does nothing to the rules. ${WRITE_OUT}`,
			);
			return "unknown";
		}
		this.forget(command, effects.assigned);
		if (name === "false") return "failed";
		if (name === "exit" || name === "return" || name === "exec") {
			if (name === "exec" && second === undefined) return "succeeded";
			this.script.end();
			return "unknown";
		}
		if (name === "unset")
			for (const { text } of words) this.state.variables.unset(text);
		return sayBystander(command, words, this.report, (span, message, remedy) =>
			this.script.cannotKnow(span, message, remedy),
		);
	}

	private set(command: SimpleCommand): Status {
		const { rest } = this.state.fields(command);
		const end = rest.findIndex(({ text }) => text === "--");
		const options = end < 0 ? rest : rest.slice(0, end);
		const texts = options.map(({ text }) => text ?? "");
		if (options.some(({ text }) => text === null))
			this.script.cannotKnow(
				command,
				"which options `set` gives the shell is known only when the script is run",
				"Write them out, or put `--` before words that are none.",
			);
		if (texts.some((text) => /^-\w*n|^noexec$/.test(text))) this.script.end();
		changeOptions(this.options, texts);
		return "succeeded";
	}

	/** Assignments that mean something to the shell itself. */
	assigned(command: SimpleCommand): void {
		const { reason } = new Effects(this.state).simple(command);
		if (reason !== null)
			this.script.cannotKnow(
				command,
				`this assignment holds ${reason}: what it does is known only when the script is run`,
				WRITE_OUT,
			);
		const problem = searchPath(command);
		if (problem === "nowhere")
			this.script.cannotKnow(
				command,
				"PATH has none of the folders that programs stand in: whether iptables is found is not known",
				"Name /usr/sbin and /sbin in it, or keep `$PATH`.",
			);
		else if (problem !== null)
			this.report.note(
				command.from,
				`programs are looked for in ${problem}, too: taken for those of the system`,
			);
	}

	/** What it holds is not carried out; that is said, and refused where it may change rules. */
	compound(command: CompoundCommand): void {
		const { name, opener, from } = command;
		if (name !== "") this.state.functions.set(name, command);
		else {
			const span = { from, to: from + opener.length };
			this.held(span, command, nameOf(opener));
		}
	}

	private held(span: Span, command: CompoundCommand, name: string): void {
		const effects = new Effects(this.state).compound(command);
		const { reason, ends } = effects;
		const held = command.commands.length + command.words.length;
		if (reason !== null)
			this.script.cannotKnow(
				span,
				`${name} holds ${reason}: what it does is known only when the script is run`,
				WRITE_OUT,
			);
		else if (ends !== null) this.noteEnd(span, effects);
		else if (held > 0)
			this.report.note(span.from, `${name} holds no iptables command: ignored`);
		this.forget(command, [...effects.assigned, ...effects.defaulted]);
		for (const defined of command.functions)
			this.state.functions.set(defined, command);
	}
}
