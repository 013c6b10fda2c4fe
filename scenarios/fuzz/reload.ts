/** A ruleset that is loaded while packets go through. */
import type { Operation } from "../../sim/contract/gateway.ts";
import type { StepPlanKind } from "./traffic/plan.ts";

/** The file that all rulesets of a case are from. */
export const RULES_NAME = "fuzz.rules";

/**
 * @param own the ruleset of the case
 * @returns what is done, and what it counts as
 */
export function reloadOf(
	{
		ruleset,
		noflush,
		counters,
		fault,
	}: StepPlanKind & { readonly kind: "reload" },
	own: string,
): { readonly operation: Operation; readonly name: string } {
	const option = noflush ? " --noflush" : counters ? " --counters" : "";
	const whole = ruleset ?? own;
	const text = fault === null ? whole : withFault(whole, fault);
	const name = ruleset === null ? `reload${option}` : "another ruleset";
	const how = { file: RULES_NAME, noflush, counters };
	return {
		operation: { kind: "restore", text, ...how },
		name: fault === null ? name : "half a reload",
	};
}

/** Tables that end before the line are loaded, the others are not. */
function withFault(
	text: string,
	{ line, part }: { readonly line: string; readonly part: number },
): string {
	const lines = text.split("\n");
	const ends = lines.flatMap((one, index) => (one === "COMMIT" ? index : []));
	const end = ends[Math.min(Math.floor(part * ends.length), ends.length - 1)];
	return end === undefined ? text : lines.toSpliced(end, 0, line).join("\n");
}
