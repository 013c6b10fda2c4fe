/** One HTML file that needs nothing but itself: nothing is loaded from anywhere, and nothing runs but what stands in it. */
import { createHash } from "node:crypto";

export interface DocumentParts {
	readonly title: string;
	readonly script: string;
	readonly style: string;
	/** What the script may do besides, as directives of a Content-Security-Policy. */
	readonly policy?: readonly string[];
	/** Where no script runs: text. */
	readonly unscripted: string;
	/** Elements that hold the data: HTML. */
	readonly data: string;
}

export function htmlDocument({
	title,
	script,
	style,
	policy = [],
	unscripted,
	data,
}: DocumentParts): string {
	const directives = [
		"default-src 'none'",
		`script-src '${hashOf(script)}'`,
		`style-src '${hashOf(style)}'`,
		...policy,
		"base-uri 'none'",
		"form-action 'none'",
	].join("; ");
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${directives}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<div id="page"><noscript>${unscripted}</noscript></div>
${data}
<script>${script}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
	return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
