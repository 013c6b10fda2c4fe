/** What a shell script says, one statement at a time (POSIX.1-2017, Shell Command Language, 2.9). */
import type { Redirection, Word } from "./token.ts";

/** Pipelines with `&&` and `||` between them. */
export interface Statement {
	readonly pipelines: readonly Pipeline[];
	/** It ends with `&`. */
	readonly background: boolean;
	readonly from: number;
}

export interface Pipeline {
	/** How it follows the one before: "" for the first. */
	readonly after: "" | "&&" | "||";
	/** `!` stands before it. */
	readonly negated: boolean;
	readonly commands: readonly ShellCommand[];
}

export type ShellCommand = SimpleCommand | CompoundCommand;

export interface SimpleCommand {
	readonly kind: "simple";
	/** Assignments in front are words, too. */
	readonly words: readonly Word[];
	readonly redirections: readonly Redirection[];
	readonly from: number;
	readonly to: number;
}

/** A loop, a condition, a group or a function: what it holds is not carried out. */
export interface CompoundCommand {
	readonly kind: "compound";
	/** `for`, `if`, `{`, `(`, `function` … */
	readonly opener: string;
	/** Of a function; "" else. */
	readonly name: string;
	/** All simple commands in it, however deep. */
	readonly commands: readonly SimpleCommand[];
	/** Variables that it gives a value other than by an assignment: those of `for`. */
	readonly variables: readonly string[];
	/** All words in it that are of no command: those of `for`, `case` and `[[`. */
	readonly words: readonly Word[];
	/** Those of the whole: `done < file`. */
	readonly redirections: readonly Redirection[];
	/** Names of the functions that are defined in it. */
	readonly functions: readonly string[];
	readonly from: number;
}
