/**
 * What a command may do besides what is followed: change rules, end the script, assign variables. A command
 * is harmless only where it and all that stands in it is known to be.
 */

import { expansionsIn } from "../syntax/expansion.ts";
import { ShellParser } from "../syntax/parser.ts";
import type {
	CompoundCommand,
	ShellCommand,
	SimpleCommand,
} from "../syntax/statement.ts";
import {
	type Part,
	type Redirection,
	ShellSyntaxError,
	shownText,
	type Word,
} from "../syntax/token.ts";
import { argumentReason, assignedNames, isSpecial } from "./arguments.ts";
import { bearingOf, programName } from "./known-commands.ts";
import type { Field, ShellState } from "./shell-state.ts";
import { isReading } from "./shell-words.ts";

/** Substitutions within substitutions, functions that call functions. */
const DEEPEST = 20;
const SYSTEM_FOLDER = /^\/(usr\/(local\/)?)?s?bin\/[^/]+$/;

/** A class because it collects over all that a command holds. */
export class Effects {
	/** What in it may change rules, to follow "holds"; `null` when nothing does. */
	reason: string | null = null;
	/** The command in it that ends the script. */
	ends: string | null = null;
	/** Variables whose values are not known afterwards. */
	readonly assigned = new Set<string>();
	/** Variables that get a fallback (`:=`) if they have no value. */
	readonly defaulted = new Set<string>();
	private readonly state: ShellState;
	private readonly called: Set<string>;
	private readonly depth: number;
	private nesting = 0;

	constructor(state: ShellState, called = new Set<string>(), depth = 0) {
		this.state = state;
		this.called = called;
		this.depth = depth;
	}

	command(command: ShellCommand): this {
		return command.kind === "simple"
			? this.simple(command)
			: this.compound(command);
	}

	compound(command: CompoundCommand): this {
		this.expansions(command);
		for (const name of command.variables) this.assigned.add(name);
		for (const held of command.commands) this.simple(held);
		return this;
	}

	/** What the shell expands in words and redirections before it runs a command. */
	expansions({
		words,
		redirections,
	}: {
		readonly words: readonly Word[];
		readonly redirections: readonly Redirection[];
	}): this {
		for (const { parts } of words) this.parts(parts);
		for (const { target, document } of redirections) {
			if (target !== null && document === null) this.parts(target.parts);
			if (document !== null && !document.literal)
				this.read(() => this.parts(expansionsIn(document.text)));
		}
		return this;
	}

	simple(command: SimpleCommand): this {
		this.expansions(command);
		const fields = this.state.fields(command);
		const [first] = fields.rest;
		const word = first?.text ?? null;
		const isFunction = word !== null && this.state.functions.has(word);
		if (first === undefined || isFunction || isSpecial(word ?? ""))
			for (const { name } of fields.assignments) this.assigned.add(name);
		if (first === undefined) return this;
		if (fields.replaces) this.ends ??= "exec";
		if (word === null)
			this.because(
				`\`${shownText(first.word)}\`, a command that is known only when the script is run`,
			);
		else if (isFunction) this.call(word);
		else this.program(word, fields.rest);
		return this;
	}

	private call(name: string): void {
		const body = this.state.functions.get(name);
		if (body === undefined || this.called.has(name)) return;
		this.called.add(name);
		this.nested(() => this.compound(body));
	}

	private program(word: string, fields: readonly Field[]): void {
		const name = programName(word);
		const args = fields.slice(1);
		if (name === "exit" || name === "return") {
			this.ends ??= name;
			return;
		}
		const bearing = bearingOf(name);
		if (bearing.kind === "rules") {
			if (!isReading(fields)) this.because("iptables commands");
			return;
		}
		if (
			bearing.kind === "unknown" ||
			(word.includes("/") && !SYSTEM_FOLDER.test(word))
		) {
			this.because(`\`${word}\`, which is not known`);
			return;
		}
		if (name === "trap") this.trap(args);
		const reason = argumentReason(name, args);
		if (reason !== null) this.because(reason);
		const names = assignedNames(name, args);
		if (names === null)
			this.because(
				`\`${name}\` of a variable that is known only when the script is run`,
			);
		for (const assigned of names ?? []) this.assigned.add(assigned);
	}

	/** `trap 'commands' EXIT`: they run at a time of their own. */
	private trap(args: readonly Field[]): void {
		const [commands, ...signals] = args;
		if (commands === undefined || signals.length === 0) return;
		const { text } = commands;
		if (text === "-" || text === "") return;
		if (text === null) {
			this.because("commands that are known only when the script is run");
			return;
		}
		const inner = this.script(text);
		const always = signals.some(
			(it) => it.text === null || /^(DEBUG|ERR|RETURN)$/i.test(it.text),
		);
		if (always && (inner.ends !== null || inner.assigned.size > 0))
			this.because("commands that change how the script goes on");
	}

	/** What a text of commands does, in a shell of its own. */
	private script(text: string): Effects {
		const inner = new Effects(this.state, this.called, this.depth + 1);
		if (inner.depth > DEEPEST) {
			this.because("substitutions in substitutions, too deep to follow");
			return inner;
		}
		this.read(() => {
			const parser = new ShellParser(text);
			for (;;) {
				const statement = parser.next();
				if (statement === null) break;
				for (const { commands } of statement.pipelines)
					for (const command of commands) inner.command(command);
			}
		});
		if (inner.reason !== null) this.because(inner.reason);
		return inner;
	}

	private parts(parts: readonly Part[]): void {
		for (const [index, part] of parts.entries()) {
			const next = parts[index + 1];
			if (
				part.kind === "text" &&
				part.text.endsWith("$") &&
				next?.kind === "text"
			)
				if (next.text.startsWith("[")) this.because("arithmetic in `$[…]`");
			if (part.kind === "variable" && part.assigns)
				this.defaulted.add(part.name);
			else if (part.kind === "command") this.script(part.command);
			else if (part.kind === "unknown") this.unknown(part.what);
		}
	}

	/** `$((…))`, `${…}`, `<(…)`, `(…)` of an array, `$'…'`. */
	private unknown(what: string): void {
		if (what.startsWith("$'")) return;
		if (/^[<>]\(/.test(what)) {
			this.script(what.slice(2, -1));
			return;
		}
		const isArithmetic = what.startsWith("$((");
		if (isArithmetic && /\+\+|--|(?<![=!<>])=(?!=)|(<<|>>)=/.test(what))
			for (const [name] of what.matchAll(/[A-Za-z_]\w*/g))
				this.assigned.add(name);
		const names = isArithmetic ? (what.match(/[A-Za-z_]\w*/g) ?? []) : [];
		if (names.some((it) => this.state.variables.holdsCommand(it)))
			this.because("arithmetic with a value that has a command in it");
		const [, name = "", sign = ""] = /^\$\{(\w+):?([=?])/.exec(what) ?? [];
		if (sign === "=") this.assigned.add(name);
		if (sign === "?" && !this.state.variables.isSet(name))
			this.ends ??= `\${${name}?}`;
		if (/@P\}$/.test(what)) this.because(`\`${what}\`, which may run commands`);
		const inner = what.replace(/^\$?[({]+/, "");
		if (!isArithmetic && /[<>]\(/.test(inner))
			this.because("a process substitution");
		this.nested(() => this.read(() => this.parts(expansionsIn(inner))));
	}

	/** What stands in another of its kind, to a depth that is followed. */
	private nested(follow: () => void): void {
		if (this.nesting >= DEEPEST) {
			this.because("what stands too deep in each other to be followed");
			return;
		}
		this.nesting++;
		follow();
		this.nesting--;
	}

	/** What cannot be read may be anything. */
	private read(reader: () => void): void {
		try {
			reader();
		} catch (error) {
			if (!(error instanceof ShellSyntaxError)) throw error;
			this.because("a substitution that cannot be read");
		}
	}

	private because(reason: string): void {
		this.reason ??= reason;
	}
}
