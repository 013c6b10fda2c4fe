/** An exploration's scenario as a text, and back: a file to save, or what a link holds. */

import { validateScenarioFile } from "../../scenarios/language/check/validate.ts";
import type {
	Expectation,
	PlayableScenario,
	Scenario,
} from "../../scenarios/language/scenario.ts";
import { ScenarioError } from "../../scenarios/language/scenario-error.ts";
import { parseJson } from "../../scenarios/load/parse-json.ts";
import type { Account } from "../../sim/world/account/account.ts";
import { withListenerBackends } from "../../sim/world/setup/services.ts";
import type { Exploration } from "./exploration.ts";

/**
 * The scenario of an exploration as JSON, which ends where the exploration stands. What it opened is expected to end
 * as it has: so `marktwin run` tells when that changes.
 */
export function scenarioText(exploration: Exploration): string {
	const { scenario } = exploration;
	const account = exploration.account();
	const steps = scenario.steps.filter((step) => exploration.isDone(step));
	const labelled = steps.map((step) => step.label);
	return `${JSON.stringify(
		{
			...scenario,
			story:
				scenario.story === ""
					? `Explored: ${account.connections.length} connections in ${steps.length} steps.`
					: scenario.story,
			steps,
			expect: [
				...scenario.expect.filter((one) => isPossible(one, labelled)),
				...outcomesOf(account),
			],
			endMs: exploration.endMs,
		} satisfies PlayableScenario,
		null,
		"\t",
	)}\n`;
}

const SEEN = "It was so when it was explored.";

/** It names no step that has not happened. */
function isPossible(one: Expectation, labels: readonly string[]): boolean {
	if (one.because === SEEN) return false;
	const step =
		"of" in one ? one.of.step : one.kind === "operation" ? one.step : undefined;
	return step === undefined || labels.includes(step);
}

/** How many of the connections ended how. */
function outcomesOf({ connections }: Account): readonly Expectation[] {
	const counts = new Map<string, number>();
	for (const { outcome } of connections)
		counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
	return [...counts].map(([outcome, count]) => ({
		kind: "outcomes",
		because: SEEN,
		of: {},
		outcome: outcome as Account["connections"][number]["outcome"],
		atLeast: count,
		atMost: count,
	}));
}

/**
 * The scenario of a text.
 * @param name of its file or its origin, for messages
 * @throws ScenarioError with every fault; a page reads no other files
 */
export function readScenarioText(text: string, name: string): PlayableScenario {
	const [scenario, ...more] = validateScenarioFile(parseJson(text, name), name);
	if (scenario === undefined || more.length > 0)
		throw new ScenarioError("invalid", name, [
			{
				path: "",
				message: `it has ${more.length + 1} scenarios, and one can be explored`,
				remedy: "Keep one of them.",
			},
		]);
	return playable(scenario, name);
}

function playable(scenario: Scenario, name: string): PlayableScenario {
	const { ruleset, gateway } = scenario.setup;
	const { sets } = gateway;
	const files = [
		...("file" in ruleset ? [ruleset.file] : []),
		...(typeof sets === "object" ? [sets.file] : []),
		...scenario.steps.flatMap((step) => {
			if (step.kind !== "operation") return [];
			const { operation } = step;
			if (operation.kind === "restore")
				return "text" in operation ? [] : [operation.file];
			return operation.kind === "ipset" && typeof operation.input === "object"
				? [operation.input.file]
				: [];
		}),
	];
	const [file] = files;
	if (file !== undefined)
		throw new ScenarioError("invalid", name, [
			{
				path: scenario.name,
				message: `it names the file ${file}, and a page reads no files`,
				remedy:
					"Put its text in: `marktwin explore` does so with the scenario files that it is given.",
			},
		]);
	const whole = scenario as PlayableScenario;
	return { ...whole, setup: withListenerBackends(whole.setup) };
}
