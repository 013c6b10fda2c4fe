/** A start → one HTML file with the model in it, that needs nothing but itself. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Start } from "./engine/messages.ts";

/**
 * The page of `marktwin explore`. Nothing is loaded from anywhere, and nothing runs but what stands in it: its
 * script, and the workers that it starts of its own text.
 */
export async function exploreHtml(start: Start): Promise<string> {
	const built = (name: string) =>
		readFile(new URL(`page/built/${name}`, import.meta.url), "utf8");
	const [script, engine, style] = await Promise.all([
		built("main.js"),
		built("worker.js"),
		built("page.css"),
	]);
	const policy = [
		"default-src 'none'",
		`script-src '${hashOf(script)}'`,
		`style-src '${hashOf(style)}'`,
		"worker-src blob:",
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
<meta name="referrer" content="no-referrer">
<title>marktwin explore</title>
<style>${style}</style>
</head>
<body>
<div id="page"><noscript>This page is drawn by a script that stands in it: allow scripts to see it.</noscript></div>
<script type="application/json" id="start">${inert(start)}</script>
<script type="application/json" id="engine">${inert(engine)}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** JSON in HTML: without `<` no text can end the element that it stands in, or begin a comment. */
function inert(value: unknown): string {
	return JSON.stringify(value).replaceAll("<", "\\u003c");
}

function hashOf(text: string): string {
	return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
