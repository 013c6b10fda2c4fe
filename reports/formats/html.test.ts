import { expect, it } from "vitest";
import { HOSTILE, sampleReport } from "../contract/test-report.ts";
import { reportHtml } from "./html.ts";

const html = reportHtml(sampleReport(), { script: "run()", style: "a{}" });

it("holds the report as data that cannot end early", () => {
	const [, data = ""] =
		/<script type="application\/json" id="report">(.*?)<\/script>/s.exec(
			html,
		) ?? [];
	expect(data).not.toContain("<");
	expect(JSON.parse(data)).toEqual(sampleReport());
	expect(data).toContain(
		JSON.stringify(HOSTILE).slice(1, -1).replaceAll("<", "\\u003c"),
	);
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
