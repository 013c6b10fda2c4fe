/** A ruleset to analyse. */
import type { Ruleset } from "../../sim/contract/ruleset.ts";
import { sayNotes } from "../screen/say-notes.ts";
import { err } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";

/** `null` where it would not load; says why, and what a script does besides. */
export async function loaded(
	text: string,
	file: string,
): Promise<Ruleset | null> {
	const { checkRules } = await import("../../sim/script/check-rules.ts");
	const { ruleset, faults, notes } = checkRules(text, { file });
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
