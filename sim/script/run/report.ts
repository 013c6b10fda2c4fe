/** What is said of a script: faults, and notes about what was not carried out. */

import type { Fault } from "../../ruleset/base/ruleset-error.ts";
import { faultAt, type Place } from "../../ruleset/text/fault.ts";

/** Something that a reader of the result has to know, and that is no fault. @public */
export interface Note {
	readonly file: string;
	/** From 1. */
	readonly line: number;
	readonly message: string;
}

/** Offsets in the script. */
export interface Span {
	readonly from: number;
	readonly to: number;
}

/** A class because it is filled while a script is read. */
export class Report {
	readonly file: string;
	readonly faults: Fault[] = [];
	private readonly source: string;
	private readonly lineStarts: number[] = [0];
	private readonly noted = new Map<string, { lines: number[]; text: string }>();
	private readonly said = new Set<string>();

	constructor(source: string, file: string) {
		this.source = source;
		this.file = file;
		for (
			let at = source.indexOf("\n");
			at >= 0;
			at = source.indexOf("\n", at + 1)
		)
			this.lineStarts.push(at + 1);
	}

	/** Line number of an offset, from 1. */
	lineAt(offset: number): number {
		let low = 0;
		let high = this.lineStarts.length;
		while (high - low > 1) {
			const middle = (low + high) >> 1;
			if ((this.lineStarts[middle] ?? 0) <= offset) low = middle;
			else high = middle;
		}
		return low + 1;
	}

	/** The line of an offset, and where in it that is. */
	placeAt(offset: number): { readonly place: Place; readonly column: number } {
		const line = this.lineAt(offset);
		const from = this.lineStarts[line - 1] ?? 0;
		const to = (this.lineStarts[line] ?? this.source.length + 1) - 1;
		const text = this.source.slice(from, to);
		return { place: { file: this.file, line, text }, column: offset - from };
	}

	fault(span: Span, what: Parameters<typeof faultAt>[3]): void {
		const { place, column } = this.placeAt(span.from);
		const to = Math.min(column + span.to - span.from, place.text.length);
		this.faults.push(faultAt(place, column, to, what));
	}

	/** What the script does that marktwin cannot know; the same reason is given once. */
	cannotKnow(span: Span, message: string, remedy: string): void {
		if (this.said.has(message)) return;
		this.said.add(message);
		const what = { code: "script", message, remedy, exitCode: null } as const;
		this.fault(span, { ...what, from: "marktwin" });
	}

	/** The same note is given once, with the number of its lines. */
	note(offset: number, text: string): void {
		const lines = this.noted.get(text)?.lines;
		const line = this.lineAt(offset);
		if (lines === undefined) this.noted.set(text, { lines: [line], text });
		else lines.push(line);
	}

	notes(): readonly Note[] {
		return [...this.noted.values()].map(({ lines, text }) => {
			const [line = 1] = lines;
			const more =
				lines.length === 1
					? ""
					: ` (${lines.length} times, the last in line ${lines.at(-1)})`;
			return { file: this.file, line, message: `${text}${more}` };
		});
	}
}
