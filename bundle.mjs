/**
 * What has to be one file, with the libraries that it uses inside: the pages of reports and of explore, which run in
 * a browser (built/ in their folders), and the programs that the Docker lab runs in containers, where
 * nothing is installed (lab/docker/programs/built/). Plain JavaScript, since it has to run before
 * anything is built.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

process.chdir(import.meta.dirname);
const report = join("reports", "page");
const explore = join("explore", "page");
const programs = join("lab", "docker", "programs");
const { version } = JSON.parse(readFileSync("package.json", "utf8"));

/** @param {string} output emptied first @param {import("esbuild").BuildOptions} options */
async function bundle(output, options) {
	rmSync(output, { recursive: true, force: true });
	await build({
		outdir: output,
		bundle: true,
		charset: "utf8",
		legalComments: "none",
		logLevel: "warning",
		...options,
	});
}

for (const [page, files] of [
	[report, ["main.tsx", "page.css"]],
	[explore, ["main.tsx", "worker.ts", "page.css"]],
])
	await bundle(join(page, "built"), {
		entryPoints: files.map((file) => join(page, file)),
		minify: true,
		format: "iife",
		target: "es2023",
		tsconfig: join(page, "tsconfig.json"),
	});

await bundle(join(programs, "built"), {
	entryPoints: {
		client: join(programs, "client.ts"),
		healthcheck: join("cli", "healthcheck", "program.ts"),
		"lab-build": join(programs, "lab-build.ts"),
		load: join(programs, "load.ts"),
		"router-command": join(programs, "router-command.ts"),
		server: join(programs, "server.ts"),
	},
	define: { MARKTWIN_VERSION: JSON.stringify(version) },
	// Libraries that are no modules ask for Node's by `require`.
	banner: {
		js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
	},
	format: "esm",
	platform: "node",
	target: "node20",
	outExtension: { ".js": ".mjs" },
});
