/** The code and style of report pages, as they were built. */
import { readFile } from "node:fs/promises";
import type { PageParts } from "../../reports/formats/html.ts";
import { InputError } from "../screen/input-error.ts";

/** @throws InputError when marktwin runs from its sources and the page was not built */
export async function readPage(): Promise<PageParts> {
	const part = (name: string) =>
		new URL(`../../reports/page/built/${name}`, import.meta.url);
	try {
		const [script, style] = await Promise.all([
			readFile(part("main.js"), "utf8"),
			readFile(part("page.css"), "utf8"),
		]);
		return { script, style };
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "ENOENT")
			throw new InputError(
				"the page of reports has not been built",
				"In a checkout of marktwin: npm run bundle",
			);
		throw error;
	}
}
