/** A start → one HTML file with the model in it, that needs nothing but itself. */
import { readFile } from "node:fs/promises";
import { htmlDocument } from "../reports/formats/html-document.ts";
import type { Start } from "./engine/messages.ts";

/** The page of `marktwin explore`: its script, and the workers that it starts of its own text. */
export async function exploreHtml(start: Start): Promise<string> {
	const built = (name: string) =>
		readFile(new URL(`page/built/${name}`, import.meta.url), "utf8");
	const [script, engine, style] = await Promise.all([
		built("main.js"),
		built("worker.js"),
		built("page.css"),
	]);
	return htmlDocument({
		title: "marktwin explore",
		script,
		style,
		policy: ["worker-src blob:"],
		unscripted:
			"This page is drawn by a script that stands in it: allow scripts to see it.",
		data: [inert("start", start), inert("engine", engine)].join("\n"),
	});
}

/** JSON in HTML: without `<` no text can end the element that it stands in, or begin a comment. */
function inert(id: string, value: unknown): string {
	const json = JSON.stringify(value).replaceAll("<", "\\u003c");
	return `<script type="application/json" id="${id}">${json}</script>`;
}
