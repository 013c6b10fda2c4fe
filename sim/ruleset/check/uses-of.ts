import type { MatchUse, Rule } from "../../contract/ruleset.ts";
import type { AnyExtension } from "../../extension/options/option-table.ts";
import { matches } from "../../matches/index.ts";
import { targets } from "../../targets/index.ts";

/** The extensions that a rule uses, and what it says of each. */
export function* usesOf({
	matches: uses,
	target,
}: Rule): Iterable<readonly [AnyExtension, MatchUse, "match" | "target"]> {
	for (const use of uses) {
		const extension = matches.get(use.name);
		if (extension) yield [extension, use, "match"];
	}
	const extension =
		target?.kind === "extension" ? targets.get(target.name) : undefined;
	if (extension && target?.kind === "extension")
		yield [extension, target, "target"];
}
