/** A ruleset to analyse. */
import type { GivenWorld } from "../../scenarios/analysis/world/assumed-world.ts";
import type { Ruleset } from "../../sim/contract/ruleset.ts";
import { DEFAULT_LINUX } from "../../sim/linux/linux.ts";
import { printFaults } from "../../sim/ruleset/base/ruleset-error.ts";
import { checkRules } from "../../sim/script/check-rules.ts";
import { setsIn } from "../../sim/sets/command/read-saved.ts";
import { sayNotes } from "../screen/say-notes.ts";
import { err } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import { refusal } from "./refusal.ts";

/**
 * `null` where it would not load; says why, and what a script does besides.
 * @param given.sets of the machine, as `ipset save` prints them; left out: not known
 */
export function loaded(
	text: string,
	file: string,
	{ sets, linux = DEFAULT_LINUX }: Pick<GivenWorld, "sets" | "linux">,
): Ruleset | null {
	const { hasSet } = setsIn(sets);
	const options = {
		file,
		linux,
		...(hasSet === undefined ? {} : { hasSet }),
	};
	const { ruleset, faults, notes } = checkRules(text, options);
	sayNotes(notes);
	if (ruleset !== null) return ruleset;
	err.show([
		`${printFaults(faults)}\n`,
		`${err.paint("red", "✗")} ${nameText(file)} ${refusal(faults)}`,
	]);
	return null;
}
