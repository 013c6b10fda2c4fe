/** The part of the contract that is about all that may happen: proofs, and rules that nothing was shown of. */

/** What was proved of a ruleset. */
export interface ProofView {
	/** As it was named. */
	readonly file: string;
	/** Of what was assumed; `unknown` also where no service was found, or not all was proved. */
	readonly status: "holds" | "violated" | "unknown";
	/** `in quiet operation`, `with any number of: evict` */
	readonly assumed: string;
	/** What quiet operation is, in a sentence. */
	readonly quiet: string;
	readonly services: readonly ServiceProofView[];
	/** What was not proved, and why: a sentence each. */
	readonly leftOut: readonly string[];
}

/** What was proved of a service: each property under each event. */
export interface ServiceProofView {
	/** `tcp 10.0.0.1:25, all clients` */
	readonly service: string;
	/** `quiet operation`, `take-over`; `evict, reload`: any number of both */
	readonly events: readonly string[];
	/** Events that do not happen here. */
	readonly cannot: readonly string[];
	readonly properties: readonly {
		/** `affinity` */
		readonly name: string;
		/** What it says, in a sentence; "" where nothing is to be said. */
		readonly about: string;
		/** By event. */
		readonly cells: readonly ProofCell[];
	}[];
	readonly counterexamples: readonly CounterexampleView[];
}

/** A property under an event. `nothing`: nothing could violate it, so nothing is shown. */
export interface ProofCell {
	readonly status: "holds" | "nothing" | "violated" | "unknown";
	/** `at most 1/2 connection off (71 states)`, or why it is not known. */
	readonly words: string;
	/** Index in `counterexamples`; -1: it has none. */
	readonly counterexample: number;
}

/** The shortest play that violates a property. */
export interface CounterexampleView {
	/** `affinity, take-over` */
	readonly title: string;
	readonly steps: readonly {
		readonly words: string;
		/** Rules that its packet matched, as the kernel names them. */
		readonly rules: readonly string[];
	}[];
	/** What goes wrong at the end. */
	readonly happens: string;
	/** The entry of the report that shows it as a play; "": none does. */
	readonly entry: string;
	/** The command that plays it. */
	readonly replay: string;
}

/** Rules of a whole suite that matched no packet: nothing was shown of them. */
export interface CoverageOfRules {
	/** Rulesets of which every rule matched a packet. */
	readonly whole: number;
	/** Those that have rules which matched none: those that most scenarios begin with, … */
	readonly shown: readonly RuleCoverageView[];
	/** … and how many more. */
	readonly omitted: number;
}

/** A ruleset that scenarios begin with, and which of its rules matched no packet in any of them. */
export interface RuleCoverageView {
	readonly name: string;
	readonly scenarios: number;
	readonly rules: number;
	/** How many matched none, and the first of them. */
	readonly unmatched: number;
	readonly shown: readonly {
		/** 0 where it stands in no line. */
		readonly line: number;
		readonly text: string;
	}[];
}
