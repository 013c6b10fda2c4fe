/** What kernels said, as docs/kernels.md has it. */
import type {
	Cell,
	Exception,
	PlayedFuzz,
	PlayedScenarios,
} from "./measured.ts";

/** The part of the page, with its heading. */
export function measuredLines(cells: readonly Cell[]): readonly string[] {
	return [
		"## What kernels said",
		"",
		"`make matrix` plays every built-in scenario and generated rulesets, packets, operations and texts on the model of each Linux and on its kernel and programs ([how](lab.md#what-is-compared)). The model does what the table says of that Linux, so a kernel that differs has a difference which the table lacks: it is named here, and `make matrix` ends with exit code 1. What is mended since then is seen when it is played again.",
		"",
		"- **agree**: every packet, counter, connection and exit code is the same.",
		"- **unknown**: nothing differs as far as it was compared; then the model did not know how to go on, or a draw of the kernel's could not be seen.",
		"- **not compared**: the machine could not play it.",
		"",
		...scenarioTable(cells),
		"",
		...fuzzTable(cells),
		"",
		...cells.flatMap(exceptionLines),
	];
}

const NOT_PLAYED = "not played";

function scenarioTable(cells: readonly Cell[]): readonly string[] {
	return [
		"| built-in scenarios | kernel and programs | played (UTC) | agree | differ | unknown | not compared | packets |",
		"| --- | --- | --- | --- | --- | --- | --- | --- |",
		...cells.map(({ linux, scenarios }) =>
			row(
				scenarios === null
					? [linux, NOT_PLAYED, "", "", "", "", "", ""]
					: [
							linux,
							scenarios.kernel,
							scenarios.date,
							`${scenarios.agree} of ${all(scenarios)}`,
							scenarios.differ.length,
							scenarios.unknown.length,
							scenarios.notCompared.length,
							scenarios.packets,
						],
			),
		),
	];
}

function all({ agree, differ, unknown, notCompared }: PlayedScenarios): number {
	return agree + differ.length + unknown.length + notCompared.length;
}

function fuzzTable(cells: readonly Cell[]): readonly string[] {
	return [
		"| generated | played (UTC) | seed | rulesets | packets | texts | differ | times that the model did not know |",
		"| --- | --- | --- | --- | --- | --- | --- | --- |",
		...cells.map(({ linux, fuzz }) =>
			row(
				fuzz === null
					? [linux, NOT_PLAYED, "", "", "", "", "", ""]
					: [
							linux,
							fuzz.date,
							fuzz.seed,
							fuzz.rulesets,
							fuzz.packets,
							fuzz.texts,
							fuzz.differ.length,
							fuzz.unknown.reduce((sum, { times }) => sum + times, 0),
						],
			),
		),
	];
}

function row(cells: readonly (string | number)[]): string {
	return `| ${cells.join(" | ")} |`;
}

/** What did not agree, by its name; nothing where all did. */
function exceptionLines({ linux, scenarios, fuzz }: Cell): readonly string[] {
	const lines = [
		...(scenarios === null ? [] : scenarioExceptions(scenarios)),
		...(fuzz === null ? [] : fuzzExceptions(fuzz, linux)),
	];
	return lines.length === 0 ? [] : [`### On ${linux}`, "", ...lines, ""];
}

function scenarioExceptions({
	differ,
	unknown,
	notCompared,
	odds,
}: PlayedScenarios): readonly string[] {
	return [
		...differ.map((one) => item("differs", one)),
		...unknown.map((one) => item("unknown", one)),
		...notCompared.map((one) => item("not compared", one)),
		...oddLines(odds),
	];
}

function fuzzExceptions(
	{ differ, unknown, odds, seed, runs }: PlayedFuzz,
	linux: string,
): readonly string[] {
	return [
		...differ.map((one) => item("differs", one)),
		...(differ.length === 0
			? []
			: [
					`- To see these again: \`marktwin fuzz --seed ${seed} --runs ${runs} --with vm:${linux}\``,
				]),
		...unknown.map(
			({ why, times }) =>
				`- generated, unknown ${times} ${times === 1 ? "time" : "times"}: ${escaped(why)}`,
		),
		...oddLines(odds),
	];
}

function item(what: string, { name, why }: Exception): string {
	return `- ${what}: \`${name}\`: ${escaped(why)}`;
}

function oddLines(odds: readonly string[]): readonly string[] {
	return odds.map(
		(kind) =>
			`- differs: draws do not come as often as their chances say: ${escaped(kind)}`,
	);
}

/** Nothing of it is markup. */
function escaped(text: string): string {
	return text.replaceAll(/[\\`*_<>|[\]]/g, (sign) => `\\${sign}`);
}
