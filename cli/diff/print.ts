/** What an edit changes, for a person. */
import {
	counterWords,
	isDifferent,
	lostLines,
	movedReason,
	outcomeWords,
	restLines,
	summaryWords,
	WHICH,
} from "../../reports/analysis/diff-words.ts";
import {
	assumedWords,
	shareWords,
} from "../../reports/analysis/split-words.ts";
import { counted } from "../../reports/wording.ts";
import type {
	ClassDiff,
	DiffDocument,
	LoadDiff,
	ServiceDiff,
	VectorDiff,
} from "../../scenarios/analysis/diff/diff-document.ts";
import type { RuleRef } from "../../scenarios/analysis/walk/decision.ts";
import { nameText, plainText } from "../screen/screen-text.ts";
import type { Paint } from "../screen/terminal.ts";
import { wrap } from "../screen/wrap.ts";

interface Paper {
	readonly paint: Paint;
	readonly columns: number;
}

/** Of each list; `--json` has all. */
const MOST_SHOWN = 8;

export function diffLines(
	document: DiffDocument,
	paper: Paper,
): readonly string[] {
	const { before, after, linux, services, packets, loads } = document;
	const { paint } = paper;
	const changed = services.filter(({ verdict }) => verdict === "changed");
	const unknown = services.filter(({ verdict }) => verdict === "unknown");
	const same = services.length - changed.length - unknown.length;
	const { gone, fresh } = document.findings;
	return [
		paint(
			"bold",
			`${nameText(before.file)} → ${nameText(after.file)} (${linux})`,
		),
		`  ${summaryWords(document)}`,
		...limited(changed, (one) => ["", ...serviceLines(one, paper)], "service"),
		...(same > 0 && document.walked > 0
			? ["", `${counted(same, "service")} as before`]
			: []),
		...section("Packets", paper, packets, (one) => packetLines(one, paper)),
		...loadLines(loads, paper),
		...counterLines(document, paper),
		...section("New findings", paper, fresh, findingLine),
		...section("Findings that are gone", paper, gone, findingLine),
		...unknownLines(document, paper),
		...assumptionLines(document, paper),
		"",
		...totals(document, paper),
	];
}

function limited<One>(
	all: readonly One[],
	linesOf: (one: One) => readonly string[],
	noun: string,
): readonly string[] {
	const left = all.length - MOST_SHOWN;
	return [
		...all.slice(0, MOST_SHOWN).flatMap(linesOf),
		...(left > 0
			? [`  … and ${counted(left, `more ${noun}`)}: --json has all`]
			: []),
	];
}

function section<One>(
	title: string,
	{ paint }: Paper,
	all: readonly One[],
	linesOf: (one: One) => readonly string[],
): readonly string[] {
	if (all.length === 0) return [];
	return [
		"",
		paint("bold", title),
		...limited(all, linesOf, "one").map((line) =>
			line.startsWith("  …") ? line : `  ${line}`,
		),
	];
}

function serviceLines(
	{ key, name, in: where, classes, drives }: ServiceDiff,
	paper: Paper,
): readonly string[] {
	const { paint } = paper;
	const called = name === null ? "" : ` ${plainText(name)}`;
	const is = { both: "", old: "  (gone)", new: "  (new)" }[where];
	const shown = classes.filter(({ verdict }) => verdict !== "same");
	const same = classes.filter(
		({ verdict, which }) => verdict === "same" && which === "first",
	);
	return [
		`${paint("bold", plainText(key))}${called}${is}`,
		...limited(shown, (one) => classLines(one, paper), "kind of client"),
		...(same.length > 0 && shown.length > 0
			? [
					`  as before: ${plainText(same.map(({ packets }) => packets).join("; "))}`,
				]
			: []),
		...(shown.length > 0 || drives.before.length + drives.after.length === 0
			? []
			: [
					"  The order of packets drives its shares otherwise:",
					...drives.before.map((line) => `    before: ${plainText(line)}`),
					...drives.after.map((line) => `    after:  ${plainText(line)}`),
				]),
	];
}

/** Vectors of a class that are shown, besides the first. */
const MOST_VECTORS = 6;

function classLines(one: ClassDiff, paper: Paper): readonly string[] {
	const { which, packets, verdict, measure, vectors } = one;
	const part =
		measure === null || measure.percent === "100 %"
			? ""
			: ` (${measure.percent})`;
	const title = `  ${plainText(packets)}${WHICH[which]}${part}:`;
	if (verdict === "unknown")
		return [`${title} ${paper.paint("yellow", "?")} unknown`];
	if (one.before.length * one.after.length === 1) {
		const [[from], [to]] = [one.before, one.after];
		return [`${title} ${plainText(`${from} → ${to}`)}`];
	}
	const differing = vectors.filter(isDifferent);
	if (differing.length === 0) return [title, ...limitedVectors(vectors, paper)];
	const same = vectors.filter((vector) => !isDifferent(vector));
	return [title, ...limitedVectors(differing, paper), ...asBefore(same)];
}

function asBefore(vectors: readonly VectorDiff[]): readonly string[] {
	if (vectors.length === 0) return [];
	const names = vectors.slice(0, MOST_VECTORS).map(({ name }) => name);
	const left = vectors.length - names.length;
	const more = left > 0 ? `; and ${counted(left, "more", "more")}` : "";
	return [`    as before: ${plainText(names.join("; "))}${more}`];
}

function limitedVectors(
	vectors: readonly VectorDiff[],
	paper: Paper,
): readonly string[] {
	const left = vectors.length - MOST_VECTORS;
	return [
		...vectors
			.slice(0, MOST_VECTORS)
			.flatMap((vector) => vectorLines(vector, paper)),
		...(left > 0
			? [
					`    … and ${counted(left, "more value", "more values")} of conditions: --json has all`,
				]
			: []),
	];
}

function vectorLines(vector: VectorDiff, paper: Paper): readonly string[] {
	const { name, parts } = vector;
	const shown = parts.filter(({ before, after }) =>
		[before, after].some(
			(share) => share.kind !== "exact" || share.share.decimal > 0,
		),
	);
	const width = Math.max(0, ...shown.map(({ key }) => key.length));
	const indent = name === "" ? "    " : "      ";
	return [
		...(name === "" ? [] : [`    ${plainText(name)}:`]),
		...shown.map(({ key, before, after }) => {
			const [from, to] = [shareWords(before), shareWords(after)];
			const words = from === to ? from : `${from} → ${to}`;
			return `${indent}${plainText(key).padEnd(width)}  ${words}`;
		}),
		...wrap(movedSentence(vector), paper.columns - indent.length).map(
			(line) => `${indent}${line}`,
		),
	];
}

function movedSentence(vector: VectorDiff): string {
	const words = movedReason(vector);
	return `${words[0]?.toUpperCase()}${words.slice(1)}.`;
}

function packetLines(one: ClassDiff, paper: Paper): readonly string[] {
	const { packets, which, measure, example, verdict } = one;
	const part = measure === null ? "" : ` (${measure.percent} of all)`;
	const from = `    ${one.interface}: ${example}`;
	if (verdict === "unknown")
		return [
			`${paper.paint("yellow", "?")} ${plainText(packets)}${WHICH[which]}${part}: unknown`,
			plainText(from),
		];
	const words = `${one.before.join(", ")} → ${one.after.join(", ")}`;
	return [
		plainText(`${packets}${WHICH[which]}${part}:`),
		`  ${plainText(words)}`,
		plainText(from),
	];
}

function loadLines(
	loads: readonly LoadDiff[],
	{ paint }: Paper,
): readonly string[] {
	if (loads.length === 0) return [];
	// Where both backends do the same, it is said once.
	const groups = new Map<string, LoadDiff[]>();
	for (const one of loads) {
		const said = [one.words, ...outcomeLines(one)].join("\n");
		groups.set(said, [...(groups.get(said) ?? []), one]);
	}
	return [
		"",
		paint("bold", "Connections that stand"),
		...[...groups.values()].flatMap((group) => {
			const [one] = group as [LoadDiff];
			const backends = group.map(({ backend }) => backend).join(", ");
			const [first = "", ...rest] = outcomeLines(one);
			return [`  ${one.words} (${backends}): ${first}`, ...rest];
		}),
	];
}

function outcomeLines(one: LoadDiff): readonly string[] {
	if (one.refused !== null) return [`refused: ${plainText(one.refused)}`];
	const more = [...restLines(one), ...lostLines(one, ": --json has all")];
	return [outcomeWords(one), ...more.map((line) => `    ${plainText(line)}`)];
}

function counterLines(
	document: DiffDocument,
	{ paint }: Paper,
): readonly string[] {
	const words = counterWords(document);
	if (words === "") return [];
	return ["", paint("bold", "Counters of rules that both have"), `  ${words}`];
}

function findingLine({
	code,
	name,
	at,
	message,
}: DiffDocument["findings"]["fresh"][number]): readonly string[] {
	return [plainText(`${placeOf(at)}: ${code} ${name}: ${message}`)];
}

function placeOf({ rule, line }: RuleRef): string {
	return line > 0 ? `line ${line}` : rule;
}

function unknownLines(
	{ unknown }: DiffDocument,
	{ paint, columns }: Paper,
): readonly string[] {
	if (unknown.length === 0) return [];
	const left = unknown.length - MOST_SHOWN;
	return [
		"",
		...unknown
			.slice(0, MOST_SHOWN)
			.flatMap((text) =>
				wrap(plainText(text), columns - 2).map((line, index) =>
					index === 0 ? `${paint("yellow", "?")} ${line}` : `  ${line}`,
				),
			),
		...(left > 0
			? [`  … and ${counted(left, "more", "more")}: --json has all`]
			: []),
	];
}

/** Of what two rulesets that are the same do nothing is assumed. */
function assumptionLines(
	{ assumptions, toldBy, walked }: DiffDocument,
	{ columns }: Paper,
): readonly string[] {
	if (assumptions.length === 0 || walked === 0) return [];
	const words = assumedWords(assumptions.map(plainText), toldBy);
	return ["", ...wrap(words, columns)];
}

function totals(
	{ verdict, changes, unknown, idle }: DiffDocument,
	{ paint }: Paper,
): readonly string[] {
	const allowed = changes.filter((one) => one.allowed !== null).length;
	const others = counted(changes.length - allowed, "change");
	const also = allowed > 0 ? `, and ${allowed} allowed` : "";
	const known = `${counted(unknown.length, "thing")} ${unknown.length === 1 ? "is" : "are"} unknown`;
	const words: Readonly<Record<DiffDocument["verdict"], string>> = {
		same: `${paint("green", "✓")} The same.`,
		allowed: `${paint("green", "✓")} All that differs is allowed: ${counted(allowed, "change")}.`,
		unknown: `${paint("yellow", "?")} Nothing${allowed > 0 ? " else" : ""} that is known differs; ${known}.`,
		different: `${paint("red", "✗")} Different: ${others}${also}.`,
	};
	return [
		...idle.map(
			(text) => `note: the allowance allows nothing: ${plainText(text)}`,
		),
		words[verdict],
	];
}
