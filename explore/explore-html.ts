/** A start → one HTML file with the model in it, that needs nothing but itself. */
import { htmlDocument } from "../reports/formats/html-document.ts";
import type { Start } from "./engine/messages.ts";

/** Files of `page/built/`: the script of the page, the one of its workers, and its style. */
export const EXPLORE_PARTS = ["main.js", "worker.js", "page.css"] as const;

/**
 * The page of `marktwin explore`: its script, and the workers that it starts of its own text.
 * @param parts texts of `EXPLORE_PARTS`, in their order
 */
export function exploreHtml(start: Start, parts: readonly string[]): string {
	const [script = "", engine = "", style = ""] = parts;
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
