/** Rules that use marks, and in which order a packet comes to them. */
import type { Ruleset } from "../../../../../sim/contract/ruleset.ts";
import type { MarkUse } from "../../../../../sim/extension/traits.ts";
import { marksOf } from "../../../../../sim/ruleset/rule-traits.ts";
import type { End } from "../../../walk/decision.ts";
import { eachRule, type PlacedRule, rulesByName } from "../../each-rule.ts";
import type { Facts } from "../../facts.ts";

/** One use of a mark by a rule. */
export interface UseOfMark {
	readonly placed: PlacedRule;
	readonly use: MarkUse;
}

const known = new WeakMap<Ruleset, readonly UseOfMark[]>();

/** All uses, in the order of the rules. */
export function usesOfMarks(ruleset: Ruleset): readonly UseOfMark[] {
	const found =
		known.get(ruleset) ??
		eachRule(ruleset).flatMap((placed) =>
			marksOf(placed.rule).map((use) => ({ placed, use })),
		);
	known.set(ruleset, found);
	return found;
}

/** `CONNMARK --save-mark`: bits of the packet's mark become the connection's. */
export const isSave = ({ mark, does, copies }: MarkUse) =>
	mark === "connection" && does === "writes" && copies;

/** `CONNMARK --restore-mark`. */
export const isRestore = ({ mark, does, copies }: MarkUse) =>
	mark === "packet" && does === "writes" && copies;

/** A match that compares the packet's mark. */
export const isTest = ({ mark, does, copies }: MarkUse) =>
	mark === "packet" && does === "reads" && !copies;

/** A target that sets bits of the packet's mark: not one that clears them. */
export const isSet = ({ mark, does, value, copies }: MarkUse) =>
	mark === "packet" && does === "writes" && !copies && value !== 0;

export function overlap(one: MarkUse, other: MarkUse): boolean {
	return (one.bits & other.bits) !== 0;
}

/** The rules that a packet matched, with what they do with marks. */
export interface Step {
	readonly placed: PlacedRule;
	readonly uses: readonly MarkUse[];
}

export function stepsOf({ rules }: End, { ruleset }: Facts): readonly Step[] {
	const named = rulesByName(ruleset);
	return rules.flatMap(({ rule }) => {
		const placed = named.get(rule);
		return placed === undefined ? [] : [{ placed, uses: marksOf(placed.rule) }];
	});
}

/** Do packets come from one to the other within one hook? A jump stands on the way, so another hook shows. */
export function isOneHook(steps: readonly Step[]): boolean {
	const hooks = new Set(
		steps
			.filter(({ placed }) => placed.chain.policy !== null)
			.map(({ placed }) => placed.chain.name),
	);
	const tables = new Set(steps.map(({ placed }) => placed.table.name));
	return hooks.size <= 1 && tables.size === 1;
}

/** `0x1`, `0x1/0xff` */
export function markText({
	value,
	bits,
}: Pick<MarkUse, "value" | "bits">): string {
	const shown = `0x${((value ?? 0) >>> 0).toString(16)}`;
	return bits >>> 0 === 0xffff_ffff
		? shown
		: `${shown}/0x${(bits >>> 0).toString(16)}`;
}

/** `0x1`, `0x1 and 0x2`, `0x1, 0x2 and 3 more` */
export function fewMarks(texts: readonly string[]): string {
	const all = [...new Set(texts)];
	if (all.length <= 1) return all.join("");
	const shown = all.length > 3 ? all.slice(0, 2) : all.slice(0, -1);
	const last = all.length > 3 ? `${all.length - 2} more` : all.at(-1);
	return `${shown.join(", ")} and ${last}`;
}
