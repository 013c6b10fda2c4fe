/** The keys of assumptions about matches that the model does not know. */
import { nearest } from "../../../sim/edit-distance.ts";
import { NEEDS } from "../../../sim/extension/values/need-words.ts";
import { DEFAULT_LINUX } from "../../../sim/linux/linux.ts";
import { matches } from "../../../sim/matches/index.ts";
import { assumableKeys } from "../../../sim/ruleset/check/assumable.ts";
import { checkRuleset } from "../../../sim/ruleset/parse.ts";
import type { PlayableScenario, Setup } from "../scenario.ts";
import type { ScenarioFault } from "../scenario-error.ts";
import type { Report } from "./known-names.ts";

const RULE = /^rule:[a-z]+:[^:]+:rule:[1-9]\d*$/;

/** Each is played both ways, in every combination. */
export const MOST_EITHER = 4;

/** What is wrong with a key, and what to write; `null`: it may be assumed. */
export function faultOfKey(
	key: string,
): { readonly message: string; readonly remedy: string } | null {
	const colon = key.indexOf(":");
	const kind = colon < 0 ? key : key.slice(0, colon);
	const name = colon < 0 ? "" : key.slice(colon + 1);
	if (kind === "rule")
		return RULE.test(key)
			? null
			: {
					message: `"${key}" names no rule`,
					remedy:
						"Write the rule as reports name it: rule:filter:INPUT:rule:3.",
				};
	if (kind === "match") {
		if (matches.has(name)) return null;
		const meant = nearest(name, [...matches.keys()]);
		return {
			message: `there is no match "${name}"`,
			remedy: `${meant === null ? "" : `Did you mean \`match:${meant}\`? `}Write the match as rules name it: match:socket.`,
		};
	}
	if (kind in NEEDS && name !== "") return null;
	return {
		message: `"${key}" is nothing that can be assumed`,
		remedy:
			"Write set:NAME or another need of a rule, match:NAME, or rule:TABLE:CHAIN:rule:N.",
	};
}

export function checkAssumptions({ assume = {} }: Setup, report: Report): void {
	for (const key of Object.keys(assume)) {
		const fault = faultOfKey(key);
		if (fault !== null)
			report.add(`setup.assume.${key}`, fault.message, fault.remedy);
	}
	const open = Object.values(assume).filter((value) => value === "either");
	if (open.length > MOST_EITHER)
		report.add(
			"setup.assume",
			`${open.length} keys are either: that is ${2 ** open.length} plays`,
			`Let ${MOST_EITHER} of them be either at most, and the others yes or no.`,
		);
}

/**
 * What is wrong with a key that names nothing in the rules; `null`: it does.
 * @param keys of all their matches, as `assumableKeys` has them
 */
export function faultInRules(
	key: string,
	value: string,
	keys: ReadonlySet<string>,
): { readonly message: string; readonly remedy: string } | null {
	if (keys.has(key)) return null;
	const [kind = ""] = key.split(":", 1);
	const alike = [...keys].filter((one) => one.startsWith(`${kind}:`));
	const meant = nearest(key, alike);
	return {
		message: "no rule has a match of that kind and name",
		remedy:
			meant !== null
				? `Did you mean ${meant}=${value}?`
				: alike.length === 0
					? `Nothing in the rules can be assumed as ${kind}:NAME.`
					: `The rules have ${alike.slice(0, 5).join(", ")}${alike.length > 5 ? " …" : ""}.`,
	};
}

/**
 * Keys of the rules that a scenario begins with, and of those that its steps load.
 * @returns `null` where a ruleset does not load: that is told where it is played
 */
function keysInRules({
	setup,
	steps,
}: Pick<PlayableScenario, "setup" | "steps">): ReadonlySet<string> | null {
	const { linux = DEFAULT_LINUX } = setup.gateway;
	const texts = [
		setup.ruleset.text,
		...steps.flatMap((step) =>
			step.kind === "operation" && step.operation.kind === "restore"
				? [step.operation.text]
				: [],
		),
	];
	const keys = new Set<string>();
	for (const text of texts) {
		const { ruleset } = checkRuleset(text, { linux });
		if (ruleset === null) return null;
		for (const key of assumableKeys(ruleset)) keys.add(key);
	}
	return keys;
}

/** What a scenario assumes of matches that none of its rules has; a rule that a command adds may be any. */
export function strangeAssumptions(
	scenario: Pick<PlayableScenario, "setup" | "steps">,
): readonly ScenarioFault[] {
	const assume = Object.entries(scenario.setup.assume ?? {});
	if (assume.length === 0) return [];
	const keys = keysInRules(scenario);
	if (keys === null) return [];
	const commands = scenario.steps.flatMap((step) =>
		step.kind === "operation" && step.operation.kind === "iptables"
			? [step.operation.command]
			: [],
	);
	return assume.flatMap(([key, value]) => {
		const fault = faultInRules(key, value, keys);
		return fault === null || commands.some((one) => mayName(one, key))
			? []
			: [{ path: `setup.assume.${key}`, ...fault }];
	});
}

/** Commands move rules, and may load what they name. */
function mayName(command: string, key: string): boolean {
	const name = key.slice(key.indexOf(":") + 1);
	return key.startsWith("rule:") || command.split(/[\s,"']+/).includes(name);
}
