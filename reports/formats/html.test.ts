import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { HOSTILE, sampleReport } from "../contract/test-report.ts";
import { reportHtml } from "./html.ts";
import { pageData } from "./page-data.ts";

const html = reportHtml(sampleReport(), { script: "run()", style: "a{}" });

function unpacked(id: string): unknown {
	const found = new RegExp(
		`<script type="text/plain" id="${id}">([A-Za-z0-9+/=]*)</script>`,
	).exec(html);
	const data = Buffer.from(found?.[1] ?? "", "base64");
	return JSON.parse(gunzipSync(data).toString());
}

it("holds the report as data that cannot end early: a row of each scenario, and packs of whole ones", () => {
	const { head, packs } = pageData(sampleReport());
	expect(unpacked("report")).toEqual(JSON.parse(JSON.stringify(head)));
	expect(packs.map((_, index) => unpacked(`pack-${index}`))).toEqual(
		JSON.parse(JSON.stringify(packs)),
	);
	expect(packs.flatMap(({ entries }) => entries)).toHaveLength(8);
	expect(JSON.stringify(packs)).toContain(JSON.stringify(HOSTILE));
});

it("allows its own script and style, and nothing else", () => {
	const [, policy] =
		/Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
	expect(policy).toBe(
		[
			"default-src 'none'",
			"script-src 'sha256-AvyuiL0SD1mVY3NNxR+V2uo+lhk6RMFrytWmRt6CrJQ='",
			"style-src 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk='",
			"base-uri 'none'",
			"form-action 'none'",
		].join("; "),
	);
});
