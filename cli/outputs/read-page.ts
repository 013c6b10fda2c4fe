/** The code and style of pages, as they were built. */
import { readFile } from "node:fs/promises";
import type { PageParts } from "../../reports/formats/html.ts";
import { InputError } from "../screen/input-error.ts";

/** @throws InputError when marktwin runs from its sources and the page was not built */
export async function readPage(): Promise<PageParts> {
	const [script = "", style = ""] = await readBuilt("reports", [
		"main.js",
		"page.css",
	]);
	return { script, style };
}

/**
 * Files of a page, in their order.
 * @throws InputError as above
 */
export async function readBuilt(
	page: "reports" | "explore",
	names: readonly string[],
): Promise<readonly string[]> {
	try {
		return await Promise.all(
			names.map((name) =>
				readFile(
					new URL(`../../${page}/page/built/${name}`, import.meta.url),
					"utf8",
				),
			),
		);
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "ENOENT")
			throw new InputError(
				`the page of ${page} has not been built`,
				"In a checkout of marktwin: npm run bundle",
			);
		throw error;
	}
}
