/** Findings that are known: what a baseline file holds. */
import * as v from "valibot";
import type { LintFinding } from "../finding.ts";

/** Changes when an older marktwin could not read it any more. */
const BASELINE_FORMAT = "marktwin baseline 1";

export const baselineSchema = v.strictObject({
	format: v.literal(BASELINE_FORMAT),
	findings: v.array(
		v.strictObject({
			code: v.pipe(v.string(), v.regex(/^MT\d+$/, "no code of a rule")),
			/** As the caller names it. */
			file: v.string(),
			fingerprint: v.string(),
			/** The rule, for readers. */
			rule: v.string(),
		}),
	),
});

export type Baseline = v.InferOutput<typeof baselineSchema>;
type BaselineEntry = Baseline["findings"][number];

/** @param nameOf what the baseline calls a file */
export function baselineOf(
	findings: readonly LintFinding[],
	nameOf: (file: string) => string,
): Baseline {
	const entries = findings
		.filter(({ suppressed }) => suppressed === null)
		.map(({ lint, file, fingerprint, at }) => ({
			code: lint.code,
			file: nameOf(file),
			fingerprint,
			rule: at.text,
		}));
	return { format: BASELINE_FORMAT, findings: entries };
}

/** Marks findings that the baseline has. */
export function withBaseline(
	findings: readonly LintFinding[],
	{ findings: entries }: Baseline,
	nameOf: (file: string) => string,
): readonly LintFinding[] {
	const known = new Set(entries.map(keyOf));
	return findings.map((finding) => {
		const { fingerprint } = finding;
		const key = keyOf({ file: nameOf(finding.file), fingerprint });
		return { ...finding, known: known.has(key) };
	});
}

/** Entries that no finding has any more, among those about files and rules that were looked at. */
export function staleEntries(
	findings: readonly LintFinding[],
	{ findings: entries }: Baseline,
	looked: {
		nameOf(file: string): string;
		at(entry: BaselineEntry): boolean;
	},
): readonly BaselineEntry[] {
	const there = new Set(
		findings.map(({ file, fingerprint }) =>
			keyOf({ file: looked.nameOf(file), fingerprint }),
		),
	);
	return entries.filter(
		(entry) => looked.at(entry) && !there.has(keyOf(entry)),
	);
}

function keyOf({
	file,
	fingerprint,
}: Pick<BaselineEntry, "file" | "fingerprint">): string {
	return `${file}\0${fingerprint}`;
}
