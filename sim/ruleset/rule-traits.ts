/** What a rule compares, and which marks it uses: its header, its matches and its target together. */
import type { MatchUse, Rule, TargetUse } from "../contract/ruleset.ts";
import { comparesNetwork } from "../extension/comparisons.ts";
import type { WalkEnd } from "../extension/extension.ts";
import type {
	Comparison,
	ListUse,
	Lookup,
	MarkUse,
} from "../extension/traits.ts";
import { matches } from "../matches/index.ts";
import { targets } from "../targets/index.ts";
import { printMatch } from "./print.ts";

/** Bits of marks that a rule reads and writes: those of its matches, in order, then its target's. */
export function marksOf({ matches: uses, target }: Rule): readonly MarkUse[] {
	const ofMatches = uses.flatMap(
		({ name, options }) => matches.get(name)?.marks?.(options) ?? [],
	);
	if (target?.kind !== "extension") return ofMatches;
	const ofTarget = targets.get(target.name)?.marks?.(target.options) ?? [];
	return [...ofMatches, ...ofTarget];
}

/** Sets and countries that a rule looks up, and sets that it writes to: those of its matches, in order, then its target's. */
export function lookupsOf({ matches: uses, target }: Rule): readonly Lookup[] {
	const ofMatches = uses.flatMap(
		({ name, options }) => matches.get(name)?.lookups?.(options) ?? [],
	);
	if (target?.kind !== "extension") return ofMatches;
	const ofTarget = targets.get(target.name)?.lookups?.(target.options) ?? [];
	return [...ofMatches, ...ofTarget];
}

/** Lists of addresses that a rule writes to or asks, and sets. */
export function listUsesOf(rule: Rule): readonly ListUse[] {
	const ofLists = rule.matches.flatMap(
		({ name, options }) => matches.get(name)?.keepsList?.(options) ?? [],
	);
	const ofSets = lookupsOf(rule).flatMap((lookup): readonly ListUse[] => {
		const isOne = lookup.list === "set";
		if (!isOne || (lookup.how !== "adds" && lookup.how !== "asks")) return [];
		const { name, sides } = lookup;
		const does = lookup.how === "adds" ? "writes" : "asks";
		const words = `${name} ${sides.join(",")}`;
		return [{ list: `set ${name}`, does, sides, words }];
	});
	return [...ofLists, ...ofSets];
}

/** Those of them that say something about a packet: what it asks for, or what gives it a mark. */
export function lookupsThatTell(rule: Rule): readonly Lookup[] {
	return lookupsOf(rule).filter(({ how }) => how === "asks" || how === "maps");
}

/**
 * What a rule compares header fields with, all of which must hold where it matches: addresses of its
 * header, and what its matches compare. Where names are open that only the machine knows, what stands in
 * for them is not compared.
 */
export function comparisonsOf(rule: Rule): readonly Comparison[] {
	const { header, asWritten } = rule;
	const hasNoHost = !asWritten?.needs.some(({ kind }) => kind === "host");
	const ofHeader = hasNoHost
		? [
				...comparesNetwork("source", header.source),
				...comparesNetwork("destination", header.destination),
			]
		: [];
	if (asWritten !== undefined) return ofHeader;
	const ofMatches = rule.matches.flatMap(
		({ name, options }) => matches.get(name)?.compares?.(options) ?? [],
	);
	return [...ofHeader, ...ofMatches];
}

/**
 * Do addresses, ports, protocol, interface and marks of a packet, and questions, tell what a match says of it? Other matches
 * may say something else of another packet that has all of these alike.
 */
export function isTold({ name, options }: MatchUse): boolean {
	const match = matches.get(name);
	return (
		match === undefined ||
		match.compile === null ||
		match.alwaysMatches === true ||
		match.stateful === true ||
		match.question !== undefined ||
		match.marks !== undefined ||
		match.comparesAll?.(options) === true
	);
}

/** Does a rule ask a packet for what others with its addresses, ports, protocol, interface and marks may have otherwise? */
export function asksMore({ matches: uses, header, asWritten }: Rule): boolean {
	if (asWritten !== undefined) return false;
	return header.fragment !== null || !uses.every(isTold);
}

/** What a match asks for, where other uses ask for the same. */
export interface AskedFact {
	/** Equal for uses that have one answer. */
	readonly key: string;
	/** The match holds where the fact does not. */
	readonly inverted: boolean;
	readonly about: "packet" | "way";
}

/** What the match at this place of the rule asks for; `null`: it has an answer of its own. */
export function factOf(
	{ matches: uses, header }: Rule,
	place: number,
): AskedFact | null {
	const use = uses[place];
	const about = use && matches.get(use.name)?.hasOneAnswer;
	if (use === undefined || about === undefined) return null;
	const key = printMatch(use, header);
	// Where several things are asked for, `!` before one of them is not the opposite of all.
	const isOne = key.split(" --").length === 2;
	return isOne
		? {
				key: key.replace(" ! --", " --"),
				inverted: key.includes(" ! --"),
				about,
			}
		: { key, inverted: false, about };
}

/**
 * How the target of a rule ends the walk through its table; `null`: packets go on, be it in another
 * chain.
 */
export function endOf(target: TargetUse | null): WalkEnd | null {
	if (target?.kind === "extension")
		return targets.get(target.name)?.ends ?? null;
	return target?.kind === "verdict" ? VERDICTS[target.name] : null;
}

/** What the target of a rule translates; `undefined`: nothing. */
export function translatedBy(
	target: TargetUse | null | undefined,
): "source" | "destination" | "either" | undefined {
	return target?.kind === "extension"
		? targets.get(target.name)?.translates
		: undefined;
}

const VERDICTS = {
	ACCEPT: "accepts",
	DROP: "drops",
	QUEUE: "queues",
	RETURN: null,
} as const;
