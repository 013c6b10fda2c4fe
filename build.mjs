/**
 * Sources → dist/: declarations by tsc, JavaScript by esbuild in few files, since each file that Node
 * loads takes half a millisecond, and the files that the sources read beside them (rulesets, saved
 * states, what is compiled for the guest, what images are built of, the command's first file, and what
 * is bundled first). Plain JavaScript, since it has to run before anything is built.
 */
import { spawnSync } from "node:child_process";
import {
	chmodSync,
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
} from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { build } from "esbuild";

const ROOMS = ["sim", "scenarios", "lab", "reports", "explore", "cli"];
const DATA = new Set([
	".rules",
	".saved",
	".json",
	".css",
	".html",
	".svg",
	".c",
	".h",
	".cjs",
]);
/** Of pages only what they were bundled into is shipped. */
const PAGES = [join("reports", "page"), join("explore", "page")];
/** Everything in it goes into an image. */
const IMAGES = join("lab", "docker", "images");
const BUILT = join("lab", "docker", "programs", "built");
const OUTPUT = "dist";

process.chdir(import.meta.dirname);
await import("./bundle.mjs");
rmSync(OUTPUT, { recursive: true, force: true });

const tsc = join("node_modules", "typescript", "bin", "tsc");
const { status } = spawnSync(
	process.execPath,
	[tsc, "--project", "tsconfig.build.json", "--emitDeclarationOnly"],
	{ stdio: "inherit" },
);
if (status !== 0) process.exit(status ?? 1);

/**
 * Sources find the files beside them by `import.meta.url`. All that is bundled lies one folder below
 * dist/, so that one address fits whichever file a source became part of.
 * @type {import("esbuild").Plugin}
 */
const addressOfSource = {
	name: "address of source",
	setup({ onLoad }) {
		onLoad({ filter: /\.ts$/ }, ({ path }) => {
			const text = readFileSync(path, "utf8");
			const source = relative(import.meta.dirname, path)
				.replaceAll(sep, "/")
				.replace(/\.ts$/, ".js");
			const address = `new URL("../${source}", import.meta.url).href`;
			return {
				contents: text.replaceAll(/\bimport\.meta\.url\b/g, address),
				loader: "ts",
			};
		});
	},
};

await build({
	entryPoints: {
		"cli/main": "cli/main.ts",
		"cli/model-worker": "cli/model-worker.ts",
		"library/index": "index.ts",
	},
	outdir: OUTPUT,
	chunkNames: "chunks/[hash]",
	bundle: true,
	splitting: true,
	packages: "external",
	plugins: [addressOfSource],
	format: "esm",
	platform: "node",
	target: "node20.19",
	charset: "utf8",
	legalComments: "none",
	logLevel: "warning",
});

/** What users' editors complete by; made from the sources, whose schemas say all of it. */
const schemas = spawnSync(
	process.execPath,
	["--import", "tsx", join("schemas", "write.ts"), join(OUTPUT, "schemas")],
	{ stdio: "inherit" },
);
if (schemas.status !== 0) process.exit(schemas.status ?? 1);

for (const room of ROOMS.filter((name) => existsSync(name)))
	for (const entry of readdirSync(room, {
		recursive: true,
		withFileTypes: true,
	})) {
		const file = join(entry.parentPath, entry.name);
		if (!entry.isFile() || !isData(file)) continue;
		cpSync(file, join(OUTPUT, file));
	}

/** @param {string} file */
function isData(file) {
	const page = PAGES.find((folder) => file.startsWith(folder));
	if (page !== undefined) return file.startsWith(join(page, "built"));
	if ([IMAGES, BUILT].some((folder) => file.startsWith(join(folder, sep))))
		return true;
	return DATA.has(extname(file));
}

// npm sets it on installation; whoever runs from the checkout needs it as well.
chmodSync(join(OUTPUT, "cli", "marktwin.cjs"), 0o755);

/** Ready for any static host: `docs/playground/index.html`. */
mkdirSync(join("docs", "playground"), { recursive: true });
const playground = spawnSync(
	process.execPath,
	[
		join(OUTPUT, "cli", "marktwin.cjs"),
		"explore",
		"--output",
		join("docs", "playground", "index.html"),
	],
	{ stdio: ["ignore", "ignore", "inherit"] },
);
if (playground.status !== 0) process.exit(playground.status ?? 1);
