import { describe, expect, it } from "vitest";
import {
	at,
	avoided,
	conditionIs,
	connect,
	counter,
	countsAgree,
	failoverGapAtMost,
	iptables,
	packetsOut,
	recipeSetup,
	scenario,
	setCondition,
} from "../language/build/build.ts";
import { validateScenario } from "../language/check/validate.ts";
import type { Expectation, Scenario } from "../language/scenario.ts";
import { checkScenario } from "./run-scenario.ts";

const TEXT = `*mangle
-A PREROUTING -m condition --condition mail1up -j MARK --set-mark 1
COMMIT
*nat
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1
COMMIT
`;

/** How the expectation is judged when one connection has gone to b1, and what was seen. */
function judged(
	one: Expectation,
	steps: Scenario["steps"] = [],
): readonly [string | undefined, string | undefined] {
	const given = validateScenario(
		scenario({
			name: "one",
			title: "One",
			expect: [one],
			setup: recipeSetup({ ruleset: { name: "test", text: TEXT } }),
			steps: [connect(1), at(1000, [...steps])],
		}),
	);
	const { judgements } = checkScenario(
		given as Parameters<typeof checkScenario>[0],
	);
	return [judgements[0]?.outcome, judgements[0]?.seen];
}

describe("what there is not", () => {
	it("shows nothing by the lack of a condition that nothing names", () => {
		const [outcome, seen] = judged(conditionIs("mail1upp", null));
		expect(outcome).toBe("unknown");
		expect(seen).toContain(
			"no rule and no step names a condition `mail1upp`; did you mean `mail1up`?",
		);
		expect(judged(conditionIs("constructor", null))[0]).toBe("unknown");
	});

	it("believes in the lack of a condition that something named", () => {
		const flush = iptables("-t mangle -F");
		expect(judged(conditionIs("mail1up", null), [flush])[0]).toBe("holds");
		expect(judged(conditionIs("mail1up", null))[0]).toBe("violated");
		const write = setCondition("mail3up", "1", "typo");
		expect(judged(conditionIs("mail3up", null), [write])[0]).toBe("holds");
	});

	it.each<[string, Expectation, RegExp]>([
		["value", conditionIs("mail1upp", 0), /^does not exist$/],
		["rule", counter("nat:PREROUTING:rule:9", 0), /^no such rule/],
		["chain", counter("nat:PREROUTNG:rule:1", 0), /^no such rule/],
		["failure", failoverGapAtMost("b2", 1000), /./],
		[
			"address",
			countsAgree({ b1: "192.168.0.1", b2: "192.168.0.22" }),
			/no rule translates to 192\.168\.0\.22$/,
		],
	])("is violated: %s", (_, one, seen) => {
		const [outcome, said] = judged(one);
		expect(outcome).toBe("violated");
		expect(said).toMatch(seen);
	});

	it("is refused: a backend", () => {
		expect(() => judged(avoided("b9"))).toThrow('no backend "b9"');
	});
});

it.each([
	["garbage", 0],
	["tpc *", 0],
	["tcp 10.0.0.1:25 > 10.0.0.10:40000 XYZ", 0],
	["tcp *", 1],
	["* > 10.0.0.10:40000 *", 1],
	["tcp 10.0.0.1:25 > 10.0.0.10:40000 S", 1],
	["tcp * > 10.0.0.10:40000", 1],
	["tcp * > 10.0.0.10:40000 ", 0],
	["tcp * > 10.0.0.10:* AS *", 0],
	["tcp * > 10.0.0.10:40000 s *", 0],
	["udp * > *:53 S *", 0],
])(
	"a packet that is written as %j is refused unless it may be one",
	(text, fits) => {
		const made = () => written(text);
		if (fits) expect(made).not.toThrow();
		else expect(made).toThrow(/no packet is written as/);
	},
);

it("flags that are written otherwise than they are printed are refused with what is meant", () => {
	const made = () => written("tcp * > 10.0.0.10:* as *");
	expect(made).toThrow('SFRPAUEW: "tcp * > 10.0.0.10:* SA *"');
});

it("a Linux that is written as a text is refused with the builder's name", () => {
	const gateway = { linux: "trixie/nft" as never };
	expect(() => recipeSetup({ gateway })).toThrow('linux("trixie/nft")');
});

/** A scenario that awaits a packet which is written so. */
function written(text: string) {
	return validateScenario(
		scenario({
			name: "a",
			title: "A",
			setup: recipeSetup({ ruleset: { name: "a.rules", text: TEXT } }),
			steps: [connect(1)],
			expect: [packetsOut("bond0.204", [text])],
		}),
	);
}
