/** Looking rules up and walking them are two implementations of one thing: all cases of the fuzz come out the same. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import { drive } from "../run/driver.ts";
import { wholePlay } from "../run/run-scenario.ts";
import { gatewayChoice } from "../run/set-up.ts";
import { toScenario } from "./case-to-scenario.ts";
import { type FuzzCase, fuzzCases } from "./fuzz-case.ts";

/** All that the gateway answers in the play, and its rules with their counters at the end. */
function accountOf(fuzzCase: FuzzCase, leastIndexed: number): string {
	const { scenario } = toScenario(fuzzCase, "walks");
	const gateway = new ModelGateway(scenario.setup.gateway, {
		choice: gatewayChoice(1),
		leastIndexed,
	});
	const answers: string[] = [];
	drive(wholePlay(scenario, 1, {}), {
		answer(ask) {
			const answer = gateway.answer(ask);
			answers.push(JSON.stringify(answer));
			return answer;
		},
	});
	const observed = gateway.answer({ kind: "observe", atMs: gateway.nowMs });
	return [...answers, JSON.stringify(observed)].join("\n");
}

describe("looking rules up", () => {
	it("comes to what walking them comes to, to the last counter", () => {
		fc.assert(
			fc.property(fuzzCases, (fuzzCase) => {
				expect(accountOf(fuzzCase, 0)).toBe(accountOf(fuzzCase, Infinity));
			}),
			{ numRuns: 25 },
		);
	}, 240_000);
});
