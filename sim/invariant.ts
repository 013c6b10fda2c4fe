/** Our own bug, never the user's: this should not have been possible. */
export class InvariantError extends Error {
	override readonly name = "InvariantError";
}

/**
 * States what must be true whatever the user did; always on.
 * @throws InvariantError when it is not
 */
export function invariant(
	condition: boolean,
	message: string,
): asserts condition {
	if (!condition) broken(message);
}

/**
 * What an invariant does when it does not hold. Where one is checked for each packet, this is called on failure alone:
 * a message with numbers in it costs more than what it is about.
 * @throws InvariantError always
 */
export function broken(message: string): never {
	throw new InvariantError(`bug in marktwin: ${message}`);
}

/** Ends a `switch` over a union: the compiler proves that no case is left. */
export function unreachable(value: never): never {
	broken(`unexpected ${JSON.stringify(value)}`);
}
