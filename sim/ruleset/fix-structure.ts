/** Repairs of what holds the lines together: headers of tables, COMMITs, blanks before and behind. */
import type { Change, DraftLine } from "./change.ts";
import { guessTable } from "./guess-table.ts";
import type { TableName } from "./ruleset.ts";
import { isTableName } from "./tables.ts";

/** Puts missing headers and COMMITs in. */
export function fixStructure(
	lines: readonly DraftLine[],
	changes: Change[],
): DraftLine[] {
	const fixed: DraftLine[] = [];
	let open = false;
	const putIn = (text: string, origin: number, what: string): void => {
		changes.push({ line: origin, what, before: "", after: text });
		fixed.push({ text, origin });
	};
	lines.forEach((line, index) => {
		fixMargins(line, open, changes);
		const kind = kindOf(line.text);
		if (kind === "table") {
			fixTableName(line, changes);
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
			const table = guessOf(lines, index);
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
		(/^commit$/i.test(trimmed) && text !== "COMMIT") ||
		(!open && /^\s/.test(text));
	if (!harmful) return;
	const after = /^commit$/i.test(trimmed) ? "COMMIT" : trimmed;
	const what = "took away blanks that stand where none may";
	changes.push({
		line: origin,
		what: trimmed === text ? "wrote COMMIT in upper case" : what,
		before: text,
		after,
	});
	line.text = after;
}

function fixTableName(line: DraftLine, changes: Change[]): void {
	const { text, origin } = line;
	const name = text.slice(1).trim().split(/\s+/)[0] ?? "";
	const lower = name.toLowerCase();
	if (name === lower || !isTableName(lower)) return;
	line.text = text.replace(name, lower);
	const what = "wrote the table's name in lower case";
	changes.push({ line: origin, what, before: text, after: line.text });
}

/** The table of the lines from `from` to the next header: the first of them that tells. */
function guessOf(lines: readonly DraftLine[], from: number): TableName | null {
	for (const line of lines.slice(from)) {
		const kind = kindOf(line.text.trim());
		if (kind === "table" || kind === "commit") return null;
		const table = guessTable(line.text.trim().split(/\s+/));
		if (kind === "rule" && table !== null) return table;
	}
	return null;
}
