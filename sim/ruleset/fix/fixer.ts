/** What a repair of a rule's words is given, and what it returns. */

/** What is wrong with a line first. */
export interface Trouble {
	/** As they were written, quotes and all. */
	readonly words: readonly string[];
	/** The parser's words. */
	readonly message: string;
	/** The word that it points at. */
	readonly at: number;
	/** The chains of the line's table. */
	readonly chains: ReadonlySet<string>;
	readonly table: string;
	/** Faults of the line, this one among them. */
	readonly faults: number;
}

export interface Repair {
	readonly what: string;
	readonly words: readonly string[];
	/** Another word was put in for one that is misspelt: if the next trouble is its own, it was not meant. */
	readonly isGuess?: boolean;
}

export type Fixer = (trouble: Trouble) => Repair | null;

export function replaced(
	words: readonly string[],
	at: number,
	count: number,
	...by: string[]
): readonly string[] {
	return [...words.slice(0, at), ...by, ...words.slice(at + count)];
}
