/** What a run leaves: one contract between whoever plays a scenario and whoever shows it. */
import type { Unknown } from "../../sim/contract/gateway.ts";
import type { Account } from "../../sim/world/account/account.ts";
import type { Expectation, PlayableScenario } from "../language/scenario.ts";
import type { AssumedMatch } from "./assumed.ts";
import type { DriverInfo } from "./driver-info.ts";
import type { Invocation } from "./invocation.ts";
import type { RulePlace } from "./rule-place.ts";

/** Three-valued all the way up: what the model does not know is neither yes nor no. @public */
export type Outcome = "holds" | "violated" | "unknown";

/** What every scenario expects without saying so; judged only where it is not so. @public */
export type ImpliedExpectation =
	/** Each step succeeds, and changes something, of which no expectation says how it goes. */
	| { readonly kind: "steps-succeed"; readonly because: "" }
	/** Each connection is served of which no expectation says how it ends. */
	| { readonly kind: "connections-served"; readonly because: "" }
	/** The rules are all that the router has: a dump may say that it is not. */
	| { readonly kind: "rules-whole"; readonly because: "" };

/** One expectation, judged. @public */
export interface Judgement {
	readonly expectation: Expectation | ImpliedExpectation;
	readonly outcome: Outcome;
	/** In words and numbers. */
	readonly expected: string;
	readonly seen: string;
	/** Ids of the connections that show it, the first ones where they are many. */
	readonly connections: readonly number[];
	/** How many connections show it, those that are not named among them. */
	readonly concerned: number;
	/** The rule of the first explanation, `mangle:MAILMARK:rule:2`; `null` when no rule is to blame. */
	readonly rule: string | null;
	/**
	 * Why it is violated: the concerned connections in groups that failed in the same way, the first
	 * few groups, and behind them what is known of the rules: exact shares, findings of the linter. Empty
	 * where it holds, and where it is not about packets.
	 */
	readonly why: readonly Why[];
}

/** Connections that failed in the same way, packets by hand, or a remark on the rules. @public */
export interface Why {
	/** Id of the first one; `null` for packets by hand, and for remarks. */
	readonly connection: number | null;
	/** How many there are; 0: it is a remark on the rules. */
	readonly count: number;
	/** Their path in words: `SYN → DNAT 192.168.0.1 (line 5) → out eth1 → b1 (vanished at 2.5 s): lost on its link`. */
	readonly text: string;
	/** Where their packets ended, or what sent them there; `null` when no rule is to blame. */
	readonly rule: RulePlace | null;
}

/** A scenario, played and judged. Plain data without wall-clock time: the same seed gives the same bytes. @public */
export interface RunResult {
	readonly scenario: PlayableScenario;
	readonly driver: DriverInfo;
	readonly seed: number;
	/** `unknown` beats `violated` beats `holds`. */
	readonly outcome: Outcome;
	/** What the gateway did not know; the play ended there. */
	readonly unknown: Unknown | null;
	/** In the order of the scenario's expectations, and what it implies behind them. */
	readonly judgements: readonly Judgement[];
	readonly account: Account;
	/** What was assumed of matches that the model does not know, which all of it rests on. Left out: nothing. */
	readonly assumed?: readonly AssumedMatch[];
	/**
	 * The command that plays just this once more. A scenario that has no file stands in it by its name,
	 * which marktwin knows of built-in ones alone.
	 */
	readonly replay: Invocation;
}

/** Said of a scenario without an expectation: its outcome is unknown. */
export const NOTHING_EXPECTED = "nothing was expected: nothing is shown";

/** The outcome of many: violated when any is, else unknown when any is. */
export function worst(outcomes: readonly Outcome[]): Outcome {
	if (outcomes.includes("violated")) return "violated";
	return outcomes.includes("unknown") ? "unknown" : "holds";
}
