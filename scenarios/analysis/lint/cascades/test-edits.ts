/** What becomes of a ruleset by the edits of findings. */
import type { Edit } from "../finding.ts";
import { rulesAlone } from "../test-facts.ts";
import { ruleOf } from "./rule-edits.ts";

/** @param text a ruleset with one rule a line */
export function edited(text: string, edits: readonly Edit[]): string {
	const { ruleset } = rulesAlone(text);
	const lines = text
		.split("\n")
		.map((line) => ({ before: [], own: [line], behind: [] }) as EditedLine);
	const lineOf = (rule: string): EditedLine | undefined =>
		lines[(ruleOf(ruleset, rule)?.at.line ?? 0) - 1];
	for (const edit of edits) {
		if (edit.kind === "insert") {
			const { where, text: written } = edit;
			if (where === null) throw new Error("an edit without a place");
			lineOf(where.rule)?.[where.side].push(written);
		} else lineOf(edit.rule)?.own.splice(0, 1, ...textOf(edit));
	}
	return lines
		.flatMap(({ before, own, behind }) => [...before, ...own, ...behind])
		.join("\n");
}

interface EditedLine {
	readonly before: string[];
	readonly own: string[];
	readonly behind: string[];
}

function textOf(edit: Exclude<Edit, { readonly kind: "insert" }>) {
	return edit.kind === "replace" ? [edit.text] : [];
}
