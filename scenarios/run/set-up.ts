/** How a gateway is made ready to be played against: its rules are loaded, then its conditions written. */
import type {
	Operation,
	OperationOutcome,
} from "../../sim/contract/gateway.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { ScenarioError } from "../language/scenario-error.ts";

/** One of the operations, and what a user reads when it fails. */
export interface SetUpOperation {
	readonly operation: Operation;
	/** Where the scenario asks for it. */
	readonly path: string;
	readonly remedy: string;
}

/** The operations that set a gateway up, in order. Each must succeed. */
export function setUpOperations({
	ruleset,
	conditions = {},
}: Pick<PlayableScenario["setup"], "ruleset"> &
	Partial<
		Pick<PlayableScenario["setup"], "conditions">
	>): readonly SetUpOperation[] {
	return [
		{
			operation: {
				kind: "restore",
				file: ruleset.name,
				text: ruleset.text,
				noflush: false,
				counters: false,
			},
			path: "setup.ruleset",
			remedy:
				"`marktwin check` tells what is wrong with a ruleset, and `marktwin fix` may mend it.",
		},
		...Object.entries(conditions).map(([name, write]) => ({
			operation: { kind: "condition" as const, name, write },
			path: `setup.conditions.${name}`,
			remedy: "Only conditions that a rule names can be written.",
		})),
	];
}

/** @throws ScenarioError (`rules`) when a scenario's gateway refused the operation */
export function mustSetUp(
	{ path, remedy }: SetUpOperation,
	outcome: OperationOutcome | null,
	by: { readonly scenario: string; readonly file: string },
): void {
	if (outcome === null || outcome.ok) return;
	throw new ScenarioError("rules", by.file, [
		{
			path: `${by.scenario}: ${path}`,
			message: `cannot be set up:\n${outcome.message}`,
			remedy,
		},
	]);
}
