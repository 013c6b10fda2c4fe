import { InvalidArgumentError } from "commander";

/** The argument of `--seed`. */
export function readSeed(text: string): number {
	const seed = Number(text);
	if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed))
		throw new InvalidArgumentError("A seed is a whole number, 0 or more.");
	return seed;
}

/** The argument of `--runs`. */
export function readRuns(text: string): number {
	const runs = Number(text);
	if (!/^\d+$/.test(text) || runs < 1 || !Number.isSafeInteger(runs))
		throw new InvalidArgumentError("Runs are counted: 1 or more.");
	return runs;
}

/** The part of a selection that one machine plays. */
export interface Shard {
	/** From 1. */
	readonly index: number;
	readonly total: number;
}

/** `--shard 2/3`. */
export function readShard(text: string): Shard {
	const [, index = 0, total = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(
		Number,
	);
	if (index < 1 || index > total)
		throw new InvalidArgumentError("Write it as 1/3, 2/3, 3/3.");
	return { index, total };
}

/** `--rules NAME=FILE`, several times. */
export function readRules(
	text: string,
	before: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
	const [, name, file] = /^([^=]+)=(.+)$/.exec(text) ?? [];
	if (name === undefined || file === undefined)
		throw new InvalidArgumentError("Write it as recipe.rules=my.rules.");
	return new Map([...before, [name, file]]);
}
