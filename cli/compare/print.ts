/** What a reader sees of comparisons. */

import type { Comparison } from "../../scenarios/compare/lockstep/compare-scenario.ts";
import {
	type Divergence,
	printDivergence,
} from "../../scenarios/compare/lockstep/divergence.ts";
import {
	drawsIn,
	isOutside,
	type JudgedDraws,
} from "../../scenarios/compare/lockstep/draw-counts.ts";
import {
	type ComparisonVerdict,
	type JudgedComparison,
	judgeAllDraws,
} from "../../scenarios/compare/verdict.ts";
import { matchedInComparison } from "../../scenarios/details/run-details.ts";
import { commandLine } from "../../scenarios/result/invocation.ts";
import type { Failure } from "../outputs/results-file.ts";
import { printCoverage } from "../play/print-coverage.ts";
import { screenText } from "../screen/screen-text.ts";
import type { Paint } from "../screen/terminal.ts";

export interface CompareView {
	readonly paint: Paint;
	readonly columns: number;
	/** Show all lines of a divergence. */
	readonly isWhole: boolean;
}

const SIGNS: Readonly<Record<ComparisonVerdict, string>> = {
	agrees: "=",
	diverges: "≠",
	unknown: "?",
};
const COLOURS = {
	agrees: "green",
	diverges: "red",
	unknown: "yellow",
} as const;
/** Lines of a divergence that are shown; the rest is counted. */
const SHOWN_LINES = 12;

/** One line when the two agree, and all that is to be known when they do not. */
export function printComparison(
	{ comparison, verdict }: JudgedComparison,
	view: CompareView,
): readonly string[] {
	const { scenario, unknown, replay } = comparison;
	const { paint } = view;
	const sign = paint(COLOURS[verdict], SIGNS[verdict]);
	const counted = paint("dim", comparedThings(comparison));
	return [
		`${sign} ${scenario.name}  ${counted}`,
		...(unknown === null
			? []
			: [`    unknown: ${`${unknown.reason} ${unknown.text}`.trim()}`]),
		...comparison.divergences.flatMap((one) => printed(one, view)),
		...(verdict === "agrees" ? [] : [`    replay  ${commandLine(replay)}`]),
	];
}

function comparedThings({ connections, packets, draws }: Comparison): string {
	return connections === undefined
		? `${packets} packets${followed(draws ?? 0)}`
		: `${connections} connections`;
}

/** Of what the kernel drew at random. */
function followed(draws: number): string {
	if (draws === 0) return "";
	return `, ${draws} ${draws === 1 ? "draw" : "draws"} of the kernel's followed`;
}

function printed(divergence: Divergence, view: CompareView): readonly string[] {
	const lines = printDivergence(divergence);
	const shown = view.isWhole ? lines : lines.slice(0, SHOWN_LINES);
	const left = lines.length - shown.length;
	return [...shown, ...(left > 0 ? [`  … ${left} more lines`] : [])].map(
		(line) => `    ${line}`,
	);
}

export function printFailure(
	{ scenario, message, replay }: Failure,
	{ paint }: CompareView,
): readonly string[] {
	return [
		`${paint("red", "!")} ${scenario.name}`,
		...screenText(message)
			.split("\n")
			.map((line) => `    ${line}`),
		`    replay  ${commandLine(replay)}`,
	];
}

/** Kinds of draws of the kernel's that came otherwise than the model's chances have it; else that all came so. */
export function printDraws(
	kinds: readonly JudgedDraws[],
	{ paint }: Pick<CompareView, "paint">,
): readonly string[] {
	if (kinds.length === 0) return [];
	const odd = kinds.filter(({ isAsLikely }) => !isAsLikely);
	const draws = kinds.reduce((sum, one) => sum + drawsIn(one), 0);
	const judged = `${draws} outcomes of draws, of ${kinds.length} ${kinds.length === 1 ? "kind" : "kinds"}`;
	if (odd.length === 0)
		return [paint("dim", `${judged}: as often as their chances say`)];
	return [
		paint("red", `${judged}: ${odd.length} not as often as the chances say`),
		...odd.flatMap(({ of, outcomes }) => [
			`  ${of}`,
			...outcomes
				.filter(isOutside)
				.map(
					({ outcome, times, low, high }) =>
						`    ${outcome}: ${times} times; ${low} to ${high} are right`,
				),
		]),
	];
}

export function printTotals(
	judged: readonly JudgedComparison[],
	failures: readonly Failure[],
	about: {
		readonly tookMs: number;
		readonly version: string;
		readonly view: CompareView;
	},
): readonly string[] {
	const { paint } = about.view;
	const sum = (of: (one: JudgedComparison) => number) =>
		judged.reduce((total, one) => total + of(one), 0);
	const count = (verdict: ComparisonVerdict, word: string) => {
		const many = judged.filter((one) => one.verdict === verdict).length;
		return many === 0 ? [] : [paint(COLOURS[verdict], `${many} ${word}`)];
	};
	const scenarios = judged.length + failures.length;
	const connections = sum((one) => one.comparison.connections ?? 0);
	const packets = sum((one) => one.comparison.packets);
	const what =
		connections > 0 ? `${connections} connections` : `${packets} packets`;
	return [
		"",
		[
			`${scenarios} ${scenarios === 1 ? "scenario" : "scenarios"} on both`,
			[
				...count("agrees", "agree"),
				...count("diverges", "diverge"),
				...count("unknown", "unknown"),
				...(failures.length === 0
					? []
					: [paint("red", `${failures.length} not compared`)]),
			].join(", "),
		].join(": "),
		...printDraws(
			judgeAllDraws(judged.map(({ comparison }) => comparison)),
			about.view,
		),
		paint(
			"dim",
			`${what}${followed(sum((one) => one.comparison.draws ?? 0))}, ${sum((one) => one.comparison.divergences.length)} divergences; ${about.version}, ${(about.tookMs / 1000).toFixed(1)} s`,
		),
		...printCoverage(
			judged.map(({ comparison }) => {
				const { scenario } = comparison;
				return { scenario, matched: matchedInComparison(comparison) };
			}),
		),
	];
}
