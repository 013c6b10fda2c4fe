/** Which connections each step of a scenario opens, and when: as the model does with the same seed. */
import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import type { RunResult } from "../../../scenarios/result/result.ts";
import type { Account } from "../../../sim/world/account/account.ts";

type Planned = Account["connections"];

/** By the step's number in the scenario. */
export type Arrivals = ReadonlyMap<number, Planned>;

/**
 * Records name their steps by labels. Where several have none, the model plays the scenario once
 * more with numbers in their places: what it does depends on no label.
 * @param play plays a scenario on the model
 */
export function planArrivals(
	scenario: PlayableScenario,
	played: RunResult,
	play: (scenario: PlayableScenario) => RunResult,
): Arrivals {
	const { steps } = scenario;
	const opening = [...steps.entries()].filter(([, step]) => opens(step));
	const labels = opening.map(([, { label }]) => label);
	const isClear = new Set(labels).size === labels.length;
	const { connections } = (isClear ? played : play(numbered(scenario))).account;
	return new Map(
		opening.map(([index, { label }]) => [
			index,
			connections.filter(({ step }) => step === (isClear ? label : `${index}`)),
		]),
	);
}

function opens({ kind }: PlayableScenario["steps"][number]): boolean {
	return kind === "connect" || kind === "send";
}

/** It is not judged, and expects nothing. */
function numbered(scenario: PlayableScenario): PlayableScenario {
	const { steps } = scenario;
	const withLabel = (wanted: string) =>
		[...steps.entries()].filter(
			([, step]) => step.kind === "connect" && step.label === wanted,
		);
	return {
		...scenario,
		expect: [],
		steps: steps.flatMap((step, index) => {
			if (opens(step)) return [{ ...step, label: `${index}` }];
			if (step.kind !== "speak" && step.kind !== "close") return [step];
			return withLabel(step.connections).map(([number]) => {
				return { ...step, connections: `${number}` };
			});
		}),
	};
}
