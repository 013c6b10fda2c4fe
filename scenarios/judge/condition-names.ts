/** The names of conditions that a play may know. */
import type { Account } from "../../sim/world/account/account.ts";
import type { Scenario } from "../language/scenario.ts";

/** As a rule names it, in any of its notations. */
const IN_RULE = /--condition[\s=]+["']?([^\s"']+)/g;

/** Those that rules name, at any time as far as it was seen, and those that something writes to. */
export function conditionNames(
	{ setup, steps }: Pick<Scenario, "setup" | "steps">,
	{ observations }: Account,
): readonly string[] {
	const { ruleset, conditions, healthCheck } = setup;
	const operations = steps.flatMap((step) =>
		step.kind === "operation" ? [step.operation] : [],
	);
	const texts = [
		...("text" in ruleset ? [ruleset.text] : []),
		...operations.flatMap((one) => {
			if (one.kind === "iptables") return [one.command];
			return one.kind === "restore" && "text" in one ? [one.text] : [];
		}),
		...observations.map(({ observation }) => observation.ruleset),
	];
	return [
		...new Set([
			...Object.keys(conditions),
			...(healthCheck?.targets ?? []).map(({ condition }) => condition),
			...operations.flatMap((one) =>
				one.kind === "condition" ? [one.name] : [],
			),
			...observations.flatMap(({ observation }) =>
				Object.keys(observation.conditions),
			),
			...texts.flatMap((text) =>
				[...text.matchAll(IN_RULE)].flatMap(([, name]) => name ?? []),
			),
		]),
	];
}
