/** Everything that a command writes besides the screen: reports, and what CI systems read. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { githubAnnotations } from "../../reports/annotations.ts";
import {
	buildReport,
	followedPerEntry,
	type Played,
} from "../../reports/build.ts";
import { type PageParts, reportHtml } from "../../reports/html.ts";
import { junitXml } from "../../reports/junit.ts";
import type { Report } from "../../reports/report.ts";
import { summaryMarkdown } from "../../reports/summary.ts";
import { lookCloser } from "../../scenarios/run/closeup.ts";
import { checkScenario } from "../../scenarios/run/run-scenario.ts";
import { mustBeWritable, STANDARD, writeText } from "../files.ts";
import { InputError } from "../input-error.ts";
import type { OutputOptions } from "../output-options.ts";
import type { Progress } from "../terminal.ts";
import { version } from "../version.ts";
import { jsonText } from "./json-text.ts";
import { type Results, resultsFile } from "./results-file.ts";

/** What is known of a run besides its results. */
export interface About {
	readonly tookMs: number | null;
	readonly createdAt: string | null;
	/** What a reader has to know before anything else. */
	readonly notices: readonly string[];
}

export interface Outputs {
	/** Where lines for a person go: standard output, unless something else is written there. */
	readonly screen: NodeJS.WriteStream;
	/** @returns lines for the screen that the CI system around it reads */
	write(
		results: Results,
		about: About,
		progress: Progress,
	): Promise<readonly string[]>;
}

/**
 * Says before the work what would go wrong after it.
 * @throws InputError when something could not be written
 */
export async function openOutputs(options: OutputOptions): Promise<Outputs> {
	const { report, junit, json, summary } = options;
	const files = [report, junit, json, summary].filter(
		(file) => file !== undefined,
	);
	for (const file of files) await mustBeWritable(file);
	const standard = files.filter((file) => file === STANDARD);
	if (standard.length > 1)
		throw new InputError(
			"only one of --report, --junit, --json and --summary can be written to standard output",
			"Name files for the others.",
		);
	const named = files.filter((file) => file !== STANDARD);
	const twice = named.find((file, index) => named.indexOf(file) < index);
	if (twice !== undefined)
		throw new InputError(`${twice} is to be written twice`);
	const page = report === undefined ? null : await readPage();
	const annotates = process.env.GITHUB_ACTIONS === "true";
	return {
		screen: standard.length > 0 ? process.stderr : process.stdout,
		async write(results, about, progress) {
			if (json !== undefined)
				await writeText(json, jsonText(resultsFile(results)));
			if (!annotates && !report && !junit && !summary) return [];
			const made = await reportOf(results, about, progress);
			if (report !== undefined && page !== null)
				await writeText(report, reportHtml(made, page));
			if (junit !== undefined) await writeText(junit, junitXml(made));
			if (summary !== undefined) await writeSummary(summary, made);
			return annotates ? githubAnnotations(made, existsSync) : [];
		},
	};
}

async function reportOf(
	results: Results,
	about: About,
	progress: Progress,
): Promise<Report> {
	const { failures, command, seed } = results;
	const total = results.results.length + results.comparisons.length;
	const limits = { connections: followedPerEntry(total + failures.length) };
	const played: Played[] = [];
	const all = [
		...results.results.map((result) => ({ result, comparison: null })),
		...results.comparisons.map((judged) => ({
			result: judged.comparison.result,
			comparison: judged,
		})),
	];
	for (const { result, comparison } of all) {
		progress.show(`reporting ${played.length + 1}/${total} …`);
		await setImmediate();
		// Where the two parted nobody played to the end: what the model alone makes of it is shown.
		const shown = result ?? modelAlone(comparison);
		played.push({
			kind: "result",
			result: shown,
			closeup: lookCloser(shown, limits),
			comparison,
		});
	}
	for (const failure of failures) played.push({ kind: "failure", ...failure });
	return buildReport({
		marktwin: version(),
		command,
		seed,
		...about,
		played,
	});
}

function modelAlone(
	judged: Results["comparisons"][number] | null,
): ReturnType<typeof checkScenario> {
	if (judged === null) throw new TypeError("nothing was compared");
	const { scenario, seed } = judged.comparison;
	return checkScenario(scenario, { seed });
}

/** GitHub's own file gathers the summaries of all commands of a step. */
async function writeSummary(file: string, report: Report): Promise<void> {
	const text = summaryMarkdown(report);
	const isGathering =
		file !== STANDARD && file === process.env.GITHUB_STEP_SUMMARY;
	const before = isGathering ? await readIfThere(file) : "";
	await writeText(file, before + text);
}

async function readIfThere(file: string): Promise<string> {
	try {
		return await readFile(file, "utf8");
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "ENOENT")
			return "";
		throw error;
	}
}

/** @throws InputError when marktwin runs from its sources and the page was not built */
async function readPage(): Promise<PageParts> {
	const part = (name: string) =>
		new URL(`../../reports/page/built/${name}`, import.meta.url);
	try {
		const [script, style] = await Promise.all([
			readFile(part("main.js"), "utf8"),
			readFile(part("page.css"), "utf8"),
		]);
		return { script, style };
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "ENOENT")
			throw new InputError(
				"the page of reports has not been built",
				"In a checkout of marktwin: npm run page",
			);
		throw error;
	}
}
