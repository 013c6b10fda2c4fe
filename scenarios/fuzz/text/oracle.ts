/** A real iptables, as generated texts ask it. */

/** What was said to a text. */
export interface Said {
	readonly ok: boolean;
	/** Everything that was printed, warnings too. */
	readonly words: string;
}

export interface TextOptions {
	/** `iptables-restore --counters`, `iptables-save -c`: counters are taken, and shown. */
	readonly counters: boolean;
}

export interface TextOracle {
	restore(text: string, options: TextOptions): Promise<Said>;
	/** `iptables-restore --test`: everything but COMMIT. */
	test(text: string, options: TextOptions): Promise<Said>;
	/** What is loaded, without the lines of comment, which hold the time. */
	save(options: TextOptions): Promise<string>;
}
