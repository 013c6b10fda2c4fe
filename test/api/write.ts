/** Writes docs/api.md, docs/kernels.md, the lists of docs/model.md and the pages of the linter: `npm run docs`. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KERNELS_PAGE, kernelsPage } from "../kernels/page.ts";
import { LINT_PAGES, lintPages } from "../lint-pages.ts";
import { withLists } from "../modelled.ts";
import { ROOT } from "../source-files.ts";
import { publicApi } from "./public-api.ts";
import { renderApi } from "./render.ts";

writeFileSync(join(ROOT, "docs", "api.md"), renderApi(publicApi("index.ts")));
writeFileSync(KERNELS_PAGE, kernelsPage());
const model = join(ROOT, "docs", "model.md");
writeFileSync(model, withLists(readFileSync(model, "utf8")));

rmSync(LINT_PAGES, { recursive: true, force: true });
mkdirSync(LINT_PAGES);
for (const [name, text] of lintPages())
	writeFileSync(join(LINT_PAGES, name), text);
