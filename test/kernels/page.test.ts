/** The page of differences between Linuxes is as `npm run docs` writes it. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { DIFFERENCE_NAMES } from "../../sim/linux/behaviour.ts";
import { KERNELS_PAGE, kernelsPage } from "./page.ts";

it("has each difference of the table, as it is: npm run docs", () => {
	const page = readFileSync(KERNELS_PAGE, "utf8");
	expect(page === kernelsPage(), "run `npm run docs`").toBe(true);
	const sections = page.split("## The differences")[1] ?? "";
	expect(sections.match(/^### /gm)).toHaveLength(DIFFERENCE_NAMES.length);
});
