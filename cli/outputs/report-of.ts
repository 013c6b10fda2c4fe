/** Results → the report that is shown of them, with a second look at each. */
import { setImmediate } from "node:timers/promises";
import {
	buildReport,
	type Fuzzed,
	followedPerEntry,
	type Played,
} from "../../reports/build/build.ts";
import type { Report } from "../../reports/contract/report.ts";
import { counted, number } from "../../reports/wording.ts";
import { ruleCoverage } from "../../scenarios/details/rule-coverage.ts";
import {
	collectRunDetails,
	matchedInComparison,
} from "../../scenarios/details/run-details.ts";
import { unmetRules } from "../../scenarios/judge/unmet-rules.ts";
import { restsOn } from "../../scenarios/result/assumed.ts";
import { commandLine } from "../../scenarios/result/invocation.ts";
import { checkScenario } from "../../scenarios/run/run-scenario.ts";
import { version } from "../base/version.ts";
import { progress } from "../screen/screen.ts";
import type { FuzzResults, Results } from "./results-file.ts";

/** What is known of a run besides its results. */
export interface About {
	readonly tookMs: number | null;
	readonly createdAt: string | null;
	/** What a reader has to know before anything else. */
	readonly notices: readonly string[];
}

export async function reportOf(
	results: Results,
	about: About,
): Promise<Report> {
	const { failures, commands, seed, fuzz } = results;
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
			details: collectRunDetails(shown, limits),
			comparison,
		});
	}
	for (const failure of failures) played.push({ kind: "failure", ...failure });
	const coverage = ruleCoverage(
		played.flatMap((one) =>
			one.kind === "result"
				? [{ scenario: one.result.scenario, matched: matchedOf(one) }]
				: [],
		),
	);
	const { verdictsOf } = await import("../rules/verdict-view.ts");
	return buildReport({
		marktwin: version(),
		verdicts: verdictsOf(
			played.flatMap((one) =>
				one.kind === "result" ? [one.result.scenario] : [],
			),
		),
		coverage,
		command: commands.map(commandLine).join("; "),
		seed,
		...about,
		notices: [
			...about.notices,
			...cutShort(results),
			...unmetNotices(results),
			...assumedNotices(results),
		],
		notPlayed: results.notPlayed ?? [],
		played,
		fuzzed: fuzz === undefined ? null : fuzzed(fuzz),
	});
}

/** What the model alone makes of a play at which the two parted was not compared. */
function matchedOf({
	details,
	comparison,
}: Extract<Played, { kind: "result" }>) {
	return comparison === null
		? details.matched
		: matchedInComparison(comparison.comparison);
}

/** So many are named. */
const MOST_NAMED = 20;

/** `cut short: 7 scenarios were not played (--bail): failover, drain, …`; nothing where all were. */
export function cutShort({
	notPlayed = [],
}: Pick<Results, "notPlayed">): readonly string[] {
	const many = notPlayed.length;
	if (many === 0) return [];
	const names = notPlayed.slice(0, MOST_NAMED).map(({ name }) => name);
	if (many > MOST_NAMED) names.push(`and ${number(many - MOST_NAMED)} more`);
	const were = many === 1 ? "was" : "were";
	return [
		`cut short: ${counted(many, "scenario")} ${were} not played (--bail): ${names.join(", ")}`,
	];
}

/** `on assumptions: my-scenario (set:blocked=no)`; nothing where nothing was assumed. */
function assumedNotices({ results }: Results): readonly string[] {
	const all = results.flatMap(({ scenario, assumed }) => {
		const keys = restsOn(assumed);
		return keys.length === 0 ? [] : [`${scenario.name} (${keys.join(", ")})`];
	});
	if (all.length === 0) return [];
	const named = all.slice(0, MOST_NAMED);
	if (all.length > MOST_NAMED)
		named.push(`and ${number(all.length - MOST_NAMED)} more`);
	return [
		`${counted(all.length, "scenario")} ${all.length === 1 ? "rests" : "rest"} on assumptions about matches that the model does not know: ${named.join(", ")}`,
	];
}

/** Each once, however many scenarios it is true of. */
function unmetNotices({ results }: Results): readonly string[] {
	const all = results.flatMap((result) => unmetRules(result) ?? []);
	return [...new Set(all)].map((text) => {
		const many = all.filter((one) => one === text).length;
		return `${text} (${many} of ${results.length} scenarios)`;
	});
}

function fuzzed({ seed, kernel, ...totals }: FuzzResults): Fuzzed {
	return {
		...totals,
		// Of each kernel's own Linux: the kernels say which.
		model: { kind: "model", name: "model", version: "of the same Linux" },
		seeds: [seed].flat(),
		kernels: [kernel].flat(),
	};
}

function modelAlone(
	judged: Results["comparisons"][number] | null,
): ReturnType<typeof checkScenario> {
	if (judged === null) throw new TypeError("nothing was compared");
	const { scenario, seed } = judged.comparison;
	return checkScenario(scenario, { seed });
}
