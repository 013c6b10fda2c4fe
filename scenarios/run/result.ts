/** What a run leaves: one contract between whoever plays a scenario and whoever shows it. */
import type { Unknown } from "../../sim/gateway/gateway.ts";
import type { Account } from "../../sim/world/account.ts";
import type { Expectation, PlayableScenario } from "../language/scenario.ts";

/** Three-valued all the way up: what the model does not know is neither yes nor no. */
export type Outcome = "holds" | "violated" | "unknown";

/** One expectation, judged. */
export interface Judgement {
	readonly expectation: Expectation;
	readonly outcome: Outcome;
	/** In words and numbers. */
	readonly expected: string;
	readonly seen: string;
	/** Ids of the connections that show it, the first ones where they are many. */
	readonly connections: readonly number[];
	/** How many connections show it, those that are not named among them. */
	readonly concerned: number;
	/** The place to look at, `mangle:MAILMARK:rule:2`; `null` when no single rule is to blame. */
	readonly rule: string | null;
}

/** A scenario, played and judged. Plain data without wall-clock time: the same seed gives the same bytes. */
export interface RunResult {
	readonly scenario: PlayableScenario;
	readonly driver: { readonly name: string; readonly version: string };
	readonly seed: number;
	/** `unknown` beats `violated` beats `holds`. */
	readonly outcome: Outcome;
	/** What the gateway did not know; the play ended there. */
	readonly unknown: Unknown | null;
	/** In the order of the scenario's expectations. */
	readonly judgements: readonly Judgement[];
	readonly account: Account;
	/** The command line that plays just this once more. */
	readonly replay: string;
}

/** The outcome of many: violated when any is, else unknown when any is. */
export function worst(outcomes: readonly Outcome[]): Outcome {
	if (outcomes.includes("violated")) return "violated";
	return outcomes.includes("unknown") ? "unknown" : "holds";
}
