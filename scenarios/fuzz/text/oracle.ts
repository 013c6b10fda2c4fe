/** A real iptables, as generated texts ask it. */
import type { Linux } from "../../../sim/linux/linux.ts";
import type { OpenPoints } from "../../../sim/ruleset/check/open-points.ts";
import type { RestoreOptions as ModelOptions } from "../../../sim/ruleset/parse.ts";

/** What was said to a text. */
export interface Said {
	/** 0: it was taken. */
	readonly exitCode: number;
	/** Everything that was printed, warnings too. */
	readonly words: string;
}

/** How a text is loaded: all of it is said. */
export type RestoreOptions = Required<Omit<ModelOptions, "file" | "linux">>;

export interface TextOracle {
	/** Which Linux it is; the model is the same one. */
	readonly linux: Linux;
	/** Makes accounting objects by these names, so that rules may name them. */
	account(names: readonly string[]): Promise<void>;
	restore(text: string, options: RestoreOptions): Promise<Said>;
	/** `iptables-restore --test`: everything but COMMIT. */
	test(text: string, options: RestoreOptions): Promise<Said>;
	/**
	 * What is loaded, without the lines of comment, which hold the time.
	 * @param options.counters `iptables-save -c`
	 */
	save(options: Pick<RestoreOptions, "counters">): Promise<string>;
}

/** Accounting objects are made before; what else no ruleset brings along is not on its machine. */
export function areHere(needs: OpenPoints["needs"]): boolean {
	return needs.every(({ kind }) => kind === "nfacct");
}
