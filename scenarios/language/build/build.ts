/**
 * Typed builders of scenarios: what they return is plain data, and what they are not told has a
 * sensible value.
 *
 *     export default scenario({
 *       name: "b1-dead",
 *       title: "Backend 1 is dead",
 *       setup: recipeSetup(),
 *       steps: [at(0, setCondition("mail1up", "1")), at(10, connect(4, { everyMs: 50 }))],
 *       expect: [order(["b2", "b2", "b2", "b2"])],
 *     });
 */
import * as v from "valibot";
import type {
	Expectation,
	Scenario,
	ScenarioStep,
	Setup,
} from "../scenario.ts";
import { list, milliseconds, object, text } from "../schema/schema.ts";
import { checkArguments, steps as someSteps } from "./check-arguments.ts";

export * from "./build-dialogues.ts";
export {
	abandonedWithin,
	affinity,
	avoided,
	countsAgree,
	failoverGapAtMost,
	gatewayAnswered,
	mailKept,
	moved,
	order,
	outcomes,
	pattern,
	type SelectionOptions,
} from "./build-expect.ts";
export * from "./build-expect-clients.ts";
export * from "./build-expect-gateway.ts";
export * from "./build-expect-split.ts";
export * from "./build-operations.ts";
export * from "./build-recipe.ts";
export * from "./build-services.ts";
export * from "./build-steps.ts";

/** Long enough for what was begun by the last step to come to its end, a client's patience included. */
const AFTER_LAST_STEP_MS = 60_000;

/** What `scenario` is given. @public */
export interface GivenScenario {
	readonly name: string;
	readonly title: string;
	readonly setup: Setup;
	readonly steps: readonly (ScenarioStep | readonly ScenarioStep[])[];
	readonly expect: readonly Expectation[];
	/** `own` when nothing is said. */
	readonly suite?: string;
	readonly story?: string;
	readonly trap?: string | null;
	/** A minute after the last step when nothing is said; a `connect` step ends with its last connection. */
	readonly endMs?: number;
}

/** What stands inside of setup and expectations is looked at where the scenario is read. */
const GIVEN: Readonly<Record<keyof GivenScenario, v.GenericSchema>> = {
	name: text,
	title: text,
	setup: v.record(
		v.string(),
		v.unknown(),
		"expected an object\nWrite what `recipeSetup({ … })` returns.",
	),
	steps: someSteps,
	expect: list(v.unknown()),
	suite: v.exactOptional(text),
	story: v.exactOptional(text),
	trap: v.exactOptional(v.nullable(text)),
	endMs: v.exactOptional(milliseconds),
};

const scenarioArguments = v.object({ options: object(GIVEN) });

/** A scenario; steps may come in lists, as `at` returns them, and are put in the order of their times. @public */
export function scenario(
	given: GivenScenario,
	...surplus: readonly never[]
): Scenario {
	checkArguments("scenario", scenarioArguments, { options: given }, surplus);
	const { suite = "own", story = "", trap = null } = given;
	const steps = given.steps.flat().sort((a, b) => a.atMs - b.atMs);
	const lastMs = steps.reduce((last, step) => Math.max(last, endOf(step)), 0);
	return {
		name: given.name,
		suite,
		title: given.title,
		story,
		trap,
		setup: given.setup,
		steps,
		expect: given.expect,
		endMs: given.endMs ?? lastMs + AFTER_LAST_STEP_MS,
	};
}

/** Standard deviations that Poisson arrivals may take longer than on average: more than chance does in a lifetime. */
const LATE_ARRIVALS = 5;

/** When the last thing that a step does begins. */
function endOf(step: ScenarioStep): number {
	if (step.kind !== "connect" && step.kind !== "send") return step.atMs;
	const { count, arrivals } = step;
	switch (arrivals.kind) {
		case "at-once":
			return step.atMs;
		case "every":
			return step.atMs + count * arrivals.intervalMs;
		case "poisson": {
			const most = count + LATE_ARRIVALS * Math.sqrt(count);
			return step.atMs + Math.ceil((most / arrivals.perSecond) * 1_000);
		}
	}
}
