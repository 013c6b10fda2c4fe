/** What a job's summary says of generated rulesets. */

import type { ChanceView, FuzzView, KnownView } from "../contract/report.ts";
import {
	counted,
	fuzzSpeed,
	fuzzSubject,
	fuzzVerdict,
	number,
	SIGNS,
} from "../wording.ts";
import { code, inert, row } from "./markdown.ts";

/** So many of what was not met are named. */
const MOST_NAMED = 12;

export function fuzzBlock(fuzz: FuzzView): string {
	const { status, kernels, seeds, chances, known, unknown, leftOut } = fuzz;
	const told = [
		...chances.filter(({ isInside }) => !isInside).map(wrongChance),
		...unknown.map(
			({ what, times }) =>
				`**not known**, ${counted(times, "time")}: ${inert(what)}`,
		),
		...leftOut.map(
			({ name, reason }) => `**left out** ${code(name)}: ${inert(reason)}`,
		),
		...known.map(knownLine),
	];
	return [
		`### ${SIGNS[status]} ${fuzzSubject(fuzz)}: ${fuzzVerdict(fuzz)}\n`,
		`${counted(fuzz.packets, "packet")}, ${inert(fuzzSpeed(fuzz))}, on ${kernels.map(inert).join(" and ")}, ${seeds.length === 1 ? "seed" : "seeds"} ${seeds.join(", ")}.\n`,
		coverageTable(fuzz),
		...(told.length === 0 ? [] : [`${told.join("<br>\n")}\n`]),
	].join("\n");
}

function coverageTable({ coverage }: FuzzView): string {
	return [
		row(["", "met", "of", "not met"]),
		row(["---", "--:", "--:", "---"]),
		...coverage.map(({ title, total, holes }) =>
			row([
				inert(title),
				number(total - holes.length),
				number(total),
				holesOf(holes),
			]),
		),
	].join("");
}

function holesOf(holes: readonly string[]): string {
	const named = holes.slice(0, MOST_NAMED).map(code).join(", ");
	const more = holes.length - MOST_NAMED;
	return more > 0 ? `${named} and ${number(more)} more` : named;
}

function wrongChance(chance: ChanceView): string {
	const { rule, packets, model, kernel, low, high } = chance;
	return `**chance** ${code(rule)}, of ${number(packets)} packets: model ${number(model)}, kernel ${number(kernel)}; ${number(low)} to ${number(high)} are right`;
}

function knownLine({ name, reason, times }: KnownView): string {
	return `**known**, ${counted(times, "time")}: ${inert(name)}, since ${inert(reason)}`;
}
