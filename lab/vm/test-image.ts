/** For tests that need an image in the cache, and no kernel in it. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { imageFolder } from "./image/image.ts";
import { recipeHash } from "./image/recipe.ts";
import { DEFAULT_IMAGE, type ImageWish, imageName } from "./image/wish.ts";

/** Makes one as a build leaves it, but for what is in its files. @returns its folder */
export function makeTestImage(wish: ImageWish = DEFAULT_IMAGE): string {
	const folder = imageFolder(wish);
	mkdirSync(folder, { recursive: true });
	const contents = {
		vmlinuz: `kernel of ${imageName(wish)}`,
		"initrd.cpio": "files",
	};
	const files: Record<string, string> = {};
	for (const [name, text] of Object.entries(contents)) {
		writeFileSync(join(folder, name), text);
		files[name] = createHash("sha256").update(text).digest("hex");
	}
	const manifest = {
		recipe: recipeHash(),
		wish,
		release: "6.1.0",
		version: "6.1-1",
		iptables: "1.8.9-2",
		packages: [],
		files,
	};
	writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
	return folder;
}
