/** What `fixRuleset` has changed. @public */
export interface Change {
	/** Of the original text, from 1; a line that was put in bears the number of the one before it. */
	readonly line: number;
	/** What was done and why, as a sentence. */
	readonly what: string;
	/** "" when a line was put in. */
	readonly before: string;
	readonly after: string;
}

/** A line on its way through the repairs. */
export interface DraftLine {
	text: string;
	/** Its number in the original. */
	readonly origin: number;
	/** Its index among the lines before any repair; without one it was put in. */
	readonly at?: number;
	/** Its repairs did not help: it stays as it is. */
	readonly isLeft?: boolean;
}
