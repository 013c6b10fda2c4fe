import { describe, expect, it } from "vitest";
import {
	type ClientPlan,
	PlanError,
	parseCommand,
	parsePlan,
} from "./client-plan.ts";

const plan: ClientPlan = {
	epochMs: 1_700_000_000_000.5,
	service: { address: "10.0.0.1", port: 25 },
	client: "c1",
	source: "10.0.0.10",
	steps: [
		{
			label: "load",
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
		["[]", "the line is no object"],
		[JSON.stringify({ ...plan, client: 7 }), "client is no text"],
		[JSON.stringify({ ...plan, steps: {} }), "steps is no list"],
		[JSON.stringify({ ...plan, service: null }), "service is no object"],
		[
			JSON.stringify({
				...plan,
				steps: [{ ...plan.steps[0], dialogue: { kind: "shout" } }],
			}),
			"unknown dialogue: shout",
		],
		[
			JSON.stringify({
				...plan,
				steps: [{ ...plan.steps[0], connections: [{ id: 1, atMs: "0" }] }],
			}),
			"atMs is no number",
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

	it("is refused when nobody knows it", () => {
		expect(() => parseCommand('{"do":"sing"}')).toThrow(PlanError);
	});
});
