import { createRequire } from "node:module";

/** As package.json says it, which the package finds by its own name from sources and from dist/ alike. */
export function version(): string {
	const manifest = createRequire(import.meta.url)("marktwin/package.json") as {
		readonly version: string;
	};
	return manifest.version;
}
