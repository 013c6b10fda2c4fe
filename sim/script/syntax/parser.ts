/** Tokens to statements. What a loop, a condition or a function holds is collected, not carried out. */
import { ShellLexer } from "./lexer.ts";
import type {
	CompoundCommand,
	Pipeline,
	ShellCommand,
	SimpleCommand,
	Statement,
} from "./statement.ts";
import {
	bareText,
	isOperator,
	isWord,
	type Redirection,
	ShellSyntaxError,
	type Token,
	type Word,
} from "./token.ts";

/** What opens a compound command, and what closes it. */
const CLOSERS: ReadonlyMap<string, string> = new Map([
	["if", "fi"],
	["for", "done"],
	["select", "done"],
	["while", "done"],
	["until", "done"],
	["case", "esac"],
	["{", "}"],
	["[[", "]]"],
]);
/** After these a command begins. */
const LEADS_ON: ReadonlySet<string> = new Set([
	..."then else elif do ! if while until time {".split(" "),
]);

/** A class because it is a reader's state: one token is looked ahead. */
export class ShellParser {
	private readonly lexer: ShellLexer;
	private ahead: Token | null | undefined;

	constructor(source: string) {
		this.lexer = new ShellLexer(source);
	}

	/** @returns `null` at the end of the script. @throws ShellSyntaxError */
	next(): Statement | null {
		for (;;) {
			const token = this.peek();
			if (token === null) return null;
			if (!isOperator(token, "newline")) return this.statement(token.from);
			this.take();
		}
	}

	private peek(): Token | null {
		if (this.ahead === undefined) this.ahead = this.lexer.next();
		return this.ahead;
	}

	private take(): Token | null {
		const token = this.peek();
		this.ahead = undefined;
		return token;
	}

	private statement(from: number): Statement {
		const pipelines: Pipeline[] = [];
		let after: Pipeline["after"] = "";
		for (;;) {
			pipelines.push(this.pipeline(after));
			const token = this.peek();
			if (token === null || token.kind !== "operator")
				return { pipelines, background: false, from };
			if (token.text === "&&" || token.text === "||") {
				after = token.text;
				this.take();
				this.skipNewlines();
				continue;
			}
			if (!isOperator(token, "newline", ";", "&"))
				throw new ShellSyntaxError(
					`\`${token.text}\` stands where no shell expects it`,
					"Take it away.",
					token.from,
				);
			this.take();
			return { pipelines, background: token.text === "&", from };
		}
	}

	private skipNewlines(): void {
		while (isOperator(this.peek(), "newline")) this.take();
	}

	private pipeline(after: Pipeline["after"]): Pipeline {
		let negated = false;
		while (isWord(this.peek(), "!")) {
			this.take();
			negated = !negated;
		}
		const commands = [this.command()];
		while (isOperator(this.peek(), "|", "|&")) {
			this.take();
			this.skipNewlines();
			commands.push(this.command());
		}
		return { after, negated, commands };
	}

	private command(): ShellCommand {
		const first = this.peek();
		const word = first?.kind === "word" ? bareText(first) : null;
		if (isOperator(first, "(")) return this.compound("(", "");
		if (word === "function") {
			this.take();
			const name = this.take();
			this.brackets();
			this.skipNewlines();
			return this.functionOf(name);
		}
		if (word !== null && CLOSERS.has(word)) return this.compound(word, "");
		const command = this.simple();
		const [only] = command.words;
		if (command.words.length === 1 && isOperator(this.peek(), "(")) {
			this.brackets();
			this.skipNewlines();
			return this.functionOf(only ?? null);
		}
		return command;
	}

	/** The `()` behind a function's name. */
	private brackets(): void {
		if (!isOperator(this.peek(), "(")) return;
		const open = this.take();
		if (!isOperator(this.peek(), ")"))
			throw new ShellSyntaxError(
				"`(' stands where no shell expects it",
				"Quote it if it is part of a word.",
				open?.from ?? 0,
			);
		this.take();
	}

	private functionOf(name: Token | null): CompoundCommand {
		const opener = this.peek();
		const word = opener?.kind === "word" ? bareText(opener) : null;
		const text = isOperator(opener, "(") ? "(" : word;
		const named = name?.kind === "word" ? bareText(name) : null;
		if (named === null || text === null || !(text === "(" || CLOSERS.has(text)))
			throw new ShellSyntaxError(
				"a function is not written as a shell reads it",
				"Write `name() { …; }`.",
				name?.from ?? 0,
			);
		return this.compound(text, named);
	}

	private simple(): SimpleCommand {
		const words: Word[] = [];
		const redirections: Redirection[] = [];
		const from = this.peek()?.from ?? this.lexer.source.length;
		let to = from;
		for (;;) {
			const token = this.peek();
			if (token === null || token.kind === "operator") break;
			if (token.kind === "word") words.push(token);
			else redirections.push(token);
			to = token.to;
			this.take();
		}
		if (to === from)
			throw new ShellSyntaxError(
				"a command is missing here",
				"Write one, or take the operator away.",
				from,
			);
		return { kind: "simple", words, redirections, from, to };
	}

	/** From its opener to what closes it, with all that it holds. */
	private compound(opener: string, name: string): CompoundCommand {
		const from = this.peek()?.from ?? 0;
		const held: Held = {
			open: [],
			commands: [],
			variables: [],
			words: [],
			functions: [],
		};
		do {
			const token = this.peek();
			if (token === null)
				throw new ShellSyntaxError(
					`\`${opener}\` is not closed`,
					`Close it with \`${opener === "(" ? ")" : (CLOSERS.get(opener) ?? "")}\`.`,
					from,
				);
			if (token.kind === "operator") this.inside(token.text, held.open);
			else this.heldCommand(held);
		} while (held.open.length > 0);
		const redirections: Redirection[] = [];
		for (;;) {
			const token = this.peek();
			if (token?.kind !== "redirection") break;
			redirections.push(token);
			this.take();
		}
		const { open, ...all } = held;
		const what = name === "" ? opener : "function";
		return { kind: "compound", opener: what, name, ...all, redirections, from };
	}

	/** An operator inside of a compound command. */
	private inside(text: string, open: string[]): void {
		this.take();
		if (text === "(" && open.at(-1) !== "pattern") open.push("(");
		else if (text === ")") {
			if (open.at(-1) === "(") open.pop();
			else if (open.at(-1) === "pattern") open[open.length - 1] = "case";
		} else if (text.startsWith(";;") || text === ";&") {
			if (open.at(-1) === "case") open[open.length - 1] = "pattern";
		}
	}

	/** A command inside of a compound command, or the reserved words before it. */
	private heldCommand(held: Held): void {
		const { open } = held;
		const token = this.peek();
		const word = token?.kind === "word" ? bareText(token) : null;
		if (open.at(-1) === "pattern" && word !== "esac") {
			this.takeWord(held);
			return;
		}
		if (word === "for" || word === "select" || word === "case") {
			this.take();
			this.head(word, held);
			return;
		}
		const closer = word === null ? undefined : CLOSERS.get(word);
		if (closer !== undefined) open.push(closer);
		else if (word === "esac" || (word !== null && word === open.at(-1))) {
			open.pop();
			this.take();
			return;
		}
		if (closer !== undefined || (word !== null && LEADS_ON.has(word))) {
			this.take();
			if (word === "[[") this.skipTest(held);
			return;
		}
		const command = this.simple();
		held.commands.push(command);
		const [only] = command.words;
		if (only && command.words.length === 1 && isOperator(this.peek(), "("))
			held.functions.push(bareText(only) ?? "");
	}

	/** What stands between `for`, `select` or `case` and the commands. */
	private head(word: string, held: Held): void {
		const subject = this.takeWord(held);
		if (word !== "case" && subject?.kind === "word")
			held.variables.push(bareText(subject) ?? "");
		while (this.peek()?.kind === "word" && !isWord(this.peek(), "do"))
			if (isWord(this.takeWord(held), "in") && word === "case") break;
		this.skipNewlines();
		if (word === "case" && isWord(this.peek(), "in")) this.take();
		held.open.push(word === "case" ? "pattern" : "done");
	}

	/** `[[ … ]]` has a grammar of its own; nothing is carried out in it. */
	private skipTest(held: Held): void {
		for (;;) {
			const token = this.takeWord(held);
			if (token === null || isWord(token, "]]")) break;
		}
		held.open.pop();
	}

	private takeWord({ words }: Held): Token | null {
		const token = this.take();
		if (token?.kind === "word") words.push(token);
		if (token?.kind === "redirection" && token.target !== null)
			words.push(token.target);
		return token;
	}
}

/** What is collected of a compound command. */
interface Held {
	/** What closes each that is open. */
	readonly open: string[];
	readonly commands: SimpleCommand[];
	readonly variables: string[];
	readonly words: Word[];
	readonly functions: string[];
}
