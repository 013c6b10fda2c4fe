import { execFileSync, spawn } from "node:child_process";
import {
	chmodSync,
	mkdirSync,
	mkdtempSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { firstEntry, packFiles } from "./archive.ts";
import { readFileIn } from "./container-file.ts";

const above = temporaryFolder();
const newFolder = () => mkdtempSync(join(above, "each-"));

/** A container whose files lie in a folder, as the engine gives them: a link is a link. */
function containerOf(root: string) {
	return {
		async getArchive({ path }: { readonly path: string }) {
			const at = join(root, path);
			const tar = spawn("tar", ["-C", dirname(at), "-c", basename(at)]);
			return tar.stdout.pipe(new PassThrough());
		},
	};
}

describe("a file of a container", () => {
	const root = newFolder();
	mkdirSync(join(root, "var", "log"), { recursive: true });
	const text = "é".repeat(100_000);
	// Longer than the name of an entry may be without another one that says more.
	const longName = `${"x".repeat(200)}.log`;
	writeFileSync(join(root, "var", "log", longName), text);
	symlinkSync(`log/${longName}`, join(root, "var", "relative"));
	symlinkSync("/var/relative", join(root, "absolute"));
	symlinkSync("b", join(root, "a"));
	symlinkSync("a", join(root, "b"));
	writeFileSync(join(root, "empty"), "");
	const container = containerOf(root);

	it.each([`/var/log/${longName}`, "/var/relative", "/absolute"])(
		"is read, by links too: %s",
		async (path) => {
			expect(await readFileIn(container, path)).toBe(text);
		},
	);

	it("may be empty", async () => {
		expect(await readFileIn(container, "/empty")).toBe("");
	});

	it("is no folder, and no circle of links", async () => {
		await expect(readFileIn(container, "/var")).rejects.toThrow(
			"it is a directory, not a file",
		);
		await expect(readFileIn(container, "/a")).rejects.toThrow("too many links");
	});

	it("is not an empty text when the archive is none", async () => {
		await expect(firstEntry(Readable.from([]))).rejects.toThrow("empty");
		const cut = Readable.from([Buffer.from("hello".repeat(200))]);
		await expect(firstEntry(cut)).rejects.toThrow();
	});
});

describe("an archive of files", () => {
	it("is what tar reads: root's, with their modes and names, links followed", async () => {
		const folder = newFolder();
		writeFileSync(join(folder, "program"), "x".repeat(200_000));
		chmodSync(join(folder, "program"), 0o755);
		writeFileSync(join(folder, "plain"), "");
		chmodSync(join(folder, "plain"), 0o640);
		symlinkSync("plain", join(folder, "link"));
		const archive = await packFiles([
			{ name: "bin/program", path: join(folder, "program") },
			{ name: "link", path: join(folder, "link") },
		]);
		const octets = await buffer(archive);
		const listed = execFileSync("tar", ["-tv", "--numeric-owner"], {
			input: octets,
			encoding: "utf8",
		});
		expect(listed.replaceAll(/\d{4}-\S+ \S+ /g, "")).toBe(
			"-rwxr-xr-x 0/0          200000 bin/program\n-rw-r----- 0/0               0 link\n",
		);
		const { octets: back } = await firstEntry(Readable.from([octets]));
		expect(back.toString()).toBe("x".repeat(200_000));
	});

	it("ends with an error when a file is not there", async () => {
		const archive = await packFiles([{ name: "x", path: join(above, "no") }]);
		await expect(buffer(archive)).rejects.toMatchObject({ code: "ENOENT" });
	});
});
