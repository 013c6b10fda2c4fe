/** What a step did that failed, and of which no expectation speaks: nobody counts on it, so it is no small matter. */
import type { Account } from "../../sim/world/account/account.ts";
import { describeOperation } from "../../sim/world/account/describe-operation.ts";
import type { Scenario } from "../language/scenario.ts";
import { writesNothing } from "../language/schema/condition-write.ts";
import { counted, type Finding, finding } from "../result/finding.ts";
import type { ImpliedExpectation, Judgement } from "../result/result.ts";

type Done = Account["operations"][number];

const IMPLIED: ImpliedExpectation = { kind: "steps-succeed", because: "" };
const IDLE = "changes nothing: the kernel looks at the first character, 0 or 1";
/** Different ones that a judgement names. */
const MOST_SHOWN = 6;

/**
 * Also of a play that ended as unknown: what failed before stays failed. What the health checker did
 * to the gateway counts as a step.
 * @returns `null` when none failed of which no expectation says how it goes
 */
export function judgeSteps(
	{ expect, steps }: Pick<Scenario, "expect" | "steps">,
	{ operations, endedMs }: Account,
): (Judgement & Pick<Finding, "all">) | null {
	const spokenOf = new Set(
		expect.flatMap((one) => (one.kind === "operation" ? [one.step] : [])),
	);
	const failed = [...operations, ...idleWrites(steps, endedMs)]
		.filter(
			({ label, outcome }) =>
				!outcome.ok && (label === "" || !spokenOf.has(label)),
		)
		.sort((one, other) => one.atMs - other.atMs);
	if (failed.length === 0) return null;
	return {
		expectation: IMPLIED,
		...finding(false, {
			expected: "each step to succeed of which no expectation says how it goes",
			seen: `${counted(failed.length, "step")} failed: ${shown(failed)}`,
		}),
		why: [],
	};
}

/** The kernel takes them without an error: whoever wants that has to say so. */
function idleWrites(
	steps: Scenario["steps"],
	endedMs: number,
): readonly Done[] {
	return steps.flatMap((step) => {
		if (step.kind !== "operation" || step.operation.kind !== "condition")
			return [];
		const { atMs, label, operation } = step;
		if (atMs > endedMs || !writesNothing(operation.write)) return [];
		const text = describeOperation(operation);
		return [{ label, atMs, text, outcome: { ok: false, message: IDLE } }];
	});
}

/** The same failure is shown once, with its first time. */
function shown(failed: readonly Done[]): string {
	const times = new Map<string, number[]>();
	for (const one of failed) {
		const words = wordsOf(one);
		times.set(words, [...(times.get(words) ?? []), one.atMs]);
	}
	const lines = [...times].map(([words, atMs]) =>
		atMs.length === 1
			? `at ${atMs[0]} ms, ${words}`
			: `${atMs.length} times from ${atMs[0]} ms on, ${words}`,
	);
	const rest = lines.length - MOST_SHOWN;
	const more = rest > 0 ? ` | … ${rest} more` : "";
	return `${lines.slice(0, MOST_SHOWN).join(" | ")}${more}`;
}

function wordsOf({ label, text, outcome }: Done): string {
	const said = outcome.ok ? "" : heads(outcome.message);
	return `${text}${label === "" ? "" : ` (${label})`}: ${said}`;
}

/** Of each fault the words, without the line and the caret that stand below them. */
function heads(message: string): string {
	return message
		.split("\n\n")
		.map((fault) => fault.trim().split("\n")[0])
		.join("; ");
}
