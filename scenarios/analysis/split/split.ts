/** What each backend gets, exactly. */
import type { Rational } from "../../../sim/rational.ts";

/** A part of all connections, in the long run. */
export type Share =
	| { readonly kind: "exact"; readonly value: Rational }
	/** Something that nothing bounds has a part in it. Both ends can come about. */
	| {
			readonly kind: "interval";
			readonly least: Rational;
			readonly greatest: Rational;
			/** What it depends on: `the rate of packets`. */
			readonly on: string;
			/** Some of that the machine knows, and the model was not told: the members of a set. */
			readonly isUnknown: boolean;
	  }
	/** Not computed, or not modelled. */
	| { readonly kind: "unknown"; readonly why: string };

/** How far a backend is from its share, in connections. */
export interface Deviation {
	/** The greatest over any run of consecutive connections. */
	readonly anyWindow: Rational;
	/** The greatest over all runs that begin with the first connection after the load. */
	readonly sinceLoad: Rational;
}

/** What one end of the decision gets. */
export interface Part {
	/** As the caller's `keyOf` names the end. */
	readonly key: string;
	readonly share: Share;
	/** `null` where chance has a part, or the period is too long to walk. */
	readonly deviation: Deviation | null;
}

export interface Split {
	/** `rates`: each counter stands at one place, rates multiply. `orbit`: all states of the counters were walked. */
	readonly method: "rates" | "orbit" | "none";
	/** Ends that can be reached at all, also those that get nothing under these conditions. */
	readonly parts: readonly Part[];
	/**
	 * Connections after which all counters that have a part in the split are where they were; `null` where there
	 * is chance, or it is not known.
	 */
	readonly period: bigint | null;
	/** Draws have a part, or what is as good as one: a backend that follows from a hash of the client's address. */
	readonly byChance: boolean;
	/** Why there is no deviation, where there is none. */
	readonly noDeviation: string | null;
	/** Deviation since the load that some schedule can always keep to, for as many ends: 1 − 1/(2n − 2) (Tijdeman 1980). */
	readonly best: Rational | null;
}

/** Connections of one class, one after the other. */
export interface Run {
	/** Name of the class. */
	readonly client: string;
	readonly connections: number;
}

/** In which order connections of several classes come. */
export interface Order {
	/** Once, from the load of the ruleset on; mostly []. */
	readonly first: readonly Run[];
	/** After that, again and again. */
	readonly repeated: readonly Run[];
}

/** How far the order in which classes of packets come can drive a share. */
export type Drive =
	| {
			readonly kind: "driven";
			/** The class whose connections are meant. */
			readonly client: string;
			readonly key: string;
			/** Of the class's own connections. Orders come to both, and to none beyond. */
			readonly least: Rational;
			readonly greatest: Rational;
			/** An order that comes to it; `null` where it is too long to print. */
			readonly orderOfLeast: Order | null;
			readonly orderOfGreatest: Order | null;
	  }
	/** The class shares counters with others, and what comes of that is not computed. */
	| { readonly kind: "unknown"; readonly client: string; readonly why: string };
