/**
 * What an extension says of one of its uses, for those who analyse rules without playing packets through
 * them: which question a walk that takes every way has to branch on, which header fields are compared,
 * which bits of marks are read and written. `MatchExtension` and `TargetExtension` have these as
 * functions of their options.
 */
import type { Rational } from "../rational.ts";

/**
 * A match whose answer depends on more than the packet: on a counter, a draw, a condition, or on
 * something that a ruleset does not tell. A walk that takes every way branches here
 * (`ExtensionHost.decide`). A match that is not modelled has one where its answer is one of these (the
 * members of a set); it has none where the answer follows from the packet (the ports of SCTP) or from what
 * rules did before (labels of a connection), and then it stays unknown.
 */
export type Question =
	/**
	 * A counter that each packet that meets the rule moves on by one, modulo `every`. It comes round when it
	 * is 0 again; the match holds then, or, inverted, at every other packet.
	 */
	| {
			readonly kind: "turn";
			readonly every: number;
			/** Before the first packet. */
			readonly initial: number;
			readonly inverted: boolean;
	  }
	/** A draw for each packet: the match holds with this probability. */
	| { readonly kind: "draw"; readonly probability: Rational }
	/** A condition variable that is switched by hand: the match holds where it is 1, or, inverted, 0. */
	| {
			readonly kind: "condition";
			readonly name: string;
			readonly inverted: boolean;
	  }
	/** Nothing in the ruleset bounds how often the match holds. */
	| {
			readonly kind: "open";
			/** What it depends on: `the rate of packets`, `the time of day`. */
			readonly on: string;
			/** It has an answer, which the machine knows and the model was not given: the members of a set. Left out: no. */
			readonly isUnknown?: boolean;
	  };

/** A header field that a match compares with constants. */
export type HeaderField =
	| "source"
	| "destination"
	| "sourcePort"
	| "destinationPort";

/**
 * A comparison of a header field (`comparisons.ts` makes them). A use of a match may be several, all of
 * which must hold, and more than that: where one does not hold, the match does not. What has no few
 * intervals is not stated: octets at an offset (u32), programs (bpf), `!` before a mask with gaps.
 */
export interface Comparison {
	/** Any of these: `multiport --ports` means the one or the other. */
	readonly fields: readonly HeaderField[];
	/** Closed intervals, ascending, as unsigned numbers, with gaps between them. None: no value is in them. */
	readonly ranges: readonly (readonly [least: number, greatest: number])[];
	/** None of the fields is in any of the ranges. */
	readonly inverted: boolean;
}

/** Where a rule looks up what a packet has. */
export type Lookup = SetLookup | CountryLookup;

/** A use of a set of ipset. */
interface SetLookup {
	readonly list: "set";
	/** Whether the packet is in it, what its element has, or what packets write to it. */
	readonly how: "asks" | "maps" | "adds" | "deletes";
	readonly name: string;
	/** Which of a packet's addresses, ports and interfaces are looked up. */
	readonly sides: readonly ("src" | "dst")[];
	/** It matches what is not there. */
	readonly inverted: boolean;
	/** What is asked for are the exceptions (`nomatch`). */
	readonly returnNomatch: boolean;
	/** Counters of the element are compared as well. */
	readonly isCounted: boolean;
}

/** A question for the country of an address. */
export interface CountryLookup {
	readonly list: "countries";
	readonly how: "asks";
	/** Any of these. */
	readonly codes: readonly string[];
	readonly side: "source" | "destination";
	readonly inverted: boolean;
}

/** A list of addresses that packets write, and what a rule does with it. */
export interface ListUse {
	/** `list b1`, `set b1`: equal for uses of one. */
	readonly list: string;
	readonly does: "writes" | "asks";
	/** Which addresses of a packet, ports and interfaces. */
	readonly sides: readonly ("src" | "dst")[];
	/** As the rule has them: `--rsource`. */
	readonly words: string;
}

/**
 * Bits of a mark that an extension reads or writes (`mark-uses.ts` makes them). A target that turns bits
 * over where they stand (`--xor-mark`) writes them and reads nothing: no other bit depends on them.
 */
export interface MarkUse {
	readonly mark: "packet" | "connection";
	readonly does: "reads" | "writes";
	/** The bits, unsigned 32 bits; never 0. */
	readonly bits: number;
	/**
	 * What a match compares these bits with, or what a target sets them to; `null`: it is not a constant. A
	 * match with a value that has other bits as well never holds, or, inverted, always.
	 */
	readonly value: number | null;
	/** The bits of the one mark become those of the other (save-mark, restore-mark). */
	readonly copies: boolean;
	/** A match that holds where the bits are not the value. */
	readonly inverted: boolean;
}
