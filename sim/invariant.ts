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
	if (!condition) throw new InvariantError(`bug in marktwin: ${message}`);
}

/** Ends a `switch` over a union: the compiler proves that no case is left. */
export function unreachable(value: never): never {
	throw new InvariantError(
		`bug in marktwin: unexpected ${JSON.stringify(value)}`,
	);
}
