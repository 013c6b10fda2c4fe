/** Text from outside in GitHub's Markdown: whatever it says, it stays text. */
import { visible } from "../visible.ts";

/** Lines as they stand, in a fence that is longer than any in them. */
export function fenced(
	language: "sh" | "text",
	lines: readonly string[],
): string {
	const text = visible(lines.join("\n"));
	const runs = [...text.matchAll(/`+/g)].map(([run]) => run.length);
	const fence = "`".repeat(
		runs.reduce((most, run) => Math.max(most, run + 1), 3),
	);
	return `${fence}${language}\n${text}\n${fence}\n`;
}

/** Not with backticks: between them nothing can be escaped. */
export function code(text: string): string {
	return `<code>${inert(text)}</code>`;
}

/** One line of text that Markdown and GitHub leave alone. */
export function inert(text: string): string {
	return visible(text)
		.replace(/\s+/g, " ")
		.trim()
		.replace(/[\\`*_{}[\]()<>#+\-.!|~=^&@$:]/g, (sign) => {
			if (HTML[sign] !== undefined) return HTML[sign];
			// GitHub looks for mentions, issues, emoji, links and formulas in what is already shown.
			return LINKING.has(sign) ? `<span>${sign}</span>` : `\\${sign}`;
		});
}

const HTML: Readonly<Record<string, string>> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
};
const LINKING: ReadonlySet<string> = new Set(["@", "#", "$", ":"]);

/** A row of a table; its cells are Markdown. */
export function row(cells: readonly string[]): string {
	return `| ${cells.join(" | ")} |\n`;
}
