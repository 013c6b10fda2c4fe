/** What a proof comes to. */
import type { PlayableScenario } from "../../../language/scenario.ts";
import type { EventName, PropertyName } from "./events.ts";

/** A step of a counterexample, in words, and the rules that its packet matched. */
export interface ToldStep {
	readonly words: string;
	/** As the kernel names them. */
	readonly rules: readonly string[];
}

/** A play that violates a property. */
export interface Counterexample {
	readonly steps: readonly ToldStep[];
	/** What goes wrong at the end. */
	readonly happens: string;
	/** Was replayed on the model, which violated it. */
	readonly scenario: PlayableScenario;
}

export type Result =
	| {
			readonly kind: "holds";
			/** What was looked at. */
			readonly states: number;
			/** Steps of the longest shortest play. */
			readonly depth: number;
			/** What the bound means, or what was proved in numbers: `at most 1/2 connection off`. */
			readonly bound: string;
	  }
	| {
			/** Nothing could violate it. */
			readonly kind: "nothing";
			readonly why: string;
	  }
	| {
			readonly kind: "violated";
			readonly counterexample: Counterexample;
	  }
	| { readonly kind: "unknown"; readonly why: string };

/** Of one property, under some events. */
export interface Proved {
	readonly property: PropertyName;
	readonly result: Result;
}

/** All properties under the same events. */
export interface Run {
	/** [] is quiet operation. */
	readonly events: readonly EventName[];
	/** Those that cannot happen to this service, or that are not played for its protocol. */
	readonly cannot: readonly EventName[];
	readonly proved: readonly Proved[];
}

export interface ServiceProof {
	readonly service: string;
	readonly clients: string;
	/** What was assumed for the result of the whole. */
	readonly assumed: Run;
	/** Quiet operation and one event each. */
	readonly single: readonly Run[];
}

/** What a reader gets of the proof of a service, piece by piece. */
export type ProofPart =
	| (Pick<ServiceProof, "service" | "clients" | "assumed"> & {
			readonly kind: "assumed";
	  })
	/** One event by itself, against quiet operation. */
	| {
			readonly kind: "event";
			readonly run: Run;
			readonly quiet: Run;
			readonly isFirst: boolean;
	  }
	| { readonly kind: "end" };

export interface Proof {
	readonly services: readonly ServiceProof[];
	/** What was not proved, and why: a sentence each. */
	readonly leftOut: readonly string[];
}

/** The worst of all that was assumed: what is violated comes before what is not known. */
export function outcomeOf({
	services,
	leftOut,
}: Proof): "holds" | "violated" | "unknown" {
	const kinds = services.flatMap(({ assumed }) =>
		assumed.proved.map(({ result }) => result.kind),
	);
	if (kinds.includes("violated")) return "violated";
	const isKnown = services.length > 0 && leftOut.length === 0;
	return kinds.includes("unknown") || !isKnown ? "unknown" : "holds";
}
