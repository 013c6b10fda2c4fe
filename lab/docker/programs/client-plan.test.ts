import { describe, expect, it } from "vitest";
import {
	type ClientPlan,
	PlanError,
	parseCommand,
	parsePlan,
} from "./client-plan.ts";

const plan: ClientPlan = {
	epochMs: 1_700_000_000_000.5,
	client: "c1",
	source: "10.0.0.10",
	steps: [
		{
			label: "load",
			kind: "connect",
			speaks: "smtp",
			service: { address: "10.0.0.1", port: 25 },
			dialogue: { kind: "connect-only", connectTimeoutMs: null },
			connections: [
				{ id: 1, atMs: 0, port: null },
				{ id: 2, atMs: 12.5, port: 40_000 },
			],
		},
	],
};

describe("a plan", () => {
	it("comes out as it went in", () => {
		expect(parsePlan(JSON.stringify(plan))).toEqual(plan);
	});

	it.each([
		["{", "not JSON"],
		["[]", "epochMs: Invalid key"],
		[
			JSON.stringify({ ...plan, client: 7 }),
			"client: Invalid type: Expected string but received 7",
		],
		[
			JSON.stringify({ ...plan, steps: {} }),
			"steps: Invalid type: Expected Array but received Object",
		],
		[
			JSON.stringify({ ...plan, steps: [{ ...plan.steps[0], service: null }] }),
			"steps[0].service: Invalid type: Expected Object but received null",
		],
		[
			JSON.stringify({
				...plan,
				steps: [{ ...plan.steps[0], dialogue: { kind: "shout" } }],
			}),
			'steps[0].dialogue.kind: no kind "shout"',
		],
		[
			JSON.stringify({
				...plan,
				steps: [{ ...plan.steps[0], connections: [{ id: 1, atMs: "0" }] }],
			}),
			"steps[0].connections[0].atMs: Invalid type",
		],
	])("is refused: %s", (line, message) => {
		expect(() => parsePlan(line)).toThrow(PlanError);
		expect(() => parsePlan(line)).toThrow(message);
	});
});

describe("a command", () => {
	it("is read", () => {
		expect(parseCommand('{"do":"speak","step":"a"}')).toEqual({
			do: "speak",
			step: "a",
		});
		expect(parseCommand('{"do":"end","atMs":5}')).toEqual({
			do: "end",
			atMs: 5,
		});
	});

	it("is refused when it is none of these", () => {
		expect(() => parseCommand('{"do":"sing"}')).toThrow(PlanError);
	});
});
