/** Writes docs/api.md, and the lists of docs/model.md: `npm run docs`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLists } from "../modelled.ts";
import { ROOT } from "../source-files.ts";
import { publicApi } from "./public-api.ts";
import { renderApi } from "./render.ts";

writeFileSync(join(ROOT, "docs", "api.md"), renderApi(publicApi("index.ts")));
const model = join(ROOT, "docs", "model.md");
writeFileSync(model, withLists(readFileSync(model, "utf8")));
