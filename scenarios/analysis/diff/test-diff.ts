/** Comparisons of texts, for tests. */
import { DEFAULT_LINUX } from "../../../sim/linux/linux.ts";
import { parseRules } from "../../../sim/script/check-rules.ts";
import { type GivenWorld, NOTHING_GIVEN } from "../world/assumed-world.ts";
import { type Diff, type DiffInput, diffOf } from "./diff.ts";
import type { DiffDocument } from "./diff-document.ts";
import { diffDocument } from "./document.ts";

function inputOf(name: string, text: string, given: GivenWorld): DiffInput {
	const { linux = DEFAULT_LINUX } = given;
	const { ruleset } = parseRules(text, { file: name, linux });
	return { name, text, ruleset };
}

export function compared(
	old: string,
	young: string,
	given: GivenWorld = NOTHING_GIVEN,
): { readonly diff: Diff; readonly document: DiffDocument } {
	const before = inputOf("old.rules", old, given);
	const after = inputOf("new.rules", young, given);
	const diff = diffOf(before, after, given);
	return { diff, document: diffDocument(diff, { before, after }) };
}
