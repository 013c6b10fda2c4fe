/** Report → one HTML file that needs nothing but itself. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Report } from "../contract/report.ts";
import { pageData } from "./page-data.ts";

/** The page's own code and style, as `bundle.mjs` bundles them. */
export interface PageParts {
	readonly script: string;
	readonly style: string;
}

export function reportHtml(
	report: Report,
	{ script, style }: PageParts,
): string {
	const { head, packs } = pageData(report);
	// Nothing is loaded from anywhere, and nothing runs but what stands here.
	const policy = [
		"default-src 'none'",
		`script-src '${hashOf(script)}'`,
		`style-src '${hashOf(style)}'`,
		"base-uri 'none'",
		"form-action 'none'",
	].join("; ");
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>marktwin report</title>
<style>${style}</style>
</head>
<body>
<div id="page"><noscript>This report is drawn by a script that stands in it: allow scripts to see it.</noscript></div>
${packed("report", head)}
${packs.map((pack, index) => packed(`pack-${index}`, pack)).join("\n")}
<script>${script}</script>
</body>
</html>
`;
}

/** JSON, compressed, in signs of which no text can end the element that it stands in. */
function packed(id: string, value: unknown): string {
	const data = gzipSync(JSON.stringify(value)).toString("base64");
	return `<script type="text/plain" id="${id}">${data}</script>`;
}

function hashOf(text: string): string {
	return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
