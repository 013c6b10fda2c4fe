/** A ruleset to analyse. */
import type { Ruleset } from "../../sim/contract/ruleset.ts";
import { sayNotes } from "../screen/say-notes.ts";
import { err } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";

/**
 * `null` where it would not load; says why, and what a script does besides.
 * @param sets of the machine, as `ipset save` prints them; left out: not known
 */
export async function loaded(
	text: string,
	file: string,
	sets?: string,
): Promise<Ruleset | null> {
	const { checkRules } = await import("../../sim/script/check-rules.ts");
	const { setsIn } = await import("../../sim/sets/command/read-saved.ts");
	const { hasSet } = setsIn(sets);
	const { ruleset, faults, notes } = checkRules(text, {
		file,
		...(hasSet === undefined ? {} : { hasSet }),
	});
	sayNotes(notes);
	if (ruleset !== null) return ruleset;
	const { printFaults } = await import(
		"../../sim/ruleset/base/ruleset-error.ts"
	);
	const { refusal } = await import("./refusal.ts");
	err.show([
		`${printFaults(faults)}\n`,
		`${err.paint("red", "✗")} ${nameText(file)} ${refusal(faults)}`,
	]);
	return null;
}
