/**
 * How a play begins: its rules are loaded into the gateway, then its conditions written; what chance it and the
 * world have; and what is said where it cannot begin.
 */
import type { Choice } from "../../sim/chance/choice.ts";
import { seededChoice } from "../../sim/chance/seeded.ts";
import type {
	Operation,
	OperationOutcome,
} from "../../sim/contract/gateway.ts";
import { SetupError } from "../../sim/contract/setup-error.ts";
import { WorldError } from "../../sim/world/world-error.ts";
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

/** What world and gateway cannot be built of is a mistake in the scenario; everything else is what it is. */
export function asScenarioError(
	error: unknown,
	scenario: PlayableScenario,
	file: string,
): unknown {
	if (!(error instanceof WorldError || error instanceof SetupError))
		return error;
	const remedy =
		error instanceof WorldError
			? error.remedy
			: error.message.startsWith("sysctl")
				? 'Name what there is below /proc/sys/net, with a value that it takes: "netfilter.nf_conntrack_tcp_loose": 0. A dot in the name of an interface is written as a slash: "ipv4.conf.bond0/204.send_redirects".'
				: (error.remedy ??
					"The gateway's addresses and routes have to fit together.");
	return new ScenarioError("invalid", file, [
		{ path: scenario.name, message: error.message, remedy },
	]);
}

/** The world's draws come from the seed, the gateway's from its mirror: with a kernel in the middle the world still draws the same. */
export function worldChoice(seed: number): Choice {
	return seededChoice(seed);
}

/** The gateway's own draws. */
export function gatewayChoice(seed: number): Choice {
	return seededChoice(-1 - seed);
}
