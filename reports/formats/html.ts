/** Report → one HTML file that needs nothing but itself. */
import { gzipSync } from "node:zlib";
import type { Report } from "../contract/report.ts";
import { htmlDocument } from "./html-document.ts";
import { pageData } from "./page-data.ts";

/** The page's own code and style, as `bundle.mjs` bundles them. */
export interface PageParts {
	readonly script: string;
	readonly style: string;
}

export function reportHtml(report: Report, parts: PageParts): string {
	const { head, packs } = pageData(report);
	return htmlDocument({
		...parts,
		title: "marktwin report",
		unscripted:
			"This report is drawn by a script that stands in it: allow scripts to see it.",
		data: [
			packed("report", head),
			...packs.map((pack, index) => packed(`pack-${index}`, pack)),
		].join("\n"),
	});
}

/** JSON, compressed, in signs of which no text can end the element that it stands in. */
function packed(id: string, value: unknown): string {
	const data = gzipSync(JSON.stringify(value)).toString("base64");
	return `<script type="text/plain" id="${id}">${data}</script>`;
}
