/** What iptables ends with (`enum xtables_exittype`, include/xtables.h, 1.8.9). */
export const OTHER_PROBLEM = 1;
export const PARAMETER_PROBLEM = 2;
export const VERSION_PROBLEM = 3;
export const RESOURCE_PROBLEM = 4;
/** As a shell has it: 128, and the signal. */
export const FLOATING_POINT_EXCEPTION = 136;

/**
 * How the parsing of one line ends when iptables-restore would not take it. The reader of the line
 * catches it, adds file, line and column, and goes on with the next line. It is thrown, but it is no
 * Error: a stack would cost more than reading the line, and says nothing about a ruleset.
 */
export class Refusal {
	/** In iptables' words, without its name and version in front. */
	readonly message: string;
	/** Who would say this; "marktwin" where iptables-restore would say nothing, or something else. */
	readonly from: "iptables-restore" | "marktwin";
	/** What the user can do about it. */
	readonly remedy: string;
	/** Index of the word to point at; NOWHERE: the word that was being read. */
	readonly word: number;
	/** It is said once all words are read (`xtables_options_fcheck`, `x6_fcheck`), so any other comes first. */
	readonly atEnd: boolean;
	/** It is said of the value of an option that was not given: that the option is missing says its table. */
	readonly ofMissing: boolean;
	/** What iptables ends with. */
	readonly exitCode: number;

	constructor(
		message: string,
		remedy: string,
		word: number = NOWHERE,
		{
			from = "iptables-restore",
			atEnd = false,
			ofMissing = false,
			exitCode = PARAMETER_PROBLEM,
		}: {
			readonly from?: Refusal["from"];
			readonly atEnd?: boolean;
			readonly ofMissing?: boolean;
			readonly exitCode?: number;
		} = {},
	) {
		this.message = message;
		this.from = from;
		this.remedy = remedy;
		this.word = word;
		this.atEnd = atEnd;
		this.ofMissing = ofMissing;
		this.exitCode = exitCode;
	}
}

export const NOWHERE = -1;
