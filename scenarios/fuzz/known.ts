/** Where generated cases are known to differ, and why: each with the symbol that makes the difference. */
import type { Divergence } from "../compare/lockstep/divergence.ts";
import type { PlayableScenario } from "../language/scenario.ts";

export interface KnownKind {
	readonly name: string;
	readonly reason: string;
	/** Is it this that shows here? */
	is(divergence: Divergence, scenario: PlayableScenario): boolean;
}

/** Empty is best. */
export const KNOWN_KINDS: readonly KnownKind[] = [];
