/** Report → one HTML file that needs nothing but itself. */
import { createHash } from "node:crypto";
import type { Report } from "../contract/report.ts";

/** The page's own code and style, as `bundle.mjs` bundles them. */
export interface PageParts {
	readonly script: string;
	readonly style: string;
}

export function reportHtml(
	report: Report,
	{ script, style }: PageParts,
): string {
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
<script type="application/json" id="report">${inert(JSON.stringify(report))}</script>
<script>${script}</script>
</body>
</html>
`;
}

/**
 * JSON in HTML: without `<` no text can end the element that it stands in (`</script>`) or begin a
 * comment (`<!--`).
 */
function inert(json: string): string {
	return json.replaceAll("<", "\\u003c");
}

function hashOf(text: string): string {
	return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
