import { describe, expect, it } from "vitest";
import { type ArchiveEntry, createArchive } from "./cpio.ts";

interface Read {
	readonly path: string;
	readonly mode: string;
	readonly data: string;
	readonly device: string;
}

/** Reads an archive as cpio(5) describes the form. */
function readArchive(bytes: Buffer): readonly Read[] {
	const entries: Read[] = [];
	for (let at = 0; ; ) {
		expect(bytes.toString("latin1", at, at + 6)).toBe("070701");
		const field = (index: number) =>
			Number.parseInt(
				bytes.toString("latin1", at + 6 + 8 * index, at + 14 + 8 * index),
				16,
			);
		const nameEnd = at + 110 + field(11);
		const path = bytes.toString("utf8", at + 110, nameEnd - 1);
		const from = Math.ceil(nameEnd / 4) * 4;
		const data = bytes.toString("utf8", from, from + field(6));
		if (path === "TRAILER!!!") return entries;
		const device = `${field(9)}:${field(10)}`;
		entries.push({ path, mode: field(1).toString(8), data, device });
		at = Math.ceil((from + field(6)) / 4) * 4;
	}
}

const ENTRIES: readonly ArchiveEntry[] = [
	{ kind: "file", path: "etc/hosts", mode: 0o644, data: Buffer.from("abc") },
	{ kind: "folder", path: "etc" },
	{ kind: "link", path: "bin/sh", to: "busybox" },
	{ kind: "device", path: "dev/console", major: 5, minor: 1 },
];

describe("an archive for the kernel", () => {
	it("has folders before what is in them, and everything as it was given", () => {
		expect(readArchive(createArchive(ENTRIES))).toEqual([
			{ path: "bin/sh", mode: "120777", data: "busybox", device: "0:0" },
			{ path: "dev/console", mode: "20600", data: "", device: "5:1" },
			{ path: "etc", mode: "40755", data: "", device: "0:0" },
			{ path: "etc/hosts", mode: "100644", data: "abc", device: "0:0" },
		]);
	});

	it("is the same in whatever order its entries come", () => {
		const other = createArchive([...ENTRIES].reverse());
		expect(other.equals(createArchive(ENTRIES))).toBe(true);
	});
});
