/** Before the tests of the house: builds and packs marktwin as `npm publish` would. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
	interface ProvidedContext {
		/** The package, as a file that npm installs. */
		readonly tarball: string;
		/** The built command, to be started with Node. */
		readonly command: string;
	}
}

export default function setup(project: TestProject): () => void {
	const root = join(import.meta.dirname, "..");
	const folder = mkdtempSync(join(tmpdir(), "marktwin-pack-"));
	// `npm pack` runs `prepack`, and that builds dist/.
	const output = execFileSync(
		"npm",
		["pack", "--json", "--pack-destination", folder],
		{ cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
	);
	const [packed] = JSON.parse(output.slice(output.indexOf("[\n"))) as {
		filename: string;
	}[];
	project.provide("tarball", join(folder, packed?.filename ?? ""));
	project.provide("command", join(root, "dist", "cli", "marktwin.cjs"));
	return () => rmSync(folder, { recursive: true, force: true });
}
