/** Extensions that the kernel of an image does not have, and cases without their rules. */
import { behaviourOf } from "../../sim/linux/behaviour.ts";
import type { Linux } from "../../sim/linux/linux.ts";
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
	return withoutRules(fuzzCase, (text) =>
		uses.some((use) => ` ${text} `.includes(` ${use} `)),
	);
}

/** A mask that begins with an octet of 0, and is not 0: which addresses it leaves, 1.8.7 loses. */
const HIDDEN_OCTET = / -[sd] \S*\/0\.(?!0\.0\.0\b)[\d.]+/;

/** Does the model refuse to follow such masks on this Linux? */
function losesHiddenOctets(linux: Linux | null): boolean {
	return linux !== null && behaviourOf(linux).gapsInAddress !== "asked for";
}

/** The case without rules that the model does not follow on this Linux: it would end with the first of them. */
export function withoutUnfollowed(
	fuzzCase: FuzzCase,
	linux: Linux | null,
): FuzzCase {
	return losesHiddenOctets(linux)
		? withoutRules(fuzzCase, (text) => HIDDEN_OCTET.test(` ${text}`))
		: fuzzCase;
}

function withoutRules(
	fuzzCase: FuzzCase,
	isRuleWith: (text: string) => boolean,
): FuzzCase {
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

export function leftOut(
	{ matches, targets }: Lacking,
	linux: Linux | null = null,
): readonly LeftOut[] {
	const reason = "the guest's kernel does not have it";
	const masks = losesHiddenOctets(linux)
		? [
				{
					name: "-s and -d with a mask such as 0.0.0.1",
					reason: "the model does not follow what this iptables makes of it",
				},
			]
		: [];
	return [
		...masks,
		...matches.map((name) => ({ name: `-m ${name}`, reason })),
		...targets.map((name) => ({ name: `-j ${name}`, reason })),
	];
}
