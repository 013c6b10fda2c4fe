/** Rules that no packet of a suite matched: nothing was shown of them. */
import { coverageOf } from "../../reports/build/build-coverage.ts";
import { counted, coverageWords } from "../../reports/wording.ts";
import { ruleCoverage } from "../../scenarios/details/rule-coverage.ts";
import { nameText } from "../screen/screen-text.ts";

/** Rulesets that are named; the page and the summary have more. */
const MOST_NAMED = 5;

/** `recipe.rules: 4 of 24 rules matched no packet, in 8 scenarios`; nothing of a ruleset that one scenario alone played. */
export function printCoverage(
	played: Parameters<typeof ruleCoverage>[0],
): readonly string[] {
	const all = ruleCoverage(played).filter(({ scenarios }) => scenarios > 1);
	const { shown = [], omitted = 0 } = coverageOf(all) ?? {};
	const left = omitted + Math.max(0, shown.length - MOST_NAMED);
	return [
		...shown.slice(0, MOST_NAMED).map((one) => nameText(coverageWords(one))),
		...(left > 0
			? [
					`${counted(left, "more ruleset")} ${left === 1 ? "has" : "have"} rules that matched no packet`,
				]
			: []),
	];
}
