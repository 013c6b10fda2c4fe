/**
 * Divides a shell script into tokens (POSIX.1-2017, Shell Command Language, 2.2 "Quoting" and 2.3
 * "Token Recognition"): quotes, expansions, comments, continued lines, here-documents.
 */
import { closing, readExpansion } from "./expansion.ts";
import {
	type Operator,
	type Part,
	type Redirection,
	ShellSyntaxError,
	type Token,
	type Word,
} from "./token.ts";

const OPERATOR = /(?:&&|\|\||;;&?|;&|\|&|[;&|()])/y;
const REDIRECTION = /(\d*)(<<<|<<-|<<|>>|>&|<&|>\||<>|>|<)|(&)(>>|>)/y;
/** Characters of a word that mean themselves. */
const PLAIN = /[^\s;&|()<>"'`\\$]+/y;
const CLOSE_QUOTE = "Close it: a shell reads on to the end of the file.";

/** A class because it is a reader's state; it reads token by token, so that a long script needs little room. */
export class ShellLexer {
	readonly source: string;
	private at = 0;
	/** Redirections of the line whose here-documents are still to be read. */
	private readonly pending: { redirection: Redirection; tabs: boolean }[] = [];

	constructor(source: string) {
		this.source = source;
	}

	/** @returns `null` at the end. @throws ShellSyntaxError */
	next(): Token | null {
		this.skipBlanks();
		const { source, at } = this;
		if (at >= source.length) return null;
		if (source[at] === "\n") {
			this.at++;
			const newline: Operator = {
				kind: "operator",
				text: "newline",
				from: at,
				to: at + 1,
			};
			this.readDocuments();
			return newline;
		}
		if (!/^[<>]\(/.test(source.slice(at, at + 2))) {
			REDIRECTION.lastIndex = at;
			const redirected = REDIRECTION.exec(source);
			if (redirected !== null) return this.redirection(redirected);
		}
		OPERATOR.lastIndex = at;
		const [text] = OPERATOR.exec(source) ?? [];
		if (text === undefined) return this.word();
		this.at += text.length;
		return { kind: "operator", text, from: at, to: this.at };
	}

	/** Blanks, continued lines and comments. */
	private skipBlanks(): void {
		const { source } = this;
		for (;;) {
			const char = source[this.at];
			if (char === " " || char === "\t") this.at++;
			else if (source.startsWith("\\\n", this.at)) this.at += 2;
			else if (char === "#") {
				const newline = source.indexOf("\n", this.at);
				this.at = newline < 0 ? source.length : newline;
			} else return;
		}
	}

	private redirection(found: RegExpExecArray): Redirection {
		const from = this.at;
		this.at += found[0].length;
		const operator = found[2] ?? `&${found[4] ?? ""}`;
		const number = found[3] ?? found[1] ?? "";
		const descriptor =
			number !== "" ? number : operator.startsWith("<") ? "0" : "1";
		this.skipBlanks();
		const isEnd = /^[\n;&|()]?$/.test(this.source[this.at] ?? "");
		if (isEnd)
			throw new ShellSyntaxError(
				`nothing stands behind \`${operator}\``,
				"Name a file.",
				from,
			);
		const target = this.word();
		const redirection: Redirection = {
			kind: "redirection",
			operator,
			descriptor,
			target,
			document: null,
			from,
			to: this.at,
		};
		if (operator === "<<" || operator === "<<-")
			this.pending.push({ redirection, tabs: operator === "<<-" });
		return redirection;
	}

	private word(): Word {
		const { source } = this;
		const from = this.at;
		const parts: Part[] = [];
		const text = (piece: string, quoted: boolean): void => {
			const last = parts.at(-1);
			if (last?.kind === "text" && last.quoted === quoted)
				parts[parts.length - 1] = { ...last, text: last.text + piece };
			else parts.push({ kind: "text", text: piece, quoted });
		};
		for (;;) {
			PLAIN.lastIndex = this.at;
			const [plain] = PLAIN.exec(source) ?? [];
			if (plain !== undefined) {
				text(plain, false);
				this.at += plain.length;
			}
			const char = source[this.at] ?? "";
			if (char === "'") text(this.singleQuoted(), true);
			else if (char === '"') this.doubleQuoted(parts, text);
			else if (char === "\\") this.escaped(text);
			else if (char === "$" || char === "`") this.expansion(parts, false);
			else if (char === "(" && source[this.at - 1] === "=" && this.at > from)
				this.array(parts);
			else if (/^[<>]\(/.test(source.slice(this.at, this.at + 2)))
				this.array(parts);
			else if (char === "\r" || char === "\v" || char === "\f") {
				// No blanks to a shell: they become part of the word, and iptables sees them.
				text(char, false);
				this.at++;
			} else if (/\s/.test(char) && !/[ \t\n]/.test(char)) {
				text(char, false);
				this.at++;
			} else break;
		}
		return { kind: "word", parts, from, to: this.at };
	}

	private singleQuoted(): string {
		const from = this.at + 1;
		const to = this.source.indexOf("'", from);
		if (to < 0)
			throw new ShellSyntaxError(
				"a quote is not closed",
				CLOSE_QUOTE,
				from - 1,
			);
		this.at = to + 1;
		return this.source.slice(from, to);
	}

	private doubleQuoted(
		parts: Part[],
		text: (piece: string, quoted: boolean) => void,
	): void {
		const { source } = this;
		const open = this.at++;
		text("", true);
		for (;;) {
			const char = source[this.at];
			if (char === undefined)
				throw new ShellSyntaxError("a quote is not closed", CLOSE_QUOTE, open);
			if (char === '"') break;
			if (char === "$" || char === "`") this.expansion(parts, true);
			else if (char === "\\") {
				const next = source[this.at + 1] ?? "";
				if (next !== "\n")
					text(/[$`"\\]/.test(next) ? next : `\\${next}`, true);
				this.at += 2;
			} else {
				const piece = /^[^"$`\\]+/.exec(source.slice(this.at, this.at + 4096));
				text(piece?.[0] ?? char, true);
				this.at += piece?.[0].length ?? 1;
			}
		}
		this.at++;
	}

	private escaped(text: (piece: string, quoted: boolean) => void): void {
		const next = this.source[this.at + 1] ?? "";
		if (next !== "\n") text(next, true);
		this.at += 2;
	}

	private expansion(parts: Part[], quoted: boolean): void {
		const { part, to } = readExpansion(this.source, this.at, quoted);
		parts.push(part);
		this.at = to;
	}

	/** `NAME=(…)`, `<(…)`. */
	private array(parts: Part[]): void {
		const from = this.at;
		const bracket = this.source.indexOf("(", from);
		const to = closing(this.source, bracket, "(", ")");
		this.at = to;
		const what = this.source.slice(from, this.at);
		parts.push({ kind: "unknown", what, quoted: false });
	}

	private readDocuments(): void {
		const { source } = this;
		for (const { redirection, tabs } of this.pending.splice(0)) {
			const { target } = redirection;
			const parts = target?.parts ?? [];
			const delimiter = parts
				.map((part) => (part.kind === "text" ? part.text : ""))
				.join("");
			const literal = parts.some(({ quoted }) => quoted);
			const from = this.at;
			const lines: string[] = [];
			for (;;) {
				if (this.at >= source.length)
					throw new ShellSyntaxError(
						`the here-document ends nowhere: no line is \`${delimiter}\``,
						"Write its delimiter on a line of its own.",
						redirection.from,
					);
				const newline = source.indexOf("\n", this.at);
				const to = newline < 0 ? source.length : newline;
				const line = source.slice(this.at, to);
				this.at = to + 1;
				const bare = tabs ? line.replace(/^\t+/, "") : line;
				if (bare === delimiter) break;
				lines.push(bare);
			}
			const text = lines.map((line) => `${line}\n`).join("");
			redirection.document = { text, from, literal };
		}
	}
}
