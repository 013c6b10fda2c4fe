/** Loads, plays and shows scenarios. */
import { setImmediate } from "node:timers/promises";

import type { LoadedScenario } from "../../scenarios/run/load-scenarios.ts";
import { type RunResult, worst } from "../../scenarios/run/result.ts";
import { checkScenario } from "../../scenarios/run/run-scenario.ts";
import { EXIT } from "../exit-code.ts";
import { STANDARD, writeWhole } from "../files.ts";
import type { RunOptions } from "../run.ts";
import { columns, paintFor, progressOn } from "../terminal.ts";
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
	const began = performance.now();
	const results: RunResult[] = [];
	let suite: string | null = null;
	for (const [index, { file, scenario }] of loaded.entries()) {
		progress.show(`playing ${index + 1}/${loaded.length} ${scenario.name} …`);
		// A play never waits: here is where it is heard that a reader has gone away.
		await setImmediate();
		const result = play({ file, scenario }, options);
		results.push(result);
		const shown = printResult(result, view);
		if (shown.length === 0) continue;
		if (suite !== scenario.suite) write(printHeading(scenario.suite, view));
		suite = scenario.suite;
		write(shown);
	}
	const outcome = worst(results.map((result) => result.outcome));
	if (options.json !== undefined)
		await writeJson(options.json, { outcome, results });
	const tookMs = performance.now() - began;
	write(printTotals(results, { tookMs, view }));
	return EXIT[outcome];
}

function play(
	{ file, scenario }: LoadedScenario,
	{ seed, rules }: RunOptions,
): RunResult {
	const result = checkScenario(scenario, {
		...(file === "" ? {} : { file }),
		...(seed === undefined ? {} : { seed }),
	});
	// What took the place of the scenario's own rules has to do so in the replay as well.
	const again = [...rules]
		.map(([name, by]) => ` --rules ${name}=${by}`)
		.join("");
	return again === "" ? result : { ...result, replay: result.replay + again };
}

async function writeJson(file: string, content: object): Promise<void> {
	const text = `${JSON.stringify(content, null, 1)}\n`;
	if (file === STANDARD) process.stdout.write(text);
	else await writeWhole(file, text);
}

function listOf(loaded: readonly LoadedScenario[]): readonly string[] {
	const width = Math.max(...loaded.map(({ scenario }) => scenario.name.length));
	return loaded.map(
		({ scenario }) =>
			`${scenario.suite}/${scenario.name.padEnd(width)}  ${scenario.title}`,
	);
}
