import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, expect, it, vi } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { recipeHash } from "../../vm/image/recipe.ts";
import { BUILD_TIMEOUT_MS, describeOnDocker } from "../engine/test-engine.ts";
import { buildInContainer } from "./build-in-container.ts";

describeOnDocker("a build in a container", () => {
	const folder = temporaryFolder();
	afterEach(() => vi.unstubAllEnvs());

	it(
		"makes the image that a build of this machine's own would make",
		async () => {
			vi.stubEnv("XDG_CACHE_HOME", folder);
			const said: string[] = [];
			const image = await buildInContainer({ say: (line) => said.push(line) });
			const { manifest } = image;
			expect(manifest.recipe).toBe(recipeHash());
			for (const file of [image.kernelFile, image.initrdFile]) {
				const hash = createHash("sha256").update(readFileSync(file));
				expect(Object.values(manifest.files)).toContain(hash.digest("hex"));
			}
			expect(said).toContain("putting the image together");
			// The second time there is nothing to do.
			expect(await buildInContainer()).toEqual(image);
		},
		BUILD_TIMEOUT_MS,
	);
});
