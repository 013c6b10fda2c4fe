/** What a text with faults amounts to. */
import { counted } from "../../reports/wording.ts";
import type { Fault } from "../../sim/ruleset/base/ruleset-error.ts";

/** `would not load: 2 faults, and is not taken by marktwin: 1 reason`, or one of the two. */
export function refusal(faults: readonly Fault[]): string {
	const own = faults.filter(({ from }) => from === "marktwin").length;
	const others = faults.length - own;
	return [
		...(others > 0 ? [`would not load: ${counted(others, "fault")}`] : []),
		...(own > 0 ? [`is not taken by marktwin: ${counted(own, "reason")}`] : []),
	].join(", and ");
}
