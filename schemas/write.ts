/** Writes the JSON Schemas into a folder; `build.mjs` runs it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jsonSchemas } from "./json-schemas.ts";

const [folder = "."] = process.argv.slice(2);
const manifest = join(import.meta.dirname, "..", "package.json");
const { version } = JSON.parse(readFileSync(manifest, "utf8"));
mkdirSync(folder, { recursive: true });
for (const [name, schema] of Object.entries(jsonSchemas(version)))
	writeFileSync(
		join(folder, `${name}.json`),
		`${JSON.stringify(schema, null, "\t")}\n`,
	);
