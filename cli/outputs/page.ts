/** The page of what one command found out about rulesets: proofs, verdicts and edits alike. */
import type { ReportInput } from "../../reports/build/build.ts";
import { shellLine } from "../../scenarios/result/invocation.ts";
import { version } from "../base/version.ts";
import { mustBeWritable, STANDARD, writeText } from "../files/files.ts";
import { InputError } from "../screen/input-error.ts";
import { err, out, type Screen } from "../screen/screen.ts";

/** What the page shows. */
type Shown = Partial<
	Pick<ReportInput, "played" | "verdicts" | "proofs" | "diffs">
>;

export interface PageOutput {
	/** Where lines for a person go: standard output, unless the page goes there. */
	readonly screen: Screen;
	/** `null` where no page is wanted. */
	readonly write: ((shown: Shown) => Promise<void>) | null;
}

/** The command line as it was given: whoever runs it again gets the same. */
export function givenCommand(): string {
	return shellLine(["marktwin", ...process.argv.slice(2)]);
}

/**
 * Says before the work what would go wrong after it.
 * @param file `-` is standard output; left out: no page
 * @param isTaken something else is written to standard output
 * @throws InputError when the page could not be written, or has not been built
 */
export async function openPage(
	file: string | undefined,
	isTaken: boolean,
): Promise<PageOutput> {
	if (file === undefined) return { screen: out, write: null };
	if (file === STANDARD && isTaken)
		throw new InputError(
			"only one of the outputs can be written to standard output",
			"Name a file for the page: --report FILE",
		);
	await mustBeWritable(file);
	const { readPage } = await import("./read-page.ts");
	const parts = await readPage();
	const { buildReport } = await import("../../reports/build/build.ts");
	const { reportHtml } = await import("../../reports/formats/html.ts");
	return {
		screen: file === STANDARD ? err : out,
		async write(shown) {
			const report = buildReport({
				marktwin: version(),
				command: givenCommand(),
				createdAt: new Date().toISOString(),
				tookMs: null,
				seed: null,
				notices: [],
				notPlayed: [],
				played: [],
				fuzzed: null,
				verdicts: [],
				...shown,
			});
			await writeText(file, reportHtml(report, parts));
		},
	};
}
