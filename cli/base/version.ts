import { createRequire } from "node:module";

/** In one file with all of its libraries there is no package.json: bundle.mjs puts the version in. */
declare const MARKTWIN_VERSION: string | undefined;

/** As package.json says it, which the package finds by its own name from sources and from dist/ alike. */
export function version(): string {
	if (typeof MARKTWIN_VERSION === "string") return MARKTWIN_VERSION;
	const manifest = createRequire(import.meta.url)("marktwin/package.json") as {
		readonly version: string;
	};
	return manifest.version;
}
