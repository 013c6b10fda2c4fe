/** The pages of the linter's rules are as `npm run docs` writes them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LINT_PAGES, lintPages } from "./lint-pages.ts";

it("has a page for each rule of the linter, as it is: npm run docs", () => {
	const pages = lintPages();
	const written = readdirSync(LINT_PAGES).toSorted();
	expect(written, "run `npm run docs`").toEqual([...pages.keys()].toSorted());
	const stale = written.filter(
		(name) => readFileSync(join(LINT_PAGES, name), "utf8") !== pages.get(name),
	);
	expect(stale, "run `npm run docs`").toEqual([]);
});
