/** `check` returns, `assert` throws: for whoever has a test runner of his own. */
import type { PlayableScenario } from "../language/scenario.ts";
import { commandLine } from "../result/invocation.ts";
import { NOTHING_EXPECTED, type RunResult } from "../result/result.ts";
import { type Driver, modelDriver } from "./driver.ts";
import { checkScenario, type RunOptions } from "./run-scenario.ts";

/** A scenario of which not every expectation holds; its message says which, and how to see it again. @public */
export class ExpectationError extends Error {
	override readonly name = "ExpectationError";
	readonly result: RunResult;

	/** @param again how it is played once more, for a person */
	constructor(result: RunResult, again: string) {
		super(describeResult(result, again));
		this.result = result;
	}
}

/**
 * Plays a scenario and returns its result.
 * @throws ExpectationError when any expectation is violated or unknown
 * @public
 */
export function assertScenario(
	scenario: PlayableScenario,
	options: RunOptions & { readonly driver?: Driver } = {},
): RunResult {
	const result = checkScenario(scenario, options);
	if (result.outcome === "holds") return result;
	// Without a file no command finds the scenario, and on a driver of the user's own none plays it.
	const { driver = modelDriver, file = "" } = options;
	const isCommand = file !== "" && driver.kind === "model";
	throw new ExpectationError(
		result,
		isCommand ? commandLine(result.replay) : `with seed ${result.seed}`,
	);
}

function describeResult(result: RunResult, again: string): string {
	const { scenario, judgements, unknown, outcome } = result;
	const lines = [`${scenario.name} (${scenario.title}): ${outcome}`];
	if (unknown)
		lines.push(
			`  ${unknown.rule || "the model"}: ${unknown.reason}${unknown.text ? ` (${unknown.text})` : ""}`,
		);
	if (judgements.length === 0) lines.push(`  ${NOTHING_EXPECTED}`);
	for (const judgement of judgements) {
		// Where the play ended early all are unknown, for the reason above.
		if (
			judgement.outcome === "holds" ||
			(unknown && judgement.outcome === "unknown")
		)
			continue;
		const { because } = judgement.expectation;
		lines.push(
			`  ${judgement.expectation.kind}: expected ${judgement.expected}${because ? `, because ${because}` : ""}`,
			`    seen: ${judgement.seen}`,
			...judgement.why.map(
				({ count, text }) =>
					`    why${count > 0 ? ` (${count})` : ""}: ${text}`,
			),
		);
	}
	lines.push(`  again: ${again}`);
	return lines.join("\n");
}
