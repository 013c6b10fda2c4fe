/** Images that are ready to be booted, in the cache. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { cacheFolder } from "../../cache-folder.ts";
import { LabError } from "../../lab-error.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import { DEFAULT_KERNEL, recipeHash } from "./recipe.ts";

export interface Image {
	readonly folder: string;
	readonly kernelFile: string;
	readonly initrdFile: string;
	readonly manifest: Manifest;
}

export const KERNEL_FILE = "vmlinuz";
export const INITRD_FILE = "initrd.cpio";
export const MANIFEST_FILE = "manifest.json";

/**
 * Where the image of a kernel is, or will be. Kernels and recipes lie side by side, and a folder
 * that is there is whole: it gets its name when it is.
 * @param kernel a package, or a folder with an unpacked kernel
 */
export function imageFolder(kernel: string = DEFAULT_KERNEL): string {
	const name = kernel.includes("/")
		? `${basename(resolve(kernel))}-${createHash("sha256").update(resolve(kernel)).digest("hex").slice(0, 8)}`
		: kernel;
	return join(cacheFolder(), "images", name, recipeHash());
}

/** @returns `null` when it has not been built */
export function findImage(kernel: string = DEFAULT_KERNEL): Image | null {
	const folder = imageFolder(kernel);
	const file = join(folder, MANIFEST_FILE);
	if (!existsSync(file)) return null;
	const manifest = parseManifest(readFileSync(file, "utf8"));
	if (manifest === null) return null;
	return {
		folder,
		kernelFile: join(folder, KERNEL_FILE),
		initrdFile: join(folder, INITRD_FILE),
		manifest,
	};
}

/** @throws LabError (`missing`) when it has not been built */
export function requireImage(kernel: string = DEFAULT_KERNEL): Image {
	const image = findImage(kernel);
	if (image !== null) return image;
	const option = kernel === DEFAULT_KERNEL ? "" : ` --kernel ${kernel}`;
	throw new LabError({
		code: "missing",
		place: `the image with ${kernel}`,
		message: "it has not been built",
		remedy: `marktwin lab build${option}`,
	});
}
