import { expect, it } from "vitest";
import { caseAt } from "./fuzz.ts";
import {
	NOTHING_LACKING,
	textWithoutLacking,
	withoutLacking,
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

it("takes lines of a text with what iptables takes for a chain, however it is written", () => {
	const rule = (words: string) => `-A INPUT ${words}\n`;
	const one = {
		text: ["-jLED --led-trigger-id a", "-j MARK --set-mark 1", "--jump LED"]
			.map(rule)
			.join(""),
		onto: rule("-j LED"),
		counters: false,
		oddities: 0,
	};
	expect(textWithoutLacking(one, LACKING)).toEqual({
		...one,
		text: rule("-j MARK --set-mark 1"),
		onto: "",
	});
	expect(textWithoutLacking(one, NOTHING_LACKING)).toBe(one);
});
