/** Named pipes as inputs and outputs: one without its other end keeps `open` waiting for ever. */
import { constants, createReadStream, type Stats } from "node:fs";
import { type FileHandle, open, stat, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { codeOf } from "../../scenarios/files/file-failure.ts";
import { InputError } from "../screen/input-error.ts";
import { err } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";

/** A program at the other end that is being started is not worth a line. */
const SOON_MS = 1_000;
/** For its reader, which is being started, it is looked so often. */
const RETRY_MS = 50;

/** A stream of the file; where it is a named pipe and no program writes to it, that is said. */
export function readingFrom(file: string): AsyncIterable<Uint8Array | string> {
	const stream = createReadStream(file);
	const waited = new AbortController();
	setTimeout(SOON_MS, null, { signal: waited.signal }).then(
		() => sayWhatIsAwaited(file),
		() => {},
	);
	for (const event of ["open", "error", "close"])
		stream.once(event, () => waited.abort());
	return stream;
}

async function sayWhatIsAwaited(file: string): Promise<void> {
	const there = await stat(file).catch(() => null);
	if (there?.isFIFO())
		err.show([
			`marktwin: waiting for ${nameText(file)}: it is a named pipe, and no program writes to it`,
		]);
}

/** Those that were looked at before the work: closing one in between would end its reader. */
const opened = new Map<string, FileHandle>();

/**
 * Opens a named pipe for writing, and keeps it open.
 * @throws InputError where no program reads it; the system's error else
 */
export async function mustHaveReader(
	file: string,
	there: Stats | null,
): Promise<void> {
	if (!there?.isFIFO() || opened.has(file)) return;
	const { O_WRONLY, O_NONBLOCK } = constants;
	for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
		try {
			// Without a reader it fails with ENXIO (fifo(7)); with one, the second open does not wait.
			const probe = await open(file, O_WRONLY | O_NONBLOCK);
			opened.set(file, await open(file, O_WRONLY));
			return await probe.close();
		} catch (error) {
			if (codeOf(error) !== "ENXIO") throw error;
		}
		if (waitedMs >= SOON_MS)
			throw new InputError(
				`cannot write ${file}: it is a named pipe, and no program reads it`,
				"Start its reader first, or name a file.",
			);
		await setTimeout(RETRY_MS);
	}
}

/** Writes into what is no file, which stays what it is. */
export async function writeInto(
	path: string,
	there: Stats | null,
	octets: string | Uint8Array | Iterable<string>,
): Promise<void> {
	await mustHaveReader(path, there);
	const handle = opened.get(path) ?? (await open(path, "w"));
	opened.delete(path);
	try {
		await writeFile(handle, octets);
	} finally {
		await handle.close();
	}
}
