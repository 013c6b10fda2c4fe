/** Loads, plays and shows scenarios. */
import { setImmediate } from "node:timers/promises";

import type { LoadedScenario } from "../../scenarios/run/load-scenarios.ts";
import { type RunResult, worst } from "../../scenarios/run/result.ts";
import { EXIT } from "../exit-code.ts";
import { mustBeWritable, STANDARD, writeJson } from "../files.ts";
import type { RunOptions } from "../run.ts";
import { columns, paintFor, progressOn } from "../terminal.ts";
import { createPlayer } from "./player.ts";
import { printHeading, printResult, printTotals, type View } from "./print.ts";
import { select } from "./select.ts";

/** @returns the exit code */
export async function run(
	names: readonly string[],
	options: RunOptions,
): Promise<number> {
	const progress = progressOn(process.stderr);
	progress.show("loading scenarios …");
	const loaded = await select(names, options).finally(progress.clear);
	// Standard output belongs to the JSON when that is asked for there.
	const out = options.json === STANDARD ? process.stderr : process.stdout;
	const view: View = {
		paint: paintFor(out),
		columns: columns(out),
		detail: options.verbose ? "all" : options.quiet ? "faults" : "normal",
	};
	const write = (lines: readonly string[]) => {
		progress.clear();
		if (lines.length > 0) out.write(`${lines.join("\n")}\n`);
	};
	if (options.list) {
		write(listOf(loaded));
		return EXIT.holds;
	}
	if (options.json !== undefined) await mustBeWritable(options.json);
	const began = performance.now();
	const results: RunResult[] = [];
	let failed = 0;
	let suite: string | null = null;
	const show = (of: string, shown: readonly string[]) => {
		if (shown.length === 0) return;
		if (suite !== of) write(printHeading(of, view));
		suite = of;
		write(shown);
	};
	const player = await createPlayer(options);
	try {
		progress.show("getting ready …");
		await player.start();
		for (const [index, one] of loaded.entries()) {
			const { name, suite: of } = one.scenario;
			progress.show(`playing ${index + 1}/${loaded.length} ${name} …`);
			// The model never waits: here is where it is heard that a reader has gone away.
			await setImmediate();
			try {
				const result = await player.play(one);
				results.push(result);
				show(of, printResult(result, view));
			} catch (error) {
				// One machine that died does not take the other scenarios along.
				if (!(error instanceof Error) || error.name !== "LabError") throw error;
				failed++;
				show(of, [
					`  ! ${name}`,
					...error.message.split("\n").map((line) => `    ${line}`),
				]);
			}
		}
	} finally {
		progress.clear();
		await player.close();
	}
	const outcome = worst(results.map((result) => result.outcome));
	if (options.json !== undefined)
		await writeJson(options.json, { outcome, results });
	const tookMs = performance.now() - began;
	write(printTotals(results, { tookMs, view }));
	if (failed === 0) return EXIT[outcome];
	write([`${failed} could not be played`]);
	return EXIT.lab;
}

function listOf(loaded: readonly LoadedScenario[]): readonly string[] {
	const width = Math.max(...loaded.map(({ scenario }) => scenario.name.length));
	return loaded.map(
		({ scenario }) =>
			`${scenario.suite}/${scenario.name.padEnd(width)}  ${scenario.title}`,
	);
}
