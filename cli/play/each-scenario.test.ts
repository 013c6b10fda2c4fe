import { expect, it } from "vitest";
import { ScenarioError } from "../../scenarios/language/scenario-error.ts";
import type { LoadedScenario } from "../../scenarios/load/load-scenarios.ts";
import { EXIT } from "../base/exit-code.ts";
import { exitCodeOf, type Failure } from "../outputs/results-file.ts";
import { eachScenario } from "./each-scenario.ts";

const named = (name: string) => ({ scenario: { name } }) as LoadedScenario;

it("plays the others where one meets a bug, or cannot be set up", async () => {
	const lab = Object.assign(new Error("no machine"), { name: "LabError" });
	const thrown: Readonly<Record<string, unknown>> = {
		bug: new TypeError("x is no function"),
		text: "thrown as a text",
		input: new ScenarioError("rules", "", []),
		lab,
	};
	const played: string[] = [];
	const failed: [string, Failure["cause"], string][] = [];
	await eachScenario(["bug", "a", "text", "input", "lab", "b"].map(named), {
		doing: "playing",
		places: ["only"],
		async play(_, { scenario: { name } }) {
			if (name in thrown) throw thrown[name];
			return name;
		},
		onMade: (name) => played.push(name),
		onFailure: ({ scenario }, message, { cause }) =>
			failed.push([scenario.name, cause, message]),
	});
	expect(played).toEqual(["a", "b"]);
	expect(failed.map(([name, cause]) => [name, cause])).toEqual([
		["bug", "bug"],
		["text", "bug"],
		["input", "input"],
		["lab", undefined],
	]);
	expect(failed[0]?.[2]).toContain("This is a bug in marktwin");
	expect(failed[0]?.[2]).toContain("x is no function");
	expect(failed[3]?.[2]).toBe("no machine");
});

it.each([
	[["bug", "input"], EXIT.bug],
	[["input", undefined], EXIT.badInput],
	[[undefined], EXIT.lab],
] as const)("ends as the worst of failures: %s", (causes, code) => {
	const failures = causes.map((cause) => ({ cause }) as Failure);
	const all = { commands: [], shard: null, seed: null };
	const nothing = { results: [], comparisons: [] };
	expect(exitCodeOf({ ...all, ...nothing, failures })).toBe(code);
});
