/** What is computed of a ruleset once, for all rules of the linter. */
import type { Analysis } from "../services/analysis.ts";

export interface Facts extends Analysis {
	/** The file, as it was named. */
	readonly file: string;
}
