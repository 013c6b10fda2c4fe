/** Repairs of what holds the lines together: headers of tables, COMMITs, blanks before and behind. */

import type { TableName } from "../../contract/ruleset.ts";
import { isNear, nearName } from "../base/near-name.ts";
import { isTableName, TABLE_HOOKS } from "../base/tables.ts";
import { guessTable } from "../text/guess-table.ts";
import type { Change, DraftLine } from "./change.ts";

/** Puts missing headers and COMMITs in. */
export function fixStructure(
	lines: readonly DraftLine[],
	changes: Change[],
): DraftLine[] {
	const fixed: DraftLine[] = [];
	const guesses = guessesOf(lines);
	let open = false;
	const putIn = (text: string, origin: number, what: string): void => {
		changes.push({ line: origin, what, before: "", after: text });
		fixed.push({ text, origin });
	};
	lines.forEach((line, index) => {
		if (!line.isLeft) fixMargins(line, open, changes);
		const kind = kindOf(line.text);
		if (kind === "table") {
			if (!line.isLeft) fixTableName(line, changes);
			if (open)
				putIn("COMMIT", line.origin - 1, "closed the table before the next");
			open = true;
		} else if (kind === "commit") {
			if (!open) {
				const what = "took away a COMMIT without a table";
				changes.push({ line: line.origin, what, before: line.text, after: "" });
				return;
			}
			open = false;
		} else if (kind === "rule" && !open) {
			const table = guesses[index] ?? null;
			if (table !== null) {
				const what = `put in the header of the table ${table}, which the rule is made for`;
				putIn(`*${table}`, line.origin - 1, what);
				open = true;
			}
		}
		fixed.push(line);
	});
	// A text that ends with a newline has an empty last line, which COMMIT stands before.
	const last = fixed.at(-1);
	const tail = last?.text === "" ? fixed.pop() : undefined;
	if (open)
		putIn("COMMIT", (fixed.at(-1) ?? { origin: 0 }).origin, "closed the table");
	fixed.push(tail ?? { text: "", origin: lines.length });
	return fixed;
}

function kindOf(text: string): "table" | "commit" | "rule" | "nothing" {
	if (text === "" || text.startsWith("#")) return "nothing";
	if (text.startsWith("*")) return "table";
	return text === "COMMIT" ? "commit" : "rule";
}

/** Blanks that do harm: before `*`, `:`, `#` and COMMIT, behind COMMIT, and lines of blanks alone. */
function fixMargins(line: DraftLine, open: boolean, changes: Change[]): void {
	const { text, origin } = line;
	const trimmed = text.trim();
	const harmful =
		(trimmed === "" && text !== "") ||
		(/^[*:#]/.test(trimmed) && /^\s/.test(text)) ||
		(meansCommit(trimmed) && text !== "COMMIT") ||
		(!open && /^\s/.test(text));
	if (!harmful) return;
	const after = meansCommit(trimmed) ? "COMMIT" : trimmed;
	const what =
		after === trimmed
			? "took away blanks that stand where none may"
			: `wrote COMMIT for \`${trimmed}\``;
	changes.push({ line: origin, what, before: text, after });
	line.text = after;
}

/** `commit`, `COMIT`, `COMMIT;`. */
function meansCommit(text: string): boolean {
	const word = text.replace(/[;.,]$/, "").toUpperCase();
	return word === "COMMIT" || isNear(word, "COMMIT");
}

function fixTableName(line: DraftLine, changes: Change[]): void {
	const { text, origin } = line;
	const name = text.slice(1).trim().split(/\s+/)[0] ?? "";
	const lower = name.toLowerCase();
	if (isTableName(name)) return;
	const better = isTableName(lower)
		? lower
		: nearName(lower, Object.keys(TABLE_HOOKS));
	if (better === null) return;
	line.text = text.replace(name, better);
	const what =
		better === lower
			? "wrote the table's name in lower case"
			: `wrote \`${better}\` for \`${name}\``;
	changes.push({ line: origin, what, before: text, after: line.text });
}

/** For each line, the table of the lines from there to the next header: the first of them that tells. */
function guessesOf(lines: readonly DraftLine[]): (TableName | null)[] {
	const guesses = new Array<TableName | null>(lines.length).fill(null);
	let guess: TableName | null = null;
	for (let index = lines.length - 1; index >= 0; index--) {
		const text = lines[index]?.text.trim() ?? "";
		const kind = kindOf(text);
		if (kind === "table" || kind === "commit") guess = null;
		else if (kind === "rule") guess = guessTable(text.split(/\s+/)) ?? guess;
		guesses[index] = guess;
	}
	return guesses;
}
