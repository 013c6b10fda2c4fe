/** A job's summary on GitHub, in its Markdown: the verdict, and what there is to look at. */

import type { Entry, Reason, Report, Status } from "../contract/report.ts";
import {
	counted,
	fuzzSubject,
	fuzzVerdict,
	isFuzzAlone,
	number,
	SIGNS,
	STATUSES,
	statusWord,
	WORST_FIRST,
	worstStatus,
} from "../wording.ts";
import { code, fenced, inert, row } from "./markdown.ts";
import { linesOf, reasonsOf, ruleParts } from "./reasons.ts";
import { fuzzBlock } from "./summary-fuzz.ts";
import {
	coverageBlocks,
	type RulesetsView,
	rulesetBlocks,
} from "./summary-rulesets.ts";

/** Nobody reads on after so many. */
const MOST_ENTRIES = 20;
/** GitHub takes 1 MiB for each step, and nothing at all of what is longer. */
const MOST_BYTES = 900_000;

/**
 * Ends with a newline. Whatever comes from a scenario or a ruleset is text in it, and nothing else.
 * @param rulesets that were played, with what is known of them
 */
export function summaryMarkdown(
	report: Report,
	rulesets: RulesetsView = { rulesets: [], leftOut: 0 },
): string {
	const wrong = WORST_FIRST.filter((status) => status !== "holds").flatMap(
		(status) => report.entries.filter((entry) => entry.status === status),
	);
	const head = fitting(
		[
			heading(report),
			...report.notices.map(notice),
			...(report.entries.length === 0 ? [] : [table(report)]),
			about(report),
			...(report.fuzz === null ? [] : [fuzzBlock(report.fuzz)]),
		],
		MOST_BYTES,
	);
	const shown = fitting(
		wrong.slice(0, MOST_ENTRIES).map((entry) => entryBlock(entry, report)),
		MOST_BYTES - bytes(head.join("\n")),
	);
	const left = wrong.length - shown.length;
	const more = left === 0 ? [] : [`and ${number(left)} more\n`];
	const played = [...head, ...shown, ...more];
	const rules = fitting(
		[
			...(report.coverage === null ? [] : coverageBlocks(report.coverage)),
			...rulesetBlocks(rulesets),
		],
		MOST_BYTES - bytes(played.join("\n")),
	);
	return [...played, ...rules].join("\n");
}

/** The first blocks, as many as there is room for, each with the line between it and the next. */
function fitting(blocks: readonly string[], most: number): readonly string[] {
	let used = 0;
	const end = blocks.findIndex((block) => {
		used += bytes(block) + 1;
		return used > most;
	});
	return end < 0 ? blocks : blocks.slice(0, end);
}

function bytes(text: string): number {
	return Buffer.byteLength(text, "utf8");
}

function count(entries: readonly Entry[], status: Status): number {
	return entries.filter((entry) => entry.status === status).length;
}

/** `## ✗ marktwin: violated (8 scenarios: 3 hold, 5 violated)`. */
function heading(report: Report): string {
	const worst = worstStatus(report);
	if (worst === null) return "## marktwin: nothing was played\n";
	const { fuzz } = report;
	const parts = [
		...(fuzz === null ? [] : [`${fuzzSubject(fuzz)}: ${fuzzVerdict(fuzz)}`]),
		...(isFuzzAlone(report) ? [] : [scenariosOf(report)]),
	];
	return `## ${SIGNS[worst]} marktwin: ${statusWord(worst, report)} (${parts.join("; ")})\n`;
}

/** `8 scenarios: 3 hold, 5 violated`. */
function scenariosOf({ entries, isComparison, notPlayed }: Report): string {
	const all = STATUSES.map((status) => ({
		status,
		many: count(entries, status),
	}))
		.filter(({ many }) => many > 0)
		.map(
			({ status, many }) =>
				`${number(many)} ${statusWord(status, { isComparison, count: many })}`,
		);
	const left = notPlayed.length;
	if (left > 0) all.push(`${number(left)} not played`);
	return `${counted(entries.length + left, "scenario")}: ${all.join(", ")}`;
}

function notice(text: string): string {
	return `> ${inert(text)}\n`;
}

/** How each suite fares. */
function table({ entries, isComparison }: Report): string {
	const statuses = STATUSES.filter((status) => count(entries, status) > 0);
	const suites = [...new Set(entries.map(({ suite }) => suite))];
	return [
		row([
			"suite",
			...statuses.map((status) => statusWord(status, { isComparison })),
		]),
		row(["---", ...statuses.map(() => "--:")]),
		...suites.map((suite) => {
			const its = entries.filter((entry) => entry.suite === suite);
			return row([
				inert(suite),
				...statuses.map((status) => `${count(its, status) || ""}`),
			]);
		}),
	].join("");
}

/** `Played on model (linux 6.1.192), seed 7, in 4.2 s, by marktwin 0.1.0.`, and how to do it again. */
function about(report: Report): string {
	const { isComparison, drivers, seed, tookMs, marktwin, command } = report;
	const facts = [
		`${isComparison ? "Compared" : "Played on"} ${drivers.map(inert).join(isComparison ? " with " : " and ")}`,
		...(seed === null ? [] : [`seed ${seed}`]),
		...(tookMs === null ? [] : [`in ${(tookMs / 1000).toFixed(1)} s`]),
		`by marktwin ${inert(marktwin)}`,
	];
	return `${facts.join(", ")}.\n\n${fenced("sh", linesOf(command))}`;
}

function entryBlock(entry: Entry, { isComparison, drivers }: Report): string {
	const { status, title, name, driver, replay } = entry;
	const where =
		!isComparison && drivers.length > 1 ? ` on ${inert(driver)}` : "";
	return [
		`### ${SIGNS[status]} ${inert(title)} ${code(name)}${where}\n`,
		...reasonsOf(entry).flatMap(reasonBlocks),
		fenced("sh", linesOf(replay)),
	].join("\n");
}

function reasonBlocks({
	sentence,
	parts,
	rule,
	lines,
}: Reason): readonly string[] {
	const said = [
		...(parts.length === 0 ? [inert(sentence)] : []),
		...parts.map(({ name, text }) => `**${name}** ${inert(text)}`),
		...(rule === null
			? []
			: [`**rule** ${ruleParts(rule).map(code).join(" ")}`]),
	];
	return [
		`${said.join("<br>\n")}\n`,
		...(lines.length === 0 ? [] : [fenced("text", lines)]),
	];
}
