import { expect, it } from "vitest";
import { caseAt } from "./fuzz.ts";
import { NOTHING_LACKING, withoutLacking } from "./lacking.ts";

const SEED = 13;
const LACKING = {
	matches: ["conntrack", "set"],
	targets: ["LED", "MARK"],
	takenForChains: ["LED"],
};

it("takes rules with these out of the ruleset, of reloads, and of commands", () => {
	for (let number = 0; number < 40; number++) {
		const drawn = caseAt(SEED, `${number}`);
		const played = withoutLacking(drawn, LACKING);
		const text = JSON.stringify(played);
		expect(text).not.toMatch(/-j (LED|MARK)[ "\\]|-m (conntrack|set) /);
		const others = (ruleset: string) =>
			ruleset
				.split("\n")
				.filter((line) => !/-j (LED|MARK)( |$)|-m (conntrack|set) /.test(line));
		expect(others(played.ruleset)).toEqual(others(drawn.ruleset));
	}
});

it("leaves a case as it is where nothing lacks", () => {
	const drawn = caseAt(SEED, "3");
	expect(withoutLacking(drawn, NOTHING_LACKING)).toBe(drawn);
	const other = {
		...NOTHING_LACKING,
		matches: ["nothing"],
		targets: ["NOTHING"],
	};
	expect(withoutLacking(drawn, other)).toEqual(drawn);
});
