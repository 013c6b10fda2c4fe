import { InvalidArgumentError } from "commander";

/** The argument of `--seed`. */
export function readSeed(text: string): number {
	const seed = Number(text);
	if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed))
		throw new InvalidArgumentError("A seed is a whole number, 0 or more.");
	return seed;
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
