/** What stays open about a ruleset, in lines for a reader. */

import { shellLine } from "../../scenarios/result/invocation.ts";
import { keyOfNeed } from "../../sim/contract/need.ts";
import {
	NEEDS,
	type NeedWords,
} from "../../sim/extension/values/need-words.ts";
import { nearName } from "../../sim/ruleset/base/near-name.ts";
import type {
	OpenPoints,
	RulePlace,
} from "../../sim/ruleset/check/open-points.ts";

/** More lines of rules than this are counted, not named. */
const SHOWN_LINES = 8;

/** One line for each extension that is not modelled, and for each thing that has to be there. */
export function openLines({
	notModelled,
	needs,
}: OpenPoints): readonly string[] {
	return [
		...notModelled.map(
			({ kind, name, rules }) =>
				`not modelled: the ${kind} ${name} in ${placesOf(rules)}; packets that reach it have an unknown outcome`,
		),
		...needs.map((need) => {
			const { what, made, known }: NeedWords = NEEDS[need.kind];
			const near = known ? nearName(need.name, known()) : null;
			const meant = near === null ? "" : `did you mean \`${near}'? Else `;
			return `needs ${what} \`${need.name}' in ${placesOf(need.rules)}: ${meant}${made(need.name)}; where it is there: ${shellLine(["--given", keyOfNeed(need)])}`;
		}),
	];
}

/** `1 rule (line 7)`, `12 rules (lines 3, 5, …)`. */
function placesOf(rules: readonly RulePlace[]): string {
	const lines = [...new Set(rules.map(({ line }) => line))];
	const shown = lines.slice(0, SHOWN_LINES).join(", ");
	const more = lines.length > SHOWN_LINES ? ", …" : "";
	const many = rules.length === 1 ? "1 rule" : `${rules.length} rules`;
	return `${many} (line${lines.length === 1 ? "" : "s"} ${shown}${more})`;
}
