/** What is computed of a ruleset once, for all rules of the linter. */
import type { Ruleset } from "../../../sim/contract/ruleset.ts";
import type { Service } from "../services/service.ts";
import type { AssumedWorld } from "../world/assumed-world.ts";

/** @public */
export interface Facts {
	/** The file, as it was named. */
	readonly file: string;
	/** What was loaded. */
	readonly ruleset: Ruleset;
	readonly world: AssumedWorld;
	readonly services: readonly Service[];
}
