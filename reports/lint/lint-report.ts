/** What the linter found, as all formats take it, and where each finding stands. */
import type {
	LintDescription,
	LintFinding,
} from "../../scenarios/analysis/lint/finding.ts";

export interface LintReport {
	/** Of marktwin. */
	readonly version: string;
	/** Rules of the linter, by code. */
	readonly rules: readonly LintDescription[];
	readonly files: readonly LintedFile[];
	/** Those that are suppressed or known are among them. */
	readonly findings: readonly LintFinding[];
	/** Was a baseline given? */
	readonly hasBaseline: boolean;
	/** Entries of the baseline that no finding has any more. */
	readonly stale: readonly StaleEntry[];
}

export interface LintedFile {
	/** As it was named, `<stdin>` for standard input. */
	readonly name: string;
	/** Which Linux it was analysed for: `bookworm/legacy`. */
	readonly linux: string;
	readonly lines: readonly string[];
	/** What the analysis does not know of it, a sentence each. */
	readonly unknown: readonly string[];
}

export interface StaleEntry {
	readonly code: string;
	readonly file: string;
	readonly fingerprint: string;
	/** The rule, as it stood when the baseline was written. */
	readonly rule: string;
}

/** Findings that count: no comment suppresses them, and no baseline has them. */
export function newFindings({
	findings,
}: Pick<LintReport, "findings">): readonly LintFinding[] {
	return findings.filter(isNew);
}

export function isNew({ suppressed, known }: LintFinding): boolean {
	return suppressed === null && !known;
}

/** Columns from 1, in UTF-16 units. */
export interface Span {
	readonly line: number;
	readonly column: number;
	readonly length: number;
	/** The whole line, as the file has it. */
	readonly text: string;
}

/**
 * The words that are wrong, as they stand in the file; the whole line where the file spells them
 * otherwise than iptables-save does.
 */
export function spanOf(
	{ at, part, file }: LintFinding,
	{ files }: { readonly files: readonly Pick<LintedFile, "name" | "lines">[] },
): Span {
	const { lines = [] } = files.find(({ name }) => name === file) ?? {};
	const line = lines[at.line - 1] ?? at.text;
	const found = part === undefined ? -1 : line.indexOf(part);
	const indent = line.length - line.trimStart().length;
	const [column, length] =
		found >= 0 && part !== undefined
			? [found + 1, part.length]
			: [indent + 1, line.trim().length];
	return {
		line: Math.max(1, at.line),
		column,
		length: Math.max(1, length),
		text: line,
	};
}

/** Where the page of a rule is. */
export function pageUrl({ code }: Pick<LintDescription, "code">): string {
	return `https://github.com/marktwin/marktwin/blob/main/docs/lint/${code}.md`;
}
