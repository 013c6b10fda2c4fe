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

/** What routers are upgraded from and to: the next release, or the other backend. */
const PAIRS: readonly (readonly [from: Linux, to: Linux])[] =
	DEBIAN_LINUXES.flatMap((from) =>
		DEBIAN_LINUXES.filter((to) => isStep(from, to)).map(
			(to) => [from, to] as const,
		),
	);

function isStep(from: Linux, to: Linux): boolean {
	const at = ({ kernel }: Linux) =>
		RELEASES.findIndex((name) => DEBIAN[name].kernel === kernel);
	return from.backend === to.backend
		? at(to) === at(from) + 1
		: from.backend === "legacy" && at(from) === at(to);
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
		...PAIRS.flatMap(([from, to]) => pairLines(from, to)),
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
		...names.map(
			(name) =>
				`- **${heading(name)}**: ${meaning(name, from)} → ${meaning(name, to)}`,
		),
		"",
	];
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
