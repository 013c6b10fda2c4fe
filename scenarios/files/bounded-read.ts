/** Reads a stream whole, up to a bound: a device or a pipe may never end. Imports nothing: each command begins with it. */

/** Octets of a ruleset or a scenario: more is a mistake, or a device such as /dev/zero. */
export const LONGEST_TEXT = 64 * 2 ** 20;

/** More octets than the bound allows. */
export class TooLongError extends Error {
	override readonly name = "TooLongError";

	constructor(mostOctets: number) {
		super(
			`it holds more than ${mostOctets / 2 ** 20} MiB, the most that is read`,
		);
	}
}

/**
 * @param mostOctets no more than these are read, whatever the source holds
 * @throws TooLongError, and what reading throws
 */
export async function readBounded(
	source: AsyncIterable<Uint8Array | string>,
	mostOctets: number,
): Promise<Buffer> {
	const chunks: Buffer[] = [];
	let octets = 0;
	// Leaving the loop closes the stream.
	for await (const chunk of source) {
		octets += chunk.length;
		if (octets > mostOctets) throw new TooLongError(mostOctets);
		chunks.push(Buffer.from(chunk));
	}
	return Buffer.concat(chunks);
}
