/** Findings that are known: what a baseline file holds. */
import * as v from "valibot";
import type { LintFinding } from "../finding.ts";

export const baselineSchema = v.strictObject({
	/** Of this format. */
	version: v.literal(1),
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
type Entry = Baseline["findings"][number];

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
	return { version: 1, findings: entries };
}

/** Marks findings that the baseline has. `stale`: its entries about these files that no finding has any more. */
export function withBaseline(
	findings: readonly LintFinding[],
	{ findings: entries }: Baseline,
	nameOf: (file: string) => string,
): {
	readonly findings: readonly LintFinding[];
	readonly stale: readonly Entry[];
} {
	const keyOf = (file: string, fingerprint: string) =>
		`${file}\0${fingerprint}`;
	const known = new Set(
		entries.map(({ file, fingerprint }) => keyOf(file, fingerprint)),
	);
	const keys = findings.map(({ file, fingerprint }) =>
		keyOf(nameOf(file), fingerprint),
	);
	const there = new Set(keys);
	return {
		findings: findings.map((finding, index) => ({
			...finding,
			known: known.has(keys[index] ?? ""),
		})),
		stale: entries.filter(
			({ file, fingerprint }) => !there.has(keyOf(file, fingerprint)),
		),
	};
}
