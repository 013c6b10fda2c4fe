import {
	appendFileSync,
	copyFileSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	statSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { LabError } from "../../lab-error.ts";
import { makeTestImage } from "../test-image.ts";
import {
	examineImage,
	findImage,
	imageFolder,
	mustBeIntact,
	otherImages,
	requireImage,
} from "./image.ts";
import { DEFAULT_IMAGE, type ImageWish } from "./wish.ts";

const OTHER: ImageWish = { ...DEFAULT_IMAGE, kernel: "linux-image-other" };

const above = temporaryFolder();
afterEach(() => vi.unstubAllEnvs());

function inNewCache(): string {
	vi.stubEnv("XDG_CACHE_HOME", mkdtempSync(join(above, "cache-")));
	return makeTestImage();
}

it("names the other images, and those of another recipe", () => {
	inNewCache();
	mkdirSync(imageFolder(OTHER), { recursive: true });
	writeFileSync(join(imageFolder(OTHER), "manifest.json"), "{}");
	const old = imageFolder({ ...DEFAULT_IMAGE, kernelRelease: "sid" });
	mkdirSync(join(dirname(old), "0123456789ab"), { recursive: true });
	expect(otherImages()).toEqual({
		built: ["bookworm-linux-image-other"],
		outdated: ["sid+bookworm"],
	});
});

describe("an image in the cache", () => {
	it("is ready as it was built", () => {
		inNewCache();
		expect(findImage()?.manifest.release).toBe("6.1.0");
		expect(examineImage(OTHER)).toEqual({ kind: "none" });
	});

	it.each<{ readonly how: string; readonly harm: (folder: string) => void }>([
		{
			how: "its kernel was cut",
			harm: (folder) => truncateSync(join(folder, "vmlinuz"), 5),
		},
		{
			how: "something was added",
			harm: (folder) => appendFileSync(join(folder, "initrd.cpio"), "x"),
		},
		{
			how: "a file is gone",
			harm: (folder) => rmSync(join(folder, "initrd.cpio")),
		},
		{
			how: "a folder is in the place of a file",
			harm: (folder) => {
				rmSync(join(folder, "vmlinuz"));
				mkdirSync(join(folder, "vmlinuz"));
			},
		},
		{
			how: "the kernel is another image's",
			harm: (folder) =>
				copyFileSync(
					join(makeTestImage(OTHER), "vmlinuz"),
					join(folder, "vmlinuz"),
				),
		},
		{
			how: "all of it is another image's",
			harm: (folder) => {
				const other = makeTestImage(OTHER);
				for (const name of ["vmlinuz", "initrd.cpio", "manifest.json"])
					copyFileSync(join(other, name), join(folder, name));
			},
		},
		{
			how: "its manifest was cut",
			harm: (folder) => truncateSync(join(folder, "manifest.json"), 100),
		},
		{
			how: "its manifest has no sums",
			harm: (folder) => {
				const file = join(folder, "manifest.json");
				const manifest = JSON.parse(readFileSync(file, "utf8"));
				writeFileSync(file, JSON.stringify({ ...manifest, files: {} }));
			},
		},
	])("is not ready when $how, and what to do is said", ({ harm }) => {
		harm(inNewCache());
		expect(examineImage().kind).toBe("broken");
		expect(findImage()).toBeNull();
		expect(() => requireImage()).toThrow(/\n {2}marktwin lab build$/);
	});

	it("is looked at again right before it is booted, also where times and length say nothing", () => {
		const folder = inNewCache();
		const image = requireImage();
		mustBeIntact(image);
		const file = join(folder, "vmlinuz");
		const { size, atime, mtime } = statSync(file);
		writeFileSync(file, "x".repeat(size));
		utimesSync(file, atime, mtime);
		expect(() => mustBeIntact(image)).toThrow(LabError);
		expect(() => mustBeIntact(image)).toThrow(
			"vmlinuz is not what was built: its SHA-256 is not the manifest's",
		);
	});
});
