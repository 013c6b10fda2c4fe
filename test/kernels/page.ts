/** docs/kernels.md: in what Debian's releases and both backends differ, as the table of differences has it. */
import { join } from "node:path";
import { meaning } from "../../scenarios/analysis/upgrade/upgrade.ts";
import {
	behaviourOf,
	DIFFERENCE_NAMES,
	type DifferenceName,
} from "../../sim/linux/behaviour.ts";
import type { Difference } from "../../sim/linux/difference.ts";
import { DIFFERENCES } from "../../sim/linux/differences.ts";
import {
	DEBIAN,
	type Linux,
	linuxName,
	linuxWords,
	RELEASES,
} from "../../sim/linux/linux.ts";
import { ROOT } from "../source-files.ts";
import {
	agreeOn,
	type Cell,
	DEBIAN_LINUXES,
	readMeasured,
} from "./measured.ts";
import { measuredLines } from "./measured-lines.ts";

export const KERNELS_PAGE = join(ROOT, "docs", "kernels.md");

/** Upgrades to the next release that keep the program, by the program. */
const STEPS: readonly (readonly [from: Linux, to: Linux])[] =
	DEBIAN_LINUXES.flatMap((from) =>
		DEBIAN_LINUXES.filter(
			(to) => from.backend === to.backend && placeOf(to) === placeOf(from) + 1,
		).map((to) => [from, to] as const),
	);

/** The upgrade that takes a router from the program that it has had to the one that Debian installs. */
const BOTH: readonly [from: Linux, to: Linux] = [
	{ ...DEBIAN.bookworm, backend: "legacy" },
	{ ...DEBIAN.trixie, backend: "nft" },
];

/** The other program, on the same release. */
const SWITCHES: readonly (readonly [from: Linux, to: Linux])[] = RELEASES.map(
	(name) => [
		{ ...DEBIAN[name], backend: "legacy" },
		{ ...DEBIAN[name], backend: "nft" },
	],
);

function placeOf({ kernel }: Linux): number {
	return RELEASES.findIndex((name) => DEBIAN[name].kernel === kernel);
}

export function kernelsPage(cells: readonly Cell[] = readMeasured()): string {
	return `${[
		"# In what Linuxes differ",
		"",
		"Each known difference between Debian 11 to 13 and sid, with iptables-legacy and iptables-nft, as far as rules, connection tracking and NAT are concerned. It is the table that the model follows, written by `npm run docs`. The scenario of each difference is played on the model of every Linux: it holds on each Linux that does what bookworm/legacy does, and is violated on all others. `marktwin run NAME --on vm:trixie/nft` asks [that kernel](lab.md#other-releases). [`marktwin upgrade`](upgrade.md) says which of them touch a ruleset.",
		"",
		"| name | what it is made of |",
		"| --- | --- |",
		...DEBIAN_LINUXES.map(
			(linux) => `| ${linuxName(linux)} | ${linuxWords(linux)} |`,
		),
		"",
		...measuredLines(cells),
		"## What an upgrade changes",
		"",
		"Each difference has its symbol or commit, and the scenario that shows it, [below](#the-differences).",
		"",
		...pairLines(...BOTH),
		...switchLines(),
		...STEPS.flatMap(([from, to]) => pairLines(from, to)),
		"## The differences",
		"",
		...DIFFERENCE_NAMES.flatMap((name) => differenceLines(name, cells)),
	]
		.join("\n")
		.trimEnd()}\n`;
}

function pairLines(from: Linux, to: Linux): readonly string[] {
	const before = behaviourOf(from);
	const after = behaviourOf(to);
	const names = DIFFERENCE_NAMES.filter((name) => before[name] !== after[name]);
	return [
		`### From ${linuxName(from)} to ${linuxName(to)}`,
		"",
		...(names.length === 0 ? ["No difference is known."] : []),
		...names.map((name) => changeLine(name, from, to)),
		"",
	];
}

/** The other program, once for all releases: where they differ in what it changes, with their names. */
function switchLines(): readonly string[] {
	const lines = new Map<string, string[]>();
	for (const name of DIFFERENCE_NAMES)
		for (const [from, to] of SWITCHES) {
			if (behaviourOf(from)[name] === behaviourOf(to)[name]) continue;
			const line = changeLine(name, from, to);
			lines.set(line, [...(lines.get(line) ?? []), releaseOf(from)]);
		}
	return [
		"### From iptables-legacy to iptables-nft on the same release",
		"",
		...[...lines].map(([line, on]) =>
			on.length === SWITCHES.length
				? line
				: line.replace("**:", `** (${on.join(", ")}):`),
		),
		"",
	];
}

function releaseOf(linux: Linux): string {
	return linuxName(linux).replace(/\/.*/, "");
}

/** What changes, and what it means for a router that is upgraded. */
function changeLine(name: DifferenceName, from: Linux, to: Linux): string {
	const { matters } = DIFFERENCES[name];
	return `- **[${heading(name)}](#${anchor(name)})**: ${meaning(name, from)} → ${meaning(name, to)}. ${matters}`;
}

/** As GitHub makes it of a heading. */
function anchor(name: DifferenceName): string {
	return heading(name)
		.toLowerCase()
		.replace(/[^\p{L}\p{N}\s_-]/gu, "")
		.replaceAll(" ", "-");
}

function differenceLines(
	name: DifferenceName,
	cells: readonly Cell[],
): readonly string[] {
	const { of, source, matters, scenario } = DIFFERENCES[name];
	const meanings = [
		...new Set(DEBIAN_LINUXES.map((linux) => meaning(name, linux))),
	];
	return [
		`### ${heading(name)}`,
		"",
		"| on | what it does |",
		"| --- | --- |",
		...meanings.map((said) => {
			const on = DEBIAN_LINUXES.filter(
				(linux) => meaning(name, linux) === said,
			);
			return `| ${on.map(linuxName).join(", ")} | ${said.replaceAll("|", "\\|")} |`;
		}),
		"",
		`Whose: ${of}. ${matters}`,
		"",
		`- Source: ${source}`,
		scenario === null
			? shownOtherwise(name)
			: `- Scenario: \`${scenario}\`, ${comparedOn(scenario, cells)}`,
		"",
	];
}

function shownOtherwise(name: DifferenceName): string {
	const { setting }: Pick<Difference<unknown>, "setting"> = DIFFERENCES[name];
	return setting === undefined
		? "- Shown by what iptables-save prints"
		: `- Shown by the default of net.${setting.name}`;
}

/** Where a kernel was asked, and did what the model does. */
function comparedOn(scenario: string, cells: readonly Cell[]): string {
	const on = agreeOn(scenario, cells);
	if (on.length === 0) return "not compared with any kernel";
	return on.length === cells.length
		? "agrees with the kernel on each Linux"
		: `agrees with the kernel on ${on.join(", ")}`;
}

function heading(name: DifferenceName): string {
	const { title } = DIFFERENCES[name];
	return `${title[0]?.toUpperCase()}${title.slice(1)}`;
}
