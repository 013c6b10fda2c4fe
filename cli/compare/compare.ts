/** Loads scenarios, plays them on model and kernel, and shows where the two differ. */
import { compareScenario } from "../../scenarios/compare/compare-scenario.ts";
import { KNOWN_DIVERGENCES } from "../../scenarios/compare/known-divergences.ts";
import {
	type JudgedComparison,
	judgeComparison,
} from "../../scenarios/compare/verdict.ts";
import type { LoadedScenario } from "../../scenarios/run/load-scenarios.ts";
import type { CompareOptions } from "../compare.ts";
import { EXIT } from "../exit-code.ts";
import { STANDARD, writeJson } from "../files.ts";
import { select } from "../run/select.ts";
import { rulesAgain } from "../scenario-options.ts";
import { columns, paintFor, progressOn } from "../terminal.ts";
import { printComparison, printFailure, printTotals } from "./print.ts";

/** A scenario that could not be compared, since the lab failed. */
export interface Failure {
	readonly scenario: string;
	readonly message: string;
}

/** @returns the exit code */
export async function compare(
	names: readonly string[],
	options: CompareOptions,
): Promise<number> {
	const { createVmDriver } = await import("../../lab/vm/vm-driver.ts");
	const progress = progressOn(process.stderr);
	progress.show("loading scenarios …");
	const loaded = await select(names, options).finally(progress.clear);
	const out = options.json === STANDARD ? process.stderr : process.stdout;
	const view = {
		paint: paintFor(out),
		columns: columns(out),
		isWhole: options.verbose,
	};
	const write = (lines: readonly string[]) => {
		progress.clear();
		if (lines.length > 0) out.write(`${lines.join("\n")}\n`);
	};
	const driver = createVmDriver(
		options.kernel === undefined ? {} : { kernel: options.kernel },
	);
	const began = performance.now();
	const judged: JudgedComparison[] = [];
	const failures: Failure[] = [];
	let accelerator = "";
	try {
		progress.show(`booting ${driver.version} …`);
		await driver.start();
		for (const [index, one] of loaded.entries()) {
			const { name } = one.scenario;
			progress.show(`comparing ${index + 1}/${loaded.length} ${name} …`);
			try {
				const comparison = await compareScenario(
					one.scenario,
					settings(one, options, driver),
				);
				const judgement = judgeComparison(
					{
						...comparison,
						replay: comparison.replay + rulesAgain(options.rules),
					},
					KNOWN_DIVERGENCES,
				);
				judged.push(judgement);
				write(printComparison(judgement, view));
			} catch (error) {
				// One machine that died does not take the other scenarios along.
				if (!(error instanceof Error) || error.name !== "LabError") throw error;
				const failure = { scenario: name, message: error.message };
				failures.push(failure);
				write(printFailure(failure, view));
			}
		}
	} finally {
		progress.clear();
		accelerator = driver.accelerator ?? "no accelerator";
		await driver.close();
	}
	if (options.json !== undefined)
		await writeJson(options.json, { comparisons: judged, failures });
	const totals = {
		tookMs: performance.now() - began,
		version: driver.version,
		accelerator,
	};
	write(printTotals(judged, failures, { ...totals, view }));
	return exitCodeOf(judged, failures);
}

function settings(
	{ file }: LoadedScenario,
	{ seed }: CompareOptions,
	driver: Parameters<typeof compareScenario>[1]["driver"],
) {
	return {
		driver,
		...(file === "" ? {} : { file }),
		...(seed === undefined ? {} : { seed }),
	};
}

function exitCodeOf(
	judged: readonly JudgedComparison[],
	failures: readonly Failure[],
): number {
	if (failures.length > 0) return EXIT.lab;
	if (judged.some(({ verdict }) => verdict === "diverges"))
		return EXIT.violated;
	return judged.some(({ verdict }) => verdict === "unknown")
		? EXIT.unknown
		: EXIT.holds;
}
