/** Extensions that the kernel of an image does not have, and cases without their rules. */
import type { FuzzCase } from "./fuzz-case.ts";
import type { StepPlan } from "./traffic/plan.ts";

/** Names of matches and targets. */
export interface Lacking {
	readonly matches: readonly string[];
	readonly targets: readonly string[];
	/** Those of the targets that iptables takes for chains (1.8.7); of the others it says that they are not there. */
	readonly takenForChains: readonly string[];
}

export const NOTHING_LACKING: Lacking = {
	matches: [],
	targets: [],
	takenForChains: [],
};

/**
 * The case, as a kernel can play it that lacks these extensions. Numbers of rules in its commands stay as they
 * were drawn.
 */
export function withoutLacking(fuzzCase: FuzzCase, lacking: Lacking): FuzzCase {
	const { matches, targets } = lacking;
	if (matches.length + targets.length === 0) return fuzzCase;
	const uses = [
		...matches.map((name) => `-m ${name}`),
		...targets.map((name) => `-j ${name}`),
	];
	const isRuleWith = (text: string) =>
		uses.some((use) => ` ${text} `.includes(` ${use} `));
	const without = (text: string) =>
		text
			.split("\n")
			.filter((line) => !isRuleWith(line))
			.join("\n");
	const stepWithout = (step: StepPlan): readonly StepPlan[] => {
		if (step.kind === "full")
			return [{ ...step, steps: step.steps.flatMap(stepWithout) }];
		if (step.kind === "reload" && step.ruleset !== null)
			return [{ ...step, ruleset: without(step.ruleset) }];
		const isWith =
			step.kind === "operation" &&
			step.operation.kind === "iptables" &&
			isRuleWith(step.operation.command);
		return isWith ? [] : [step];
	};
	return {
		...fuzzCase,
		ruleset: without(fuzzCase.ruleset),
		steps: fuzzCase.steps.flatMap(stepWithout),
	};
}

/** What is left out of what was drawn, and why: results say it. */
export interface LeftOut {
	/** As rules name it: `-j LED`. */
	readonly name: string;
	readonly reason: string;
}

export function leftOut({ matches, targets }: Lacking): readonly LeftOut[] {
	const reason = "the guest's kernel does not have it";
	return [
		...matches.map((name) => ({ name: `-m ${name}`, reason })),
		...targets.map((name) => ({ name: `-j ${name}`, reason })),
	];
}
