import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { missingFor } from "./doctor.ts";
import { LabError } from "./lab-error.ts";
import { makeFolder, unusableFolder } from "./usable-folder.ts";
import { buildImage } from "./vm/image/build.ts";

const folder = temporaryFolder();
afterEach(() => vi.unstubAllEnvs());

const failed = (code: string) =>
	Object.assign(new Error(`${code}: it failed`), { code });

it.each([
	["EROFS", "the file system is read-only", "file system that can be written"],
	["ENOSPC", "no space left", "Make room there"],
	["EACCES", "permission denied", "this user may write in"],
])(
	"a folder that cannot be used (%s) is said, with what to do",
	(code, why, remedy) => {
		const error = unusableFolder(folder, "for this test", failed(code));
		expect(error).toBeInstanceOf(LabError);
		expect(String(error)).toContain(
			`${folder}: ${why}: this folder is for this test`,
		);
		expect(String(error)).toContain(remedy);
	},
);

it("what has nothing to do with the folder stays what it is", () => {
	for (const error of [new Error("x"), failed("ENOENT"), failed("EPIPE")])
		expect(unusableFolder(folder, "for this test", error)).toBe(error);
});

it.skipIf(missingFor("build") !== null)(
	"a cache that cannot be written ends a build with what to do",
	async () => {
		const file = join(mkdtempSync(join(folder, "cache-")), "file");
		writeFileSync(file, "");
		vi.stubEnv("XDG_CACHE_HOME", file);
		await expect(buildImage()).rejects.toThrow(
			`${file}/marktwin: a part of its path is not a folder: this folder is where kernels and packages are kept; XDG_CACHE_HOME names another one`,
		);
	},
);

it("a folder is made, with those above it", () => {
	const made = join(folder, "a", "b");
	makeFolder(made, "for this test");
	makeFolder(made, "for this test");
	expect(existsSync(made)).toBe(true);
});

it.each([
	"/proc/nosuch/folder",
	join(folder, "in-the-way"),
	"/dev/null/folder",
])("%s cannot be made, and that has an end", (path) => {
	writeFileSync(join(folder, "in-the-way"), "");
	expect(() => makeFolder(path, "for this test")).toThrow(LabError);
});
