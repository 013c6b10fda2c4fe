/** The part of the contract that is about generated rulesets, packets and events. */

export interface FuzzView {
	/**
	 * Whether model and kernel agree in all of it; what was not met or not known is told beside it. `unknown`: they
	 * agree in what was compared, and not all was.
	 */
	readonly status: "holds" | "violated" | "unknown";
	/** What all of it was drawn from; more than one when results were put together. */
	readonly seeds: readonly number[];
	/** `vm (linux 6.1.0-56-cloud-amd64, tcg)`. */
	readonly kernels: readonly string[];
	readonly rulesets: number;
	readonly packets: number;
	/** Texts that went through iptables-restore and iptables-save; `null` when none did. */
	readonly texts: number | null;
	/** Live time; of several machines one after the other. */
	readonly tookMs: number;
	/**
	 * That nobody knows of, made as small as they get. Each is an entry of the report, but for texts that
	 * the two read differently: these are no scenarios, and the screen told them.
	 */
	readonly divergences: number;
	/** Rulesets, texts and rules of chance that were not compared, since the machine died: each is an entry of the report. */
	readonly lost: number;
	/** Extensions that were not drawn, and why. */
	readonly leftOut: readonly {
		readonly name: string;
		readonly reason: string;
	}[];
	readonly coverage: readonly CoverageView[];
	/** What the model did not know: a case ended there. */
	readonly unknown: readonly Met[];
	readonly chances: readonly ChanceView[];
	readonly known: readonly KnownView[];
}

/** What there is to be met, and how often each was. */
export type CoverageView = {
	/** `TCP transitions`. */
	readonly title: string;
	/** What counts as met, in a sentence. */
	readonly about: string;
	/** So many are modelled, … */
	readonly total: number;
	/** … and these of them were not met. */
	readonly holes: readonly string[];
} & (
	| {
			readonly kind: "list";
			/** Most frequent first. */
			readonly met: readonly Met[];
	  }
	| {
			readonly kind: "grid";
			/** What rows and columns are: `table`, `hook`. */
			readonly axes: readonly [row: string, column: string];
			readonly columns: readonly string[];
			readonly rows: readonly {
				readonly name: string;
				/** By column; 0 is a hole, and `null` is what cannot be. */
				readonly times: readonly (number | null)[];
			}[];
	  }
);

interface Met {
	readonly what: string;
	/** At least once. */
	readonly times: number;
}

/** A rule that matches by chance: either side draws for itself, so numbers are compared. */
export interface ChanceView {
	/** `! --probability 0.25000000000`. */
	readonly rule: string;
	readonly packets: number;
	/** Packets that matched. */
	readonly model: number;
	readonly kernel: number;
	/** Where either has to lie; all but one in a million do. */
	readonly low: number;
	readonly high: number;
	/** Do both? */
	readonly isInside: boolean;
}

/** Where the two are known to differ. */
export interface KnownView {
	readonly name: string;
	readonly reason: string;
	readonly times: number;
}
