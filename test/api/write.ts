/** Writes docs/api.md: `npm run docs`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../source-files.ts";
import { publicApi } from "./public-api.ts";
import { renderApi } from "./render.ts";

const api = publicApi("index.ts");
writeFileSync(join(ROOT, "docs", "api.md"), renderApi(api));
