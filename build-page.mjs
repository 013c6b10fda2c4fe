/**
 * The page of reports → reports/page/built/: one script and one style sheet, with the libraries that
 * they use inside. Plain JavaScript, since it has to run before anything is built.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

process.chdir(import.meta.dirname);
const page = join("reports", "page");
const output = join(page, "built");
rmSync(output, { recursive: true, force: true });

await build({
	entryPoints: [join(page, "main.tsx"), join(page, "page.css")],
	outdir: output,
	bundle: true,
	minify: true,
	format: "iife",
	target: "es2023",
	charset: "utf8",
	legalComments: "none",
	tsconfig: join(page, "tsconfig.json"),
	logLevel: "warning",
});
