/** What becomes of a ruleset by the edits of findings. */
import type { Edit } from "../finding.ts";
import { rulesAlone } from "../test-facts.ts";
import { ruleOf } from "./rule-edits.ts";

/** @param text a ruleset with one rule a line */
export function edited(text: string, edits: readonly Edit[]): string {
	const { ruleset } = rulesAlone(text);
	const lines = text.split("\n").map((line) => [line]);
	const lineOf = (rule: string) =>
		lines[(ruleOf(ruleset, rule)?.at.line ?? 0) - 1] ?? [];
	for (const edit of edits) {
		if (edit.kind === "insert") {
			const { where, text: written } = edit;
			if (where === null) throw new Error("an edit without a place");
			const line = lineOf(where.rule);
			line.splice(where.side === "before" ? 0 : line.length, 0, written);
		} else lineOf(edit.rule).splice(0, 1, ...textOf(edit));
	}
	return lines.flat().join("\n");
}

function textOf(edit: Exclude<Edit, { readonly kind: "insert" }>) {
	return edit.kind === "replace" ? [edit.text] : [];
}
