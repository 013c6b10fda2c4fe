/** The scenario of an exploration as a text, and back: a file to save, or what a link holds. */

import { judgeAll } from "../../scenarios/judge/judge.ts";
import { validateScenarioFile } from "../../scenarios/language/check/validate.ts";
import type {
	Expectation,
	PlayableScenario,
} from "../../scenarios/language/scenario.ts";
import { ScenarioError } from "../../scenarios/language/scenario-error.ts";
import { parseJson } from "../../scenarios/load/parse-json.ts";
import { withTexts } from "../../scenarios/load/with-texts.ts";
import type { Account } from "../../sim/world/account/account.ts";
import { Exploration } from "./exploration.ts";

interface SavedScenario {
	readonly text: string;
	/** What the scenario expected and is violated now, or is about steps that have not happened: a text for each. */
	readonly leftOut: readonly string[];
}

/** What was seen is expected; so it is known again when the scenario is saved once more. */
const SEEN = "It was so when it was explored.";

/**
 * The scenario of an exploration as JSON, which ends with the moment at which that stands. Connections and steps
 * are expected to end as they have: so `marktwin run` tells when that changes. What the scenario expected before
 * stays where it is not violated.
 * @throws ScenarioError for what no scenario may hold
 */
export function scenarioText(exploration: Exploration): SavedScenario {
	const { scenario } = exploration;
	const steps = scenario.steps.filter((step) => exploration.isDone(step));
	const labels = new Set(steps.map(({ label }) => label));
	const cut = { ...scenario, steps, endMs: exploration.reachedMs ?? 0 };
	const before = scenario.expect.filter(({ because }) => because !== SEEN);
	const expect = before.filter((one) => isPossible(one, labels));
	const account = accountOf({ ...cut, expect }, exploration);
	const violated = new Set(
		judgeAll({ ...cut, expect }, account)
			.filter(({ outcome }) => outcome === "violated")
			.map(({ expectation }) => expectation),
	);
	const holding = expect.filter((one) => !violated.has(one));
	const text = `${JSON.stringify(
		{
			...cut,
			story:
				scenario.story === ""
					? `Explored: ${account.connections.length} connections in ${steps.length} steps.`
					: scenario.story,
			expect: [...holding, ...outcomesOf(account), ...endsOf(account)],
		} satisfies PlayableScenario,
		null,
		"\t",
	)}\n`;
	validateScenarioFile(JSON.parse(text), "");
	return {
		text,
		leftOut: before
			.filter((one) => !holding.includes(one))
			.map((one) => one.because || one.kind),
	};
}

/** Of the whole moment at which it stands, with packets and the end observed where that is to be judged. */
function accountOf(cut: PlayableScenario, exploration: Exploration): Account {
	const isJudged = cut.expect.length > 0;
	if (exploration.isSettled && !isJudged) return exploration.account();
	const whole = new Exploration(cut, { keepsPackets: isJudged });
	for (const _ of whole.passTo(cut.endMs));
	return whole.observed();
}

/** It names no step that has not happened. */
function isPossible(one: Expectation, labels: ReadonlySet<string>): boolean {
	const step =
		"of" in one ? one.of.step : one.kind === "operation" ? one.step : undefined;
	return step === undefined || labels.has(step);
}

/** How many of the connections ended how. */
function outcomesOf({ connections }: Account): readonly Expectation[] {
	const counts = new Map<Account["connections"][number]["outcome"], number>();
	for (const { outcome } of connections)
		counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
	return [...counts].map(([outcome, count]) => ({
		kind: "outcomes",
		because: SEEN,
		of: {},
		outcome,
		atLeast: count,
		atMost: count,
	}));
}

/** Of the steps that failed, or changed nothing: the others are expected to succeed without a word. */
function endsOf({ operations }: Account): readonly Expectation[] {
	return operations.flatMap(({ label, outcome, isIdle }) =>
		label === "" || (outcome.ok && isIdle === undefined)
			? []
			: [
					{
						kind: "operation",
						because: SEEN,
						step: label,
						ok: outcome.ok,
						message: outcome.ok ? "" : (outcome.message.split("\n")[0] ?? ""),
					} as const,
				],
	);
}

/**
 * The scenario of a text.
 * @param name of its file or its origin, for messages
 * @throws ScenarioError with every fault; a page reads no other files
 * @throws RulesetError with the faults of a script that stands in it for rules
 */
export async function readScenarioText(
	text: string,
	name: string,
): Promise<PlayableScenario> {
	const [scenario, ...more] = validateScenarioFile(
		// Editors of Windows begin a file with a byte order mark.
		parseJson(text.replace(/^\ufeff/, ""), name),
		name,
	);
	if (scenario === undefined || more.length > 0)
		throw new ScenarioError("invalid", name, [
			{
				path: "",
				message: `it has ${more.length + 1} scenarios, and one can be explored`,
				remedy: "Keep one of them.",
			},
		]);
	const noFile = (file: string): never => {
		throw new ScenarioError("invalid", name, [
			{
				path: scenario.name,
				message: `it names the file ${file}, and a page reads no files`,
				remedy:
					"Put its text in: `marktwin explore` does so with the scenario files that it is given.",
			},
		]);
	};
	const { scenario: playable } = await withTexts(scenario, {
		rules: (source) => ("text" in source ? source : noFile(source.file)),
		sets: (source) =>
			typeof source === "string" ? source : noFile(source.file),
	});
	return playable;
}
