/**
 * An error that is part of the work and not of a breakdown. A stack would cost more than reading
 * the line that it is about, and says nothing about a ruleset.
 */
export class QuietError extends Error {
	constructor(message: string) {
		const { stackTraceLimit } = Error;
		Error.stackTraceLimit = 0;
		super(message);
		Error.stackTraceLimit = stackTraceLimit;
	}
}

/**
 * How the parsing of one line ends when iptables-restore would not take it. `ruleset/parse.ts`
 * catches it, adds file, line and column, and goes on with the next line.
 */
export class Refusal extends QuietError {
	override readonly name = "Refusal";
	/** Who would say this; "marktwin" where iptables-restore would say nothing, or something else. */
	readonly from: "iptables-restore" | "marktwin";
	/** What the user can do about it. */
	readonly remedy: string;
	/** Index of the word to point at; NOWHERE: the word that was being read. */
	readonly word: number;
	/** It is said once all words are read (`xtables_options_fcheck`, `x6_fcheck`), so any other comes first. */
	readonly atEnd: boolean;

	/** @param message in iptables' words, without its name and version in front */
	constructor(
		message: string,
		remedy: string,
		word: number = NOWHERE,
		{
			from = "iptables-restore",
			atEnd = false,
		}: { readonly from?: Refusal["from"]; readonly atEnd?: boolean } = {},
	) {
		super(message);
		this.from = from;
		this.remedy = remedy;
		this.word = word;
		this.atEnd = atEnd;
	}
}

export const NOWHERE = -1;
