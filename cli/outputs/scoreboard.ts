/** `--scoreboard`: what was played, what it covered, and where the two differ, as Markdown. */
import {
	COVERAGE_TITLES,
	type CoverageTotals,
	type FuzzTotals,
	TEXT_COVERAGE_TITLES,
} from "../../scenarios/fuzz/totals.ts";
import type { FuzzResults } from "./results-file.ts";

const INTRODUCTION = `# Fidelity

How well the model follows the kernel: generated rulesets, packets and events are played on both and compared ([how](fuzz.md)). Written by \`make fidelity\`.`;

export function scoreboardMarkdown(fuzz: FuzzResults): string {
	const { cases, packets, texts, findings, known, coverage } = fuzz;
	const seconds = fuzz.tookMs / 1000;
	const row = (name: string, value: string | number) =>
		`| ${name} | ${value} |`;
	const kernels = [fuzz.kernel].flat().map(({ version }) => version);
	const seeds = [fuzz.seed].flat();
	return [
		INTRODUCTION,
		"",
		"| | |",
		"| --- | --- |",
		row("kernel", kernels.join("; ")),
		row(seeds.length === 1 ? "seed" : "seeds", seeds.join(", ")),
		row("rulesets", cases),
		row("packets", packets),
		...(texts === null ? [] : [row("texts", texts.texts)]),
		row("divergences", findings + (texts?.findings ?? 0)),
		...(fuzz.lost === undefined
			? []
			: [row("not compared, the guest died", fuzz.lost)]),
		row(
			"a second",
			`${(cases / seconds).toFixed(1)} rulesets, ${Math.round(packets / seconds)} packets`,
		),
		"",
		...coverage
			.filter(({ kind }) => kind !== "unknown")
			.flatMap((one) => coverageTable(one, COVERAGE_TITLES[one.kind])),
		...(texts?.coverage ?? []).flatMap((one) =>
			coverageTable(one, TEXT_COVERAGE_TITLES[one.kind]),
		),
		...chanceTable(fuzz.chances),
		...unknownTable(coverage),
		...leftOutTable(fuzz.leftOut ?? []),
		...knownTable(known),
	]
		.join("\n")
		.trimEnd()
		.concat("\n");
}

/** Longer lists tell their length only: options by the hundred. */
const MOST_SHOWN = 130;

function coverageTable(
	{ met, holes }: Pick<CoverageTotals, "met" | "holes">,
	title: string,
): readonly string[] {
	const shown =
		met.length > MOST_SHOWN ? `${met.length} of them.` : counted(met);
	return [
		`## ${title[0]?.toUpperCase()}${title.slice(1)}`,
		"",
		shown,
		"",
		holes.length === 0
			? "None is missing."
			: `**Not met:** ${holes.join(", ")}`,
		"",
	];
}

function counted(met: CoverageTotals["met"]): string {
	return met.map(([what, times]) => `${code(what)} ${times}`).join(" · ");
}

/** Words that a table and Markdown leave as they are. */
function code(text: string): string {
	return `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
}

/** A case ends where the model does not know. */
function unknownTable(coverage: FuzzResults["coverage"]): readonly string[] {
	const met = coverage.find(({ kind }) => kind === "unknown")?.met ?? [];
	if (met.length === 0) return [];
	return [
		"## What the model did not know",
		"",
		...met.map(([what, times]) => `- ${what} (${times})`),
		"",
	];
}

function leftOutTable(
	leftOut: NonNullable<FuzzTotals["leftOut"]>,
): readonly string[] {
	if (leftOut.length === 0) return [];
	return [
		"## Left out",
		"",
		...leftOut.map(({ name, reason }) => `- ${code(name)}: ${reason}`),
		"",
	];
}

function chanceTable(chances: FuzzTotals["chances"]): readonly string[] {
	if (chances.length === 0) return [];
	return [
		"## Chance",
		"",
		"| `statistic --mode random` | packets | model | kernel | right (all but one in a million) |",
		"| --- | --- | --- | --- | --- |",
		...chances.map(
			({ probability, inverted, packets, model, kernel, low, high }) =>
				`| \`${inverted ? "! " : ""}--probability ${probability}\` | ${packets} | ${model} | ${kernel} | ${low} to ${high} |`,
		),
		"",
	];
}

function knownTable(known: FuzzTotals["known"]): readonly string[] {
	if (known.length === 0) return [];
	return [
		"## Known divergences",
		"",
		"| | times | why |",
		"| --- | --- | --- |",
		...known.map(
			({ name, reason, times }) => `| ${name} | ${times} | ${reason} |`,
		),
		"",
	];
}
