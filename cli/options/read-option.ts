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

/** A number of things, 1 or more. */
export function readCount(text: string): number {
	const count = Number(text);
	if (!/^\d+$/.test(text) || count < 1 || !Number.isSafeInteger(count))
		throw new InvalidArgumentError("It is a whole number, 1 or more.");
	return count;
}

/** The argument of `--minutes`. */
export function readMinutes(text: string): number {
	const minutes = Number(text);
	if (!/^\d+(\.\d+)?$/.test(text) || minutes <= 0)
		throw new InvalidArgumentError(
			"Minutes are a number above 0; 0.5 is half a minute.",
		);
	return minutes;
}

/** The argument of `--path`: numbers with colons between them, behind a `t` where it is a text's. */
export function readPath(text: string): string {
	if (!/^t?\d+(:\d+)*$/.test(text))
		throw new InvalidArgumentError(
			"A path is what a finding prints: 17, 17:0:3, or t17.",
		);
	return text;
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

/** `--assume KEY=VALUE`, several times. */
export function readAssumed(
	text: string,
	before: ReadonlyMap<string, "yes" | "no" | "either">,
): ReadonlyMap<string, "yes" | "no" | "either"> {
	const [, key = "", value] = /^(.*)=(yes|no|either)$/s.exec(text) ?? [];
	if (value !== "yes" && value !== "no" && value !== "either")
		throw new InvalidArgumentError(
			"Write it as set:blocked=no; besides no there are yes and either.",
		);
	return mentioned(before, key, value);
}

/** @throws InvalidArgumentError where something else was said of the same */
function mentioned<Value extends string>(
	before: ReadonlyMap<string, Value>,
	name: string,
	value: Value,
): ReadonlyMap<string, Value> {
	mustAgree(name, before.get(name) ?? value, value);
	return new Map([...before, [name, value]]);
}

/** @throws InvalidArgumentError where two values are given to one name */
export function mustAgree(name: string, before: string, value: string): void {
	if (before === value) return;
	throw new InvalidArgumentError(
		`${name} is given twice: ${before} and ${value}. Say it once.`,
	);
}

/** `--rules NAME=FILE`, several times. */
export function readRules(
	text: string,
	before: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
	const [, name, file] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
	if (name === undefined || file === undefined)
		throw new InvalidArgumentError("Write it as recipe.rules=my.rules.");
	return mentioned(before, name, file);
}
