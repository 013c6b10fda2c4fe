import { buffer } from "node:stream/consumers";
import type { Container } from "dockerode";

const BLOCK = 512;
const SIZE_AT = 124;
const TYPE_AT = 156;
/** Of a tar archive's entry: an ordinary file. */
const FILE = "0";

/** A file out of a container, whether it runs or not. @throws the engine's error when it is not there */
export async function readFileIn(
	container: Container,
	path: string,
): Promise<string> {
	const archive = await buffer(await container.getArchive({ path }));
	// Entries that only say more about the next one may come first.
	for (let at = 0; at + BLOCK <= archive.length; ) {
		const field = (from: number, length: number) =>
			archive.toString("latin1", at + from, at + from + length);
		const octets = Number.parseInt(field(SIZE_AT, 12), 8) || 0;
		const from = at + BLOCK;
		if (field(TYPE_AT, 1) === FILE)
			return archive.toString("utf8", from, from + octets);
		at = from + Math.ceil(octets / BLOCK) * BLOCK;
	}
	return "";
}
