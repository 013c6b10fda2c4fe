/** `--baseline` and `--write-baseline`. */
import { dirname, relative, resolve, sep } from "node:path";
import * as v from "valibot";
import type { LintReport } from "../../reports/lint/lint-report.ts";
import type { LintCode } from "../../scenarios/analysis/lint/finding.ts";
import {
	type Baseline,
	baselineOf,
	baselineSchema,
	staleEntries,
	withBaseline,
} from "../../scenarios/analysis/lint/run/baseline.ts";
import { readText, STANDARD_NAME, writeWhole } from "../files/files.ts";
import { jsonText } from "../outputs/json-text.ts";
import { InputError } from "../screen/input-error.ts";

/** The report with what a baseline says of its findings, or with all of them known once they are written to one. */
export async function knownIn(
	report: LintReport,
	{
		from,
		to,
	}: { readonly from: string | undefined; readonly to: string | undefined },
	codes: {
		readonly only?: readonly LintCode[];
		readonly ignore: readonly LintCode[];
	},
): Promise<LintReport> {
	const file = from ?? to;
	if (file === undefined) return report;
	const nameOf = nameBeside(file);
	const baseline =
		from === undefined
			? baselineOf(report.findings, nameOf)
			: await readBaseline(from);
	if (to !== undefined) await writeWhole(to, jsonText(baseline));
	const files = new Set(report.files.map(({ name }) => nameOf(name)));
	return {
		...report,
		hasBaseline: true,
		findings: withBaseline(report.findings, baseline, nameOf),
		stale: staleEntries(report.findings, baseline, {
			nameOf,
			at: ({ code, file }) =>
				files.has(file) &&
				(codes.only?.some((one) => one === code) ?? true) &&
				!codes.ignore.some((one) => one === code),
		}),
	};
}

/** A baseline names files as they are seen from its own folder, so that it can be used from any other. */
function nameBeside(baseline: string): (file: string) => string {
	const folder = dirname(resolve(baseline));
	return (file) =>
		file === STANDARD_NAME
			? file
			: relative(folder, resolve(file)).split(sep).join("/");
}

async function readBaseline(file: string): Promise<Baseline> {
	const { name, text } = await readText(file);
	const wrong = (why: string) =>
		new InputError(
			`${name} is no baseline of marktwin: ${why}`,
			"marktwin lint --write-baseline FILE writes one.",
		);
	let content: unknown;
	try {
		content = JSON.parse(text);
	} catch (error) {
		throw wrong(error instanceof Error ? error.message : String(error));
	}
	const checked = v.safeParse(baselineSchema, content);
	if (checked.success) return checked.output;
	const [issue] = checked.issues;
	throw wrong(`${v.getDotPath(issue) ?? "the file"}: ${issue.message}`);
}
