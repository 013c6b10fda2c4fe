import { describe, expect, it, test } from "vitest";
import { parseRuleset } from "../../../sim/ruleset/parse.ts";
import { ALL } from "./intervals.ts";
import { allBut, everything, joinedIn, takenBy } from "./space.ts";

function takenOf(rule: string) {
	const text = `*filter\n-A FORWARD ${rule} -j ACCEPT\nCOMMIT\n`;
	const { tables } = parseRuleset(text, { file: "a.rules" });
	const forward = tables[0]?.chains.find(({ name }) => name === "FORWARD");
	return takenBy(forward?.rules ?? [], ["eth0"])[0];
}

describe("what a rule with ! takes", () => {
	const port = "destinationPort";
	it.each([
		["-p tcp ! --dport 1:65535", port, [[0, 0]]],
		["-p tcp ! --dport 0:79", port, [[80, 0xffff_ffff]]],
		[
			"-p tcp -m multiport ! --dports 1:79,81:65535",
			port,
			[
				[0, 0],
				[80, 80],
			],
		],
		[
			"-p udp -m multiport ! --sports 0:65534",
			"sourcePort",
			[[65535, 0xffff_ffff]],
		],
		["! -p 255", "protocol", [[0, 254]]],
	] as const)("%s: of %s %j", (rule, field, ranges) => {
		expect(takenOf(rule)?.[field]).toEqual(ranges);
	});

	it.each([
		"-p tcp ! --sport 0:65535",
		"-p tcp -m multiport ! --ports 0:79,80:65535",
		"! -s 0.0.0.0/0",
	])("%s: nothing", (rule) => {
		expect(takenOf(rule)).toBeNull();
	});
});

test("values of a field that are all in one of two sets are any", () => {
	const low = [[0, 80]] as const;
	const high = [[81, 65_535]] as const;
	expect(allBut("sourcePort", low)).toEqual([[81, 0xffff_ffff]]);
	expect(allBut("sourcePort", high)).toEqual(low);
	expect(joinedIn("sourcePort", [low, high])).toBe(ALL);
	expect(joinedIn("source", [low, high])).toEqual([[0, 65_535]]);
	expect(everything([]).sourcePort).toBe(ALL);
});
