import { expect, it } from "vitest";
import { pageDataOf } from "../../test/report-data.ts";
import { HOSTILE, sampleReport } from "../contract/test-report.ts";
import { reportHtml } from "./html.ts";
import { pageData } from "./page-data.ts";

const html = reportHtml(sampleReport(), { script: "run()", style: "a{}" });

it("holds the report as data that cannot end early: a row of each scenario, and packs of whole ones", () => {
	const { head, packs } = pageData(sampleReport());
	expect(pageDataOf(html)).toEqual(JSON.parse(JSON.stringify({ head, packs })));
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
