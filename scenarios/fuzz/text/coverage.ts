/** What generated texts have met, counted, and what they should have met: plain data. */
import type { AnyExtension } from "../../../sim/extension/options/option-table.ts";
import type { OptionEntry } from "../../../sim/extension/options.ts";
import { matches } from "../../../sim/matches/index.ts";
import { noWords, splitWords } from "../../../sim/ruleset/base/lexer.ts";
import { targets } from "../../../sim/targets/index.ts";
import type { TextCase } from "./arbitrary.ts";
import type { TextComparison } from "./compare-text.ts";
import { FOCUSES, textUse } from "./uses.ts";

/** In each: how often what was met. Extensions and options count in texts that were accepted. */
export interface TextCoverage {
	readonly matches: Counts;
	readonly targets: Counts;
	/** `match statistic --every`. */
	readonly options: Counts;
	readonly negated: Counts;
	/** Words of refusals, with what they quote left out. */
	readonly refusals: Counts;
	readonly verdicts: Counts;
}
type Counts = Map<string, number>;
export type TextCoverageKind = keyof TextCoverage;

export const TEXT_COVERAGE_KINDS = [
	"matches",
	"targets",
	"options",
	"negated",
	"refusals",
	"verdicts",
] as const satisfies readonly TextCoverageKind[];

export function noTextCoverage(): TextCoverage {
	return {
		matches: new Map(),
		targets: new Map(),
		options: new Map(),
		negated: new Map(),
		refusals: new Map(),
		verdicts: new Map(),
	};
}

function count(counts: Counts, what: string, times = 1): void {
	counts.set(what, (counts.get(what) ?? 0) + times);
}

export function addTextCoverage(to: TextCoverage, from: TextCoverage): void {
	for (const kind of TEXT_COVERAGE_KINDS)
		for (const [what, times] of from[kind]) count(to[kind], what, times);
}

/** Counts one text and what became of it. */
export function coverText(
	coverage: TextCoverage,
	{ text }: TextCase,
	{ verdict, words }: Pick<TextComparison, "verdict" | "words">,
): void {
	count(coverage.verdicts, verdict);
	// What needs something else was read, too, and is not loaded for want of it alone.
	const isRead =
		verdict === "accepted" ||
		(verdict === "needs something else" && words === "");
	if (!isRead) {
		count(coverage.refusals, withoutQuotes(words));
		return;
	}
	for (const line of text.split("\n")) coverLine(coverage, line);
}

/** Numbers and what stands in quotes tell one text from another, not one refusal. */
function withoutQuotes(words: string): string {
	return words
		.replaceAll(/"[^"]*"|`[^`']*'/g, "…")
		.replaceAll(/\b(0x)?\d+\b/g, "N")
		.slice(0, 100);
}

function coverLine(coverage: TextCoverage, line: string): void {
	const words = noWords();
	splitWords(line, 0, line.length, words);
	const used: { kind: "match" | "target"; extension: AnyExtension }[] = [];
	const use = (kind: "match" | "target", name: string | undefined) => {
		const known = kind === "match" ? matches : targets;
		const extension = known.get(name ?? "");
		if (extension === undefined) return;
		count(coverage[kind === "match" ? "matches" : "targets"], extension.name);
		used.unshift({ kind, extension });
	};
	for (let index = 0; index < words.count; index++) {
		const word = words.text[index] ?? "";
		const next = words.text[index + 1];
		if (word === "-m") use("match", next);
		else if (word === "-j") use("target", next);
		else if (word === "-p") use("match", next?.toLowerCase());
		else if (word.startsWith("--")) {
			const name = word.slice(2).replace(/=.*/, "");
			const owner = used.find(({ extension }) => optionOf(extension, name));
			const entry = owner && optionOf(owner.extension, name);
			if (!owner || !entry) continue;
			const what = nameOf(owner.kind, owner.extension, entry);
			count(coverage.options, what);
			if (words.text[index - 1] === "!") count(coverage.negated, what);
		}
	}
}

function optionOf({ options }: AnyExtension, name: string): OptionEntry | null {
	return options.find((entry) => entry.name === name) ?? null;
}

function nameOf(
	kind: "match" | "target",
	extension: AnyExtension,
	option: OptionEntry,
): string {
	return `${kind} ${extension.name} --${option.name}`;
}

/** Everything that could be met; `null` where nobody can say what all is. */
export function textUniverse(kind: TextCoverageKind): readonly string[] | null {
	const known = (wanted: "match" | "target") => [
		...new Set(
			FOCUSES.filter((focus) => focus.kind === wanted).map(
				({ extension }) => extension.name,
			),
		),
	];
	const options = (negated: boolean) =>
		FOCUSES.flatMap(({ kind, extension, option, negated: isNegated }) => {
			const { neverLoaded = [] } = textUse(kind, extension);
			return option &&
				isNegated === negated &&
				!neverLoaded.includes(option.name)
				? [nameOf(kind, extension, option)]
				: [];
		});
	switch (kind) {
		case "matches":
			return known("match");
		case "targets":
			return known("target");
		case "options":
			return options(false);
		case "negated":
			return options(true);
		case "verdicts":
			return ["accepted", "refused by iptables-restore", "refused at COMMIT"];
		case "refusals":
			return null;
	}
}

/** What should have been met, and was not. */
export function textHoles(
	coverage: TextCoverage,
	kind: TextCoverageKind,
): readonly string[] {
	return (textUniverse(kind) ?? []).filter((what) => !coverage[kind].has(what));
}
