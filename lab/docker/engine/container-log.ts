import type { Container } from "dockerode";

/** Before each piece of a log: which stream it is of, and how long it is. */
const HEADER = 8;

/**
 * Everything that a container has printed until now, standard output and errors in their order.
 *
 * docker-modem's `demuxStream` (5.0.7) calls itself once for each frame of a chunk, so a whole log of
 * 5,000 lines overflows its stack; what is streamed, in chunks of the socket, goes through it (`output.ts`).
 */
export async function containerLog(container: Container): Promise<string> {
	// Following it until now would be the other way, but engines go on following.
	const bytes = await container.logs({ stdout: true, stderr: true });
	const pieces: Buffer[] = [];
	for (let at = 0; at + HEADER <= bytes.length; ) {
		const end = at + HEADER + bytes.readUInt32BE(at + 4);
		pieces.push(bytes.subarray(at + HEADER, end));
		at = end;
	}
	return Buffer.concat(pieces).toString("utf8");
}
