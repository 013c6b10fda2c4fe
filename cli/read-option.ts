import { InvalidArgumentError } from "commander";

/** The argument of `--seed`. */
export function readSeed(text: string): number {
	const seed = Number(text);
	if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed))
		throw new InvalidArgumentError("A seed is a whole number, 0 or more.");
	return seed;
}
