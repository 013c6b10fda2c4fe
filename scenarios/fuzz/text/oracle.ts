/** A real iptables, as generated texts ask it. */

/** What was said to a text. */
export interface Said {
	readonly ok: boolean;
	/** Everything that was printed, warnings too. */
	readonly words: string;
}

export interface RestoreOptions {
	/** `--counters`: those that are written are taken. */
	readonly counters: boolean;
	/** `--noflush`: what is loaded is added to. */
	readonly noflush: boolean;
}

export interface TextOracle {
	restore(text: string, options: RestoreOptions): Promise<Said>;
	/** `iptables-restore --test`: everything but COMMIT. */
	test(text: string, options: RestoreOptions): Promise<Said>;
	/**
	 * What is loaded, without the lines of comment, which hold the time.
	 * @param options.counters `iptables-save -c`
	 */
	save(options: Pick<RestoreOptions, "counters">): Promise<string>;
}
