/** `--given KIND:NAME`. */

import { nearest } from "../../sim/edit-distance.ts";
import { NEEDS } from "../../sim/extension/values/need-words.ts";
import { InputError } from "../screen/input-error.ts";

/**
 * What is there, as `keyOfNeed` spells it.
 * @throws InputError
 */
export function readGiven(text: string): string {
	const kinds = Object.keys(NEEDS);
	const at = text.indexOf(":");
	const [kind, name] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
	if (kinds.includes(kind) && name !== "") return text;
	const meant = kinds.includes(kind) ? null : nearest(kind, kinds);
	throw new InputError(
		`--given ${text}: ${at < 0 ? "it is no KIND:NAME" : `there is no kind "${kind}"`}`,
		`${meant === null ? "Write it as set:blocked." : `Did you mean ${meant}:${name}?`} The kinds are ${kinds.join(", ")}.`,
	);
}
