/** How generated rules use an extension: one entry for each, keyed by its name. */

import type { TableName } from "../../../sim/contract/ruleset.ts";
import type { RuleProtocol, Uses } from "../values/rule-values.ts";
import type { Texts, Values } from "../values/values.ts";
import type { ProgramPlan } from "../world/topology.ts";

/** Options that stand together; `null`: with any argument that the option takes. */
export type Frame = Readonly<Record<string, Texts | null>>;

/**
 * What generated texts have to know of an extension besides its table of options. Nothing at all is
 * enough where the table says everything.
 */
interface TextUse {
	/** How often generated packets' rules have it, in comparison with others; once when left out. */
	readonly weight?: number;
	/**
	 * Which options make a rule that is loaded: where an extension asks for one of several, or the kernel
	 * for more than iptables.
	 */
	readonly frames?: readonly Frame[];
	/** Options that a use has only where one of its frames says so. */
	readonly onlyInFrames?: readonly string[];
	/** An option, and those that do not go with it, where not even the option table says so. */
	readonly apart?: readonly (readonly [string, readonly string[]])[];
	/** Options that are refused behind a `!` in words of their own, though the option table lets it pass. */
	readonly neverNegated?: readonly string[];
	/** Options with which the kernel refuses every rule of IPv4. */
	readonly neverLoaded?: readonly string[];
	/** By option: what it takes and nearly takes, where the extension reads the argument by itself. */
	readonly values?: Readonly<Record<string, Values>>;
	/** Where its rules stand, besides what it declares. */
	readonly place?: TextPlace;
	/** Why generated texts and rules for packets leave it out. */
	readonly leftOut?: string;
	/** Why no generated packet meets a rule with it, where it is modelled. */
	readonly neverMet?: string;
}

/** What the header has to ask for, and where the rule may stand. */
interface TextPlace {
	/** Words of the header, one of these. */
	readonly header?: readonly string[];
	readonly hooks?: readonly string[];
	readonly tables?: readonly string[];
	/** Rules that stand before it in the chain, without their `-A CHAIN`. */
	readonly after?: readonly string[];
}

export interface MatchUse extends TextUse {
	/** `-m NAME …` in rules that generated packets meet; a match that is modelled has it. */
	readonly packets?: Uses;
	/** Protocols of the rules that have it; every rule when left out. */
	readonly protocols?: readonly Exclude<RuleProtocol, "">[];
	/** Only rules for packets that came in from a link. */
	readonly incoming?: boolean;
	/** Fewer tables for these rules than those that the match declares. */
	readonly tables?: readonly TableName[];
	/** Which programs a case may have besides such a rule: what it asks of the sockets of others, the model does not know. */
	readonly allows?: (program: ProgramPlan, rule: string) => boolean;
}

export interface TargetUse extends TextUse {
	/** `NAME …` in rules that generated packets meet; a target that is modelled has it. */
	readonly packets?:
		| Uses
		| ((protocol: RuleProtocol, table: TableName) => Uses);
	/** Protocols of the rules that have it; every rule when left out. */
	readonly protocols?: readonly Exclude<RuleProtocol, "">[];
	/** Fewer tables and hooks for these rules than those that the target declares. */
	readonly tables?: readonly TableName[];
	readonly hooks?: readonly string[];
	/** The match that these rules need besides: they are made by themselves, in `rules/targets.ts`. */
	readonly needsMatch?: string;
}

/** Frames of one option each. */
export const oneOf = (...names: readonly string[]): readonly Frame[] =>
	names.map((name) => ({ [name]: null }));

/** The same values for each of the options. */
export const eachTakes = (
	values: Values,
	...options: readonly string[]
): Readonly<Record<string, Values>> =>
	Object.fromEntries(options.map((option) => [option, values]));
