/** docs/model.md names the extensions that are not modelled: all of them, and no others. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { withLists } from "./modelled.ts";

const PAGE = readFileSync(new URL("../docs/model.md", import.meta.url), "utf8");

test("the lists of docs/model.md are as `npm run docs` writes them", () => {
	expect(withLists(PAGE)).toBe(PAGE);
});

test("a list is filled in from the registries", () => {
	const emptied = PAGE.replace(/printed only: [\w, ]*\w/, "printed only: x");
	expect(emptied).not.toBe(PAGE);
	expect(withLists(emptied)).toBe(PAGE);
});
