/** Images that are ready to be booted, in the cache. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../../../scenarios/files/file-failure.ts";
import {
	readPlainFile,
	readPlainOctets,
} from "../../../scenarios/files/plain-file.ts";
import { shellLine } from "../../../scenarios/result/invocation.ts";
import { cacheFolder } from "../../cache-folder.ts";
import { LabError } from "../../lab-error.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import { recipeHash } from "./recipe.ts";
import {
	buildOptionsOf,
	DEFAULT_IMAGE,
	type ImageWish,
	imageName,
} from "./wish.ts";

export interface Image {
	readonly folder: string;
	readonly kernelFile: string;
	readonly initrdFile: string;
	readonly manifest: Manifest;
}

export const KERNEL_FILE = "vmlinuz";
export const INITRD_FILE = "initrd.cpio";
export const MANIFEST_FILE = "manifest.json";
/** Many times what they have. */
const MANIFEST_OCTETS = 4 * 2 ** 20;
const IMAGE_OCTETS = 2 ** 30;

/**
 * Where the image of a Linux is, or will be. Linuxes and recipes lie side by side, and a folder
 * that is there is whole: it gets its name when it is.
 */
export function imageFolder(wish: ImageWish = DEFAULT_IMAGE): string {
	return join(cacheFolder(), "images", imageName(wish), recipeHash());
}

/** What is in the cache of a Linux. */
export type FoundImage =
	| { readonly kind: "ready"; readonly image: Image }
	| { readonly kind: "none" }
	/** Not what was built: cut, changed, or another one's. A build replaces it. */
	| { readonly kind: "broken"; readonly reason: string };

/** Looks for it, and at every octet of it. */
export function examineImage(wish: ImageWish = DEFAULT_IMAGE): FoundImage {
	const folder = imageFolder(wish);
	const file = join(folder, MANIFEST_FILE);
	if (!existsSync(file)) return { kind: "none" };
	try {
		const text = readPlainFile(file, { mostOctets: MANIFEST_OCTETS });
		const manifest = parseManifest(text);
		if (manifest === null) throw new BrokenImage(`${MANIFEST_FILE} is none`);
		const isAnother =
			manifest.recipe !== recipeHash() ||
			imageName(manifest.wish) !== imageName(wish);
		if (isAnother)
			throw new BrokenImage(
				`${MANIFEST_FILE} is of another image (${imageName(manifest.wish)})`,
			);
		const image: Image = {
			folder,
			kernelFile: join(folder, KERNEL_FILE),
			initrdFile: join(folder, INITRD_FILE),
			manifest,
		};
		checkSums(image);
		return { kind: "ready", image };
	} catch (error) {
		return { kind: "broken", reason: reasonOf(error) };
	}
}

/** What lies in the cache besides the usual image, by names as users spell them. */
export interface OtherImages {
	readonly built: readonly string[];
	/** Made from another recipe, and to be built again. */
	readonly outdated: readonly string[];
}

/** Looks at names alone. */
export function otherImages(): OtherImages {
	const folder = join(cacheFolder(), "images");
	const names = existsSync(folder) ? readdirSync(folder).sort() : [];
	const others = names.filter((name) => name !== imageName(DEFAULT_IMAGE));
	const isBuilt = (name: string) =>
		existsSync(join(folder, name, recipeHash(), MANIFEST_FILE));
	return {
		built: others.filter(isBuilt),
		outdated: others.filter((name) => !isBuilt(name)),
	};
}

/** @returns `null` when it has not been built, or is not what was built */
export function findImage(wish: ImageWish = DEFAULT_IMAGE): Image | null {
	const found = examineImage(wish);
	return found.kind === "ready" ? found.image : null;
}

/** @throws LabError (`missing`) when it has not been built, or is not what was built */
export function requireImage(wish: ImageWish = DEFAULT_IMAGE): Image {
	const found = examineImage(wish);
	if (found.kind === "ready") return found.image;
	throw unusable(
		wish,
		found.kind === "none" ? "it has not been built" : found.reason,
	);
}

/**
 * Right before it is booted: it may have been found long ago.
 * @throws LabError (`missing`) when it is not what was built
 */
export function mustBeIntact(image: Image): void {
	try {
		checkSums(image);
	} catch (error) {
		throw unusable(image.manifest.wish, reasonOf(error));
	}
}

function unusable(wish: ImageWish, message: string): LabError {
	return new LabError({
		code: "missing",
		place: `the image of ${imageName(wish)}`,
		message,
		remedy: shellLine(["marktwin", "lab", "build", ...buildOptionsOf(wish)]),
	});
}

class BrokenImage extends Error {}

/** Sums of files that have not changed since, by all that the system says of them: hashing takes 0.1 s. */
const sums = new Map<string, string>();

/** @throws an error whose message is what is wrong */
function checkSums({ folder, manifest }: Image): void {
	for (const name of [KERNEL_FILE, INITRD_FILE]) {
		const known = new Map(Object.entries(manifest.files)).get(name);
		if (known === undefined)
			throw new BrokenImage(`${MANIFEST_FILE} has no sum of ${name}`);
		if (sumOf(join(folder, name), name) !== known)
			throw new BrokenImage(
				`${name} is not what was built: its SHA-256 is not the manifest's`,
			);
	}
}

function sumOf(file: string, name: string): string {
	const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
	if (stats === undefined) throw new BrokenImage(`${name} is gone`);
	const { dev, ino, size, mtimeNs, ctimeNs } = stats;
	const key = [file, dev, ino, size, mtimeNs, ctimeNs].join(" ");
	const known = sums.get(key);
	if (known !== undefined) return known;
	const sum = createHash("sha256")
		.update(readPlainOctets(file, { mostOctets: IMAGE_OCTETS }))
		.digest("hex");
	sums.set(key, sum);
	return sum;
}
