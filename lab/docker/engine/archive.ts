/** Tar archives, as the engine takes and gives them. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { Headers } from "tar-stream";
import { loadPackage } from "./optional-package.ts";

/** A file for an archive. */
export interface PackedFile {
	/** In the archive, with `/` between its parts. */
	readonly name: string;
	/** Of the file; a link is followed. */
	readonly path: string;
}

export interface ArchiveEntry {
	/** As in the archive: `file`, `directory`, `symlink` … */
	readonly type: NonNullable<Headers["type"]>;
	readonly name: string;
	/** Where a link leads; "" for anything else. */
	readonly linkName: string;
	readonly octets: Buffer;
}

const loadTar = () => loadPackage("tar-stream", () => import("tar-stream"));

/**
 * An archive of files, read while it is sent. They belong to root, whoever makes it, and keep their modes.
 * The stream is destroyed with the system's error when one of them cannot be read.
 * @throws LabError (`missing`) when the package tar-stream is not installed
 */
export async function packFiles(
	files: readonly PackedFile[],
): Promise<NodeJS.ReadableStream> {
	const archive = (await loadTar()).pack();
	const packAll = async () => {
		for (const { name, path } of files) {
			const { size, mode } = await stat(path);
			const entry = archive.entry({ name, size, mode: mode & 0o7777 });
			await pipeline(createReadStream(path), entry);
		}
		archive.finalize();
	};
	packAll().catch((error: Error) => archive.destroy(error));
	return archive;
}

/**
 * The first entry of an archive; those that only say more about it are part of it.
 * @throws Error for what is no archive, and for an empty one
 */
export async function firstEntry(
	archive: NodeJS.ReadableStream,
): Promise<ArchiveEntry> {
	const unpack = (await loadTar()).extract();
	let first: ArchiveEntry | null = null;
	unpack.on("entry", (header, content, next) => {
		const { type, name, linkname } = header;
		if (first !== null) {
			content.on("end", next);
			content.resume();
			return;
		}
		buffer(content).then((octets) => {
			first = { type: type ?? "file", name, linkName: linkname ?? "", octets };
			next();
		}, next);
	});
	await pipeline(archive, unpack);
	if (first === null) throw new Error("the archive is empty");
	return first;
}
