import type { Note } from "../../sim/script/run/report.ts";
import { err } from "./screen.ts";
import { nameText } from "./screen-text.ts";

/** More notes than this are counted, not shown. */
const SHOWN_NOTES = 50;

/** What a script of iptables commands does besides, a line each. */
export function noteLines(notes: readonly Note[]): readonly string[] {
	const lines = notes
		.slice(0, SHOWN_NOTES)
		.map(({ file, line, message }) => `${nameText(file)}:${line}: ${message}`);
	const more = notes.length - lines.length;
	return more > 0 ? [...lines, `… and ${more} more`] : lines;
}

/** Says it on standard error. */
export function sayNotes(notes: readonly Note[]): void {
	err.show(noteLines(notes));
}

/** The same of the rules of scenarios, each once: many may play one script. */
export function sayNotesOf(
	scenarios: readonly { readonly notes?: readonly Note[] }[],
): void {
	const each = new Map<string, Note>();
	for (const { notes = [] } of scenarios)
		for (const note of notes)
			each.set(`${note.file}\0${note.line}\0${note.message}`, note);
	sayNotes([...each.values()]);
}
