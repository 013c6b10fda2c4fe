/** Reads the results of several machines, and reports them as one. */
import { EXIT } from "../exit-code.ts";
import { InputError } from "../input-error.ts";
import type { OutputOptions } from "../output-options.ts";
import { openOutputs } from "../outputs/outputs.ts";
import {
	exitCodeOf,
	outcomeOf,
	type Results,
	readResults,
} from "../outputs/results-file.ts";
import { paintFor, progressOn } from "../terminal.ts";

interface Part {
	readonly file: string;
	readonly results: Results;
}

/** @returns the exit code */
export async function merge(
	files: readonly string[],
	options: OutputOptions,
): Promise<number> {
	const progress = progressOn(process.stderr);
	const outputs = await openOutputs(options);
	const parts: Part[] = [];
	for (const file of files) {
		progress.show(`reading ${file} …`);
		parts.push({ file, results: await readResults(file) });
	}
	const missing = missingShards(parts);
	const all = together(parts);
	const annotations = await outputs
		.write(all, { tookMs: null, createdAt: null, notices: missing }, progress)
		.finally(progress.clear);
	const { screen } = outputs;
	const paint = paintFor(screen);
	const lines = [
		`${count(all)} from ${files.length === 1 ? "1 file" : `${files.length} files`}: ${verdict(all)}`,
		...missing.map((one) => paint("red", one)),
		...annotations,
	];
	screen.write(`${lines.join("\n")}\n`);
	return missing.length > 0 ? EXIT.badInput : exitCodeOf(all);
}

function count({ results, comparisons, failures }: Results): string {
	const many = results.length + comparisons.length + failures.length;
	return `${many} ${many === 1 ? "scenario" : "scenarios"}`;
}

function verdict(all: Results): string {
	const { results, failures } = all;
	if (failures.length > 0) return `${failures.length} could not be played`;
	const isComparison = results.length === 0;
	return {
		holds: isComparison ? "all agree" : "all hold",
		violated: isComparison ? "some diverge" : "some are violated",
		unknown: "some are unknown",
	}[outcomeOf(all)];
}

/**
 * What of a sharded play is not there. A machine that died must not look like one that had nothing
 * to say.
 * @throws InputError when a shard is there twice
 */
function missingShards(parts: readonly Part[]): readonly string[] {
	const plays = new Map<string, Part[]>();
	for (const part of parts) {
		const { shard, command } = part.results;
		if (shard === null) continue;
		const play = `${command} in ${shard.total} shards`;
		plays.set(play, [...(plays.get(play) ?? []), part]);
	}
	return [...plays].flatMap(([play, of]) => {
		const there = new Map<number, string>();
		for (const { file, results } of of) {
			const { index = 0, total = 0 } = results.shard ?? {};
			const before = there.get(index);
			if (before !== undefined)
				throw new InputError(
					`shard ${index}/${total} is there twice: ${before} and ${file}`,
					"Name each file once.",
				);
			there.set(index, file);
		}
		const total = of[0]?.results.shard?.total ?? 0;
		const absent = Array.from({ length: total }, (_, at) => at + 1).filter(
			(index) => !there.has(index),
		);
		return absent.map(
			(index) => `shard ${index}/${total} is missing (${play})`,
		);
	});
}

function together(parts: readonly Part[]): Results {
	const results = parts.map((part) => part.results);
	const seeds = new Set(results.map(({ seed }) => seed));
	return {
		command: [...new Set(results.map(({ command }) => command))].join("; "),
		shard: null,
		seed: seeds.size === 1 ? (results[0]?.seed ?? null) : null,
		results: results.flatMap((one) => one.results),
		comparisons: results.flatMap((one) => one.comparisons),
		failures: results.flatMap((one) => one.failures),
	};
}
