/** What a page of a report holds compressed, for tests of what was written. */
import { gunzipSync } from "node:zlib";
import type { Pack, PageHead } from "../reports/contract/report-page.ts";

/** The data of one element of the page. */
function unpacked(html: string, id: string): string {
	const found = new RegExp(
		`<script type="text/plain" id="${id}">([A-Za-z0-9+/=]*)</script>`,
	).exec(html);
	if (found === null) throw new Error(`the page has no data called ${id}`);
	return gunzipSync(Buffer.from(found[1] ?? "", "base64")).toString();
}

export function pageDataOf(html: string): {
	readonly head: PageHead;
	readonly packs: readonly Pack[];
} {
	const packs: Pack[] = [];
	while (html.includes(` id="pack-${packs.length}"`))
		packs.push(JSON.parse(unpacked(html, `pack-${packs.length}`)));
	return { head: JSON.parse(unpacked(html, "report")), packs };
}

/** All of it as text, to look for words in it. */
export function pageText(html: string): string {
	return JSON.stringify(pageDataOf(html));
}
