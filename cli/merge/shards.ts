/** What of a shared play is there, and what is not. */

import { commandLine } from "../../scenarios/result/invocation.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import type { FuzzResults, Results } from "../outputs/results-file.ts";
import { InputError } from "../screen/input-error.ts";

export interface Part {
	readonly file: string;
	readonly results: Results;
}

/** So many missing ones are told one by one. */
const MOST_TOLD = 20;

function linesOf(commands: Results["commands"]): string {
	return commands.map(commandLine).join("; ");
}

/** Scenarios in it, however they went. */
export function scenariosIn({
	results,
	comparisons,
	failures,
}: Results): number {
	return results.length + comparisons.length + failures.length;
}

/** Was nothing played in it at all? */
export function isEmpty(results: Results): boolean {
	return scenariosIn(results) === 0 && results.fuzz === undefined;
}

/**
 * What of a sharded play is not there. A machine that died must not look like one that had nothing
 * to say.
 * @throws InputError when a shard is there twice, or has lost some of its scenarios
 */
export function missingShards(parts: readonly Part[]): readonly string[] {
	const plays = new Map<string, Part[]>();
	for (const part of parts) {
		const { shard, commands } = part.results;
		if (shard === null) continue;
		const play = `${linesOf(commands)} in ${shard.total} shards`;
		plays.set(play, [...(plays.get(play) ?? []), part]);
	}
	return [...plays].flatMap(([play, of]) => missingOf(play, of));
}

function missingOf(play: string, parts: readonly Part[]): readonly string[] {
	const there = new Map<number, Part>();
	const total = parts[0]?.results.shard?.total ?? 0;
	for (const part of parts) {
		const index = part.results.shard?.index ?? 0;
		const before = there.get(index);
		if (before !== undefined)
			throw new InputError(
				`shard ${index}/${total} is there twice: ${before.file} and ${part.file}`,
				"Name each file once.",
			);
		there.set(index, part);
	}
	// What a fuzz finds falls where it falls.
	if (!isFuzz(parts)) mustBeDealt([...there], total);
	const absent = Array.from({ length: total }, (_, at) => at + 1).filter(
		(index) => !there.has(index),
	);
	const told = absent
		.slice(0, MOST_TOLD)
		.map((index) => `shard ${index}/${total} is missing (${play})`);
	const left = absent.length - told.length;
	return left > 0 ? [...told, `and ${left} more shards are missing`] : told;
}

/** @throws InputError when only some of them know of it */
function isFuzz(parts: readonly Part[]): boolean {
	const fuzzed = parts.find(({ results }) => results.fuzz !== undefined);
	const others = parts.find(({ results }) => results.fuzz === undefined);
	if (fuzzed !== undefined && others !== undefined)
		throw new InputError(
			`${others.file} holds no fuzz, and ${fuzzed.file} is a part of the same play`,
			"The file was changed after it was written.",
		);
	return fuzzed !== undefined;
}

/** Scenarios are dealt like cards: an earlier shard has as many as a later one, or one more. */
function mustBeDealt(
	there: readonly (readonly [index: number, part: Part])[],
	total: number,
): void {
	const inOrder = there.toSorted(([one], [other]) => one - other);
	const [first] = inOrder;
	let before = first;
	for (const [index, part] of inOrder) {
		if (first === undefined || before === undefined) return;
		const many = scenariosIn(part.results);
		const most = scenariosIn(before[1].results);
		const least = scenariosIn(first[1].results) - 1;
		if (many > most || many < least)
			throw new InputError(
				`shard ${index}/${total} (${part.file}) holds ${many} scenarios and shard ${before[0]}/${total} (${before[1].file}) ${most}`,
				"They are shared out evenly: one of the files was changed, or they are of different plays.",
			);
		before = [index, part];
	}
}

/**
 * The same play in two files would count twice. A scenario with its seed on the same driver is the same
 * play, whatever a file says of it.
 * @throws InputError
 */
export function mustDiffer(parts: readonly Part[]): void {
	const seen = new Map<string, string>();
	for (const { file, results } of parts)
		for (const { identity, name } of playsOf(results)) {
			const key = canonical(identity);
			const twin = seen.get(key);
			if (twin !== undefined)
				throw new InputError(
					`${file} holds the same as ${twin}: ${name}`,
					"Name the results of each play once.",
				);
			seen.set(key, file);
		}
}

interface Play {
	/** What makes it this one. */
	readonly identity: object;
	/** For a person. */
	readonly name: string;
}

function playsOf({
	results,
	comparisons,
	failures,
	fuzz,
	commands,
	shard,
}: Results): readonly Play[] {
	return [
		...results.map((one) => playOf("run", one)),
		...comparisons.map(({ comparison }) =>
			playOf("compare", { ...comparison, driver: comparison.kernel }),
		),
		...failures.map((one) => playOf("failure", one)),
		...(fuzz === undefined
			? []
			: [{ identity: { shard, ...drawn(fuzz) }, name: linesOf(commands) }]),
	];
}

function playOf(
	kind: string,
	{
		scenario,
		seed,
		driver,
		replay,
	}: Pick<RunResult, "scenario" | "seed" | "driver" | "replay">,
): Play {
	const { setup, steps, endMs, name } = scenario;
	const identity = { kind, seed, driver, name, setup, steps, endMs };
	return { identity, name: commandLine(replay) };
}

/** What a seed draws comes out the same each time; how long it took, and what kernels draw, does not. */
function drawn(fuzz: FuzzResults): object {
	const { tookMs: _, chances: __, ...same } = fuzz;
	return same;
}

/** The same text for the same data, in whatever order its keys stand. */
function canonical(value: unknown): string {
	return JSON.stringify(value, (_, part: unknown) =>
		typeof part === "object" && part !== null && !Array.isArray(part)
			? Object.fromEntries(
					Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)),
				)
			: part,
	);
}
