/** What a report says of an expectation: a part of the contract in `report.ts`. */

/**
 * `failed`: it could not be set up, or the lab failed, so nothing was judged. Where two drivers were compared, `holds` means
 * that they agree and `violated` that they diverge.
 */
export type Status = "holds" | "violated" | "unknown" | "failed";

export interface ExpectationView {
	readonly status: Status;
	readonly expected: string;
	readonly seen: string;
	/** "" when nothing was said. */
	readonly because: string;
	/** Numbers of the connections that show it, from 1; the first ones where they are many. */
	readonly connections: readonly number[];
	/** How many show it in all. */
	readonly concerned: number;
	/** Why it is violated: those that failed in the same way, the first few groups. */
	readonly why: readonly WhyView[];
	/** The rule to look at; `null` when none is to blame. */
	readonly rule: RuleAt | null;
}

export interface WhyView {
	/** Number of the first one, from 1; `null` for packets by hand. */
	readonly connection: number | null;
	readonly count: number;
	/** Their path in words. */
	readonly text: string;
}

export interface RuleAt {
	/** `mangle:MAILMARK:rule:2`. */
	readonly place: string;
	/** "" and 0 when the rule stands in no file that is known. */
	readonly file: string;
	readonly line: number;
	readonly text: string;
}

/** What keeps an entry from holding: one account of it, for the page, JUnit, summaries and annotations alike. */
export interface Reason {
	readonly status: Exclude<Status, "holds">;
	/** All of it in short: `expected b1 b2; seen b1 b1`. */
	readonly sentence: string;
	/** The same in parts, for formats with room for them; none when the sentence says it all. */
	readonly parts: readonly {
		readonly name:
			| "expected"
			| "seen"
			| "why"
			| "because"
			| "connections"
			| "unknown";
		readonly text: string;
	}[];
	/** The rule to look at. */
	readonly rule: RuleAt | null;
	/** What follows the sentence line by line, as a lab or a gateway said it. */
	readonly lines: readonly string[];
}
