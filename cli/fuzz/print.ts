/** What a reader sees of a fuzz. */

import { printDivergence } from "../../scenarios/compare/lockstep/divergence.ts";
import { judgeDraws } from "../../scenarios/compare/lockstep/draw-counts.ts";
import {
	type ChanceResult,
	isOutside,
} from "../../scenarios/fuzz/chance-result.ts";
import {
	type Finding,
	type FuzzAccount,
	packetsIn,
} from "../../scenarios/fuzz/fuzz.ts";
import type { TextCase } from "../../scenarios/fuzz/text/arbitrary.ts";
import type { TextFinding } from "../../scenarios/fuzz/text/fuzz-text.ts";
import {
	COVERAGE_TITLES,
	type CoverageTotals,
	type FuzzTotals,
	TEXT_COVERAGE_TITLES,
	type TextCoverageTotals,
} from "../../scenarios/fuzz/totals.ts";
import {
	commandLine,
	type Invocation,
} from "../../scenarios/result/invocation.ts";
import { type CompareView, printDraws } from "../compare/print.ts";
import { screenText } from "../screen/screen-text.ts";

const BAR_COLUMNS = 20;

/** One line: how far it is, and how fast. */
export function printProgress(
	{ cases, packets, findings, lost }: FuzzAccount,
	so: {
		readonly runs: number;
		readonly limitMs: number;
		readonly tookMs: number;
	},
): string {
	const done = cases + lost.length;
	const part = Math.max(done / so.runs, so.tookMs / so.limitMs);
	const seconds = so.tookMs / 1000;
	return [
		bar(part),
		`${cases} rulesets, ${packets} packets`,
		`(${(cases / seconds).toFixed(1)} and ${Math.round(packets / seconds)} a second)`,
		`${findings.length} ${findings.length === 1 ? "divergence" : "divergences"}`,
	].join(" ");
}

/** The same of texts. */
export function printTextProgress(
	texts: number,
	so: {
		readonly runs: number;
		readonly limitMs: number;
		readonly tookMs: number;
	},
): string {
	const part = Math.max(texts / so.runs, so.tookMs / so.limitMs);
	return `${bar(part)} ${texts} texts (${Math.round(texts / (so.tookMs / 1000))} a second)`;
}

function bar(part: number): string {
	const filled = Math.round(Math.min(1, part) * BAR_COLUMNS);
	return `[${"#".repeat(filled)}${".".repeat(BAR_COLUMNS - filled)}]`;
}

/** What is saved of a text: with what is loaded before it, if it is added to something. */
export function printTextCase({ text, onto }: TextCase): string {
	if (onto === null) return text;
	return `# Loaded first\n${onto}# Added with --noflush\n${text}`;
}

export function printTextFinding(
	{ path, difference }: TextFinding,
	about: {
		readonly seed: number;
		readonly file: string;
		/** The command that plays it once more. */
		readonly again: Invocation;
		readonly view: CompareView;
	},
): readonly string[] {
	const { kind, one, model, kernel } = difference;
	const { paint } = about.view;
	const indented = (lines: string) =>
		screenText(lines.trimEnd())
			.split("\n")
			.map((line) => `      ${line}`);
	return [
		`${paint("red", "≠")} fuzz-${about.seed}-t${path.replace(/:.*/, "")}  ${paint("dim", TEXT_DIFFERENCES[kind])}`,
		...indented(printTextCase(one)),
		"    model",
		...indented(model),
		"    kernel",
		...indented(kernel),
		`    saved   ${about.file}`,
		`    again   ${commandLine(about.again)}`,
	];
}

const TEXT_DIFFERENCES: Readonly<
	Record<TextFinding["difference"]["kind"], string>
> = {
	verdict: "only one of the two takes this text",
	line: "they refuse different lines of it",
	words: "they refuse it in different words",
	"exit code": "they end with different exit codes",
	saved: "iptables-save prints it differently",
	test: "iptables-restore --test judges it differently",
};

/** Lines of a divergence that are shown; the saved scenario tells the rest. */
const SHOWN_LINES = 14;

export function printFinding(
	{ comparison, isFleeting }: Finding,
	about: {
		readonly file: string;
		/** The command that draws it once more, and the one that compares what was saved. */
		readonly again: Invocation;
		readonly replay: Invocation;
		readonly view: CompareView;
	},
): readonly string[] {
	const { scenario, divergences } = comparison;
	const { paint } = about.view;
	const packets = packetsIn(scenario);
	const rules = scenario.setup.ruleset.text
		.split("\n")
		.filter((line) => line.startsWith("-")).length;
	const lines = divergences.flatMap(printDivergence);
	const shown = lines.slice(0, SHOWN_LINES);
	return [
		`${paint("red", "≠")} ${scenario.name}  ${paint("dim", `${rules} rules, ${packets} packets at its smallest`)}`,
		...shown.map((line) => `    ${line}`),
		...(lines.length > shown.length
			? [`    … ${lines.length - shown.length} more lines`]
			: []),
		...(isFleeting ? ["    not seen again when it was played once more"] : []),
		`    saved   ${about.file}`,
		`    replay  ${commandLine(about.replay)}`,
		`    again   ${commandLine(about.again)}`,
	];
}

export function printTotals(
	totals: FuzzTotals,
	{ paint }: CompareView,
): readonly string[] {
	const { cases, packets, tookMs, known, kernel, texts, lost = 0 } = totals;
	const findings = totals.findings + (texts?.findings ?? 0);
	const seconds = tookMs / 1000;
	const verdict =
		findings === 0
			? paint(lost === 0 ? "green" : "yellow", "no divergence")
			: paint(
					"red",
					`${findings} ${findings === 1 ? "divergence" : "divergences"}`,
				);
	const notCompared =
		lost === 0
			? ""
			: `, ${paint("red", `${lost} not compared (the guest died)`)}`;
	// What one case, played once more, has not met says nothing.
	const isOne = cases + (texts?.texts ?? 0) <= 1;
	const coverage = [
		...totals.coverage.map((one) => ({
			one,
			title: COVERAGE_TITLES[one.kind],
		})),
		...(texts?.coverage ?? []).map((one) => ({
			one,
			title: TEXT_COVERAGE_TITLES[one.kind],
		})),
	];
	return [
		"",
		...(isOne ? [] : coverage).flatMap(({ one, title }) =>
			printCoverage(one, title, paint),
		),
		...totals.chances.map((one) => printChance(one, paint)),
		...printDraws(judgeDraws(totals.drawn ?? []), { paint }),
		...(totals.leftOut ?? []).map(({ name, reason }) =>
			paint("yellow", `left out: ${name}, since ${reason}`),
		),
		...known
			.filter(({ times }) => times > 0)
			.map(
				({ name, reason, times }) =>
					`known, ${times} times: ${name}, since ${reason}`,
			),
		"",
		`${cases} rulesets, ${packets} packets${texts === null ? "" : `, ${texts.texts} texts`}: ${verdict}${notCompared}`,
		paint(
			"dim",
			`${(cases / seconds).toFixed(1)} rulesets and ${Math.round(packets / seconds)} packets a second; ${kernel.version}, ${seconds.toFixed(1)} s`,
		),
	];
}

/** Only what is wrong in colour: it happens once in a million times by itself. */
function printChance(
	chance: ChanceResult,
	paint: CompareView["paint"],
): string {
	const { probability, inverted, packets, model, kernel, low, high } = chance;
	const rule = `${inverted ? "! " : ""}--probability ${probability}`;
	return paint(
		isOutside(chance) ? "red" : "dim",
		`${rule}, of ${packets} packets: model ${model}, kernel ${kernel}; ${low} to ${high} are right`,
	);
}

function printCoverage(
	{ kind, met, holes }: CoverageTotals | TextCoverageTotals,
	title: string,
	paint: CompareView["paint"],
): readonly string[] {
	if (met.length + holes.length === 0) return [];
	if (kind === "refusals") return [paint("dim", `${title}: ${met.length}`)];
	if (kind === "unknown")
		return met.map(([what, times]) =>
			paint("yellow", `unknown, ${times} times: ${what}`),
		);
	const all = met.length + holes.length;
	const line = `${title}: ${all - holes.length} of ${all}`;
	return holes.length === 0
		? [paint("dim", line)]
		: [line, paint("yellow", `    not met: ${holes.join(", ")}`)];
}
