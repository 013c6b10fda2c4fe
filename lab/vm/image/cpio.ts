/**
 * Archives as the kernel unpacks them at boot: cpio's "newc" form
 * (Documentation/driver-api/early-userspace/buffer-format.rst).
 */

export type ArchiveEntry =
	| {
			readonly kind: "file";
			readonly path: string;
			readonly mode: number;
			readonly data: Uint8Array;
	  }
	| { readonly kind: "folder"; readonly path: string }
	| { readonly kind: "link"; readonly path: string; readonly to: string }
	/** A character device. */
	| {
			readonly kind: "device";
			readonly path: string;
			readonly major: number;
			readonly minor: number;
	  };

const FOLDER = 0o40755;
const LINK = 0o120777;
const DEVICE = 0o20600;
const FILE = 0o100000;
const ALIGNMENT = 4;

/** Paths without a leading slash. The same entries give the same octets, in whatever order they come. */
export function createArchive(entries: readonly ArchiveEntry[]): Buffer {
	// Folders before what is in them, which sorting by path does.
	const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
	const chunks: Uint8Array[] = [];
	for (const [index, entry] of sorted.entries())
		put(chunks, entry, { inode: index + 1 });
	put(
		chunks,
		{ kind: "file", path: "TRAILER!!!", mode: 0, data: new Uint8Array() },
		{ inode: 0 },
	);
	return Buffer.concat(chunks);
}

function put(
	chunks: Uint8Array[],
	entry: ArchiveEntry,
	{ inode }: { readonly inode: number },
): void {
	const data =
		entry.kind === "file"
			? entry.data
			: entry.kind === "link"
				? Buffer.from(entry.to)
				: new Uint8Array();
	const device = entry.kind === "device" ? entry : { major: 0, minor: 0 };
	const name = Buffer.from(`${entry.path}\0`);
	const fields = [
		inode,
		modeOf(entry),
		0, // owner
		0, // group
		entry.kind === "folder" ? 2 : 1, // links
		0, // time of change
		data.length,
		0, // device that the file is on: major
		0, // … minor
		device.major,
		device.minor,
		name.length,
		0, // checksum: none
	];
	const header = Buffer.from(
		`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`,
	);
	chunks.push(header, name, padding(header.length + name.length));
	chunks.push(data, padding(data.length));
}

function modeOf(entry: ArchiveEntry): number {
	switch (entry.kind) {
		case "file":
			return entry.mode === 0 ? 0 : FILE | entry.mode;
		case "folder":
			return FOLDER;
		case "link":
			return LINK;
		case "device":
			return DEVICE;
	}
}

function padding(length: number): Uint8Array {
	return new Uint8Array((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT);
}
