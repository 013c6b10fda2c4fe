/** What an upgrade changes, for a person. */
import { shareWords } from "../../reports/analysis/split-words.ts";
import { counted } from "../../reports/wording.ts";
import {
	RELOAD_WORDS,
	RELOADS,
} from "../../scenarios/analysis/upgrade/life.ts";
import type { ChangedShare } from "../../scenarios/analysis/upgrade/shares.ts";
import {
	type DifferenceDocument,
	type FindingDocument,
	isOtherLife,
	type LifeDocument,
	type SideDocument,
	type UpgradeDocument,
} from "../../scenarios/analysis/upgrade/upgrade.ts";
import type { RuleRef } from "../../scenarios/analysis/walk/decision.ts";
import { nameText, plainText } from "../screen/screen-text.ts";
import type { Paint } from "../screen/terminal.ts";
import { wrap } from "../screen/wrap.ts";

interface Paper {
	readonly paint: Paint;
	readonly columns: number;
}

/** Rules of a difference, shares and findings that are shown; `--json` has all. */
const MOST_SHOWN = 8;

export function upgradeLines(
	document: UpgradeDocument,
	paper: Paper,
): readonly string[] {
	const { from, to, shares, findings, lives, differences, besides } = document;
	const { paint } = paper;
	return [
		paint("bold", `${nameText(document.file)}: ${from.linux} → ${to.linux}`),
		...loadLines(from, to, paper),
		...section("Shares", paper, shares, shareLine),
		...section("Findings that are gone", paper, findings.gone, findingLine),
		...section("New findings", paper, findings.fresh, findingLine),
		...section("What rules remember", paper, lives.filter(isOtherLife), (one) =>
			lifeLines(one, document),
		),
		...differences.flatMap((one) => differenceLines(one, document, paper)),
		...besideLines(besides, document),
		...unknownLines(from, to, paper),
		"",
		totals(document, paper),
	];
}

function loadLines(
	from: SideDocument,
	to: SideDocument,
	{ paint }: Paper,
): readonly string[] {
	if (from.refusal === null && to.refusal === null)
		return ["  It loads on both."];
	return [from, to].flatMap(({ linux, refusal }) =>
		refusal === null
			? [`  It loads on ${linux}.`]
			: [
					`  ${paint("red", "✗")} It does not load on ${linux}:`,
					...refusal.split("\n").map((line) => `      ${plainText(line)}`),
				],
	);
}

function section<One>(
	title: string,
	{ paint }: Paper,
	all: readonly One[],
	linesOf: (one: One) => string | readonly string[],
): readonly string[] {
	if (all.length === 0) return [];
	const left = all.length - MOST_SHOWN;
	return [
		"",
		paint("bold", title),
		...all
			.slice(0, MOST_SHOWN)
			.flatMap(linesOf)
			.map((line) => `  ${line}`),
		...(left > 0 ? [`  … and ${counted(left, "more")}: --json has all`] : []),
	];
}

function shareLine({
	service,
	clients,
	while: condition,
	key,
	from,
	to,
}: ChangedShare): string {
	const words = (share: typeof from) =>
		share === null ? "nothing" : shareWords(share);
	return plainText(
		`${service}, ${clients}, ${condition}: ${key} gets ${words(from)} → ${words(to)}`,
	);
}

function findingLine({ code, name, at, message }: FindingDocument): string {
	return plainText(`${placeOf(at)}: ${code} ${name}: ${message}`);
}

function lifeLines(
	{ at, from, to }: LifeDocument,
	document: UpgradeDocument,
): readonly string[] {
	return [
		plainText(`${placeOf(at)}: ${at.text}`),
		...RELOADS.filter((way) => from[way] !== to[way]).map(
			(way) =>
				`  ${RELOAD_WORDS[way]}: ${from[way]} on ${document.from.linux}, ${to[way]} on ${document.to.linux}`,
		),
	];
}

function differenceLines(
	{ title, from, to, matters, scenario, rules }: DifferenceDocument,
	document: UpgradeDocument,
	{ paint, columns }: Paper,
): readonly string[] {
	const left = rules.length - MOST_SHOWN;
	const text = (said: string) =>
		wrap(said, columns - 2).map((line) => `  ${line}`);
	return [
		"",
		paint("bold", `${title[0]?.toUpperCase()}${title.slice(1)}`),
		...text(`${document.from.linux}: ${from}.`),
		...text(`${document.to.linux}: ${to}.`),
		...text(matters),
		...rules
			.slice(0, MOST_SHOWN)
			.map((at) => `  ${plainText(`${placeOf(at)}: ${at.text}`)}`),
		...(left > 0 ? [`  … and ${counted(left, "more rule")}`] : []),
		...(scenario === null
			? []
			: [`  marktwin run ${scenario} --linux ${document.to.linux}`]),
	];
}

function besideLines(
	besides: readonly DifferenceDocument[],
	{ from, to }: UpgradeDocument,
): readonly string[] {
	if (besides.length === 0) return [];
	return [
		"",
		`Besides, whatever the rules are, ${from.linux} and ${to.linux} differ in:`,
		...besides.map(({ title, scenario }) =>
			scenario === null ? `  ${title}` : `  ${title} (${scenario})`,
		),
	];
}

function unknownLines(
	from: SideDocument,
	to: SideDocument,
	{ paint }: Paper,
): readonly string[] {
	const all = [...new Set([...from.unknown, ...to.unknown])];
	if (all.length === 0) return [];
	return [
		"",
		...all.map((text) => `${paint("yellow", "?")} ${plainText(text)}`),
	];
}

function totals(document: UpgradeDocument, { paint }: Paper): string {
	const { from, to, changes, shares, differences, findings, lives } = document;
	if (!changes) {
		const isKnown = from.unknown.length + to.unknown.length === 0;
		return isKnown
			? `${paint("green", "✓")} Nothing changes for these rules.`
			: `${paint("yellow", "?")} Nothing that is known changes for these rules.`;
	}
	const parts = [
		...(from.refusal === to.refusal ? [] : ["whether they load"]),
		...many(shares, "share"),
		...many([...findings.gone, ...findings.fresh], "finding"),
		...many(lives.filter(isOtherLife), "counter"),
		...many(differences, "difference"),
	];
	return `${paint("yellow", "!")} For these rules changes: ${parts.join(", ")}.`;
}

function many(all: readonly unknown[], noun: string): readonly string[] {
	return all.length === 0 ? [] : [counted(all.length, noun)];
}

function placeOf({ rule, line }: RuleRef): string {
	return line > 0 ? `line ${line}` : rule;
}
