/** The keys of assumptions about matches that the model does not know. */
import { nearest } from "../../../sim/edit-distance.ts";
import { NEEDS } from "../../../sim/extension/values/need-words.ts";
import { matches } from "../../../sim/matches/index.ts";
import type { Setup } from "../scenario.ts";
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
