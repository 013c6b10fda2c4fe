import { expect, it } from "vitest";
import { parseLinux } from "../../sim/linux/linux.ts";
import { toScenario } from "./case-to-scenario.ts";
import { caseAt } from "./fuzz.ts";
import {
	leftOut,
	NOTHING_LACKING,
	withoutLacking,
	withoutUnfollowed,
} from "./lacking.ts";

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

it("takes rules out that the model does not follow on a Linux, and says so", () => {
	const linux = parseLinux("bullseye/nft");
	const ends: (string | undefined)[] = [];
	for (let number = 0; number < 20; number++) {
		const drawn = caseAt(SEED, `${number}`);
		const played = JSON.stringify(withoutUnfollowed(drawn, linux));
		expect(played).not.toMatch(/ -[sd] [\d.]+\/0\.0\.0\.1 /);
		expect(withoutUnfollowed(drawn, parseLinux("bookworm/nft"))).toBe(drawn);
		ends.push(toScenario(drawn, "case", linux).unknown?.reason);
	}
	expect(ends.filter((reason) => reason?.includes("octet of 0"))).toEqual([]);
	const names = (on: string) =>
		leftOut(NOTHING_LACKING, parseLinux(on)).map(({ name }) => name);
	expect(names("bullseye/nft")).toEqual([
		"-s and -d with a mask such as 0.0.0.1",
	]);
	expect(names("bullseye")).toEqual([]);
});
