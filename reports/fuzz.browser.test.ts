/** What the page shows of generated rulesets. */
import { expect, it } from "vitest";
import { describeInBrowser } from "../test/browser.ts";
import { fuzzView } from "./contract/test-fuzz.ts";
import { findingReport, fuzzReport, HOSTILE } from "./contract/test-report.ts";
import { expectReadable, LOOKS, openAll, pages } from "./test-page.ts";

describeInBrowser("the page of a fuzz", () => {
	const { show } = pages();

	it("says at the top how many rulesets there were, and that nothing differs", async () => {
		const page = await show(fuzzReport());
		expect(await page.locator("h1").innerText()).toBe(
			"1,000 generated rulesets, on model and kernel: no divergence",
		);
		const said = await page.locator(".fuzz").innerText();
		for (const one of [
			"51,234",
			"5.2 rulesets and 267 packets a second",
			"vm (linux 6.1.0-56-cloud-amd64, tcg)",
			"packets handed to programs are not modelled (2 times)",
			"early_drop_list looks at eight buckets",
		])
			expect(said).toContain(one);
	});

	it("has no list of scenarios where there is none", async () => {
		const page = await show(fuzzReport());
		expect(await page.locator(".filter, .nothing, article").count()).toBe(0);
		expect(await page.locator("#page").innerText()).not.toMatch(
			/no scenario|nothing was played/i,
		);
	});

	it("shows what was met, how often, and what never was", async () => {
		const page = await show(fuzzReport());
		const grid = page.locator("table.grid").first();
		const row = grid.locator("tr", { hasText: "reply fin" }).locator("td");
		expect(await row.allInnerTexts()).toEqual([
			"cannot be",
			"10",
			"✗\nnot met",
		]);
		expect(await grid.locator("td.shade-4").innerText()).toBe("12,345");
		expect(await page.locator(".fuzz").innerText()).toContain(
			"Not met: reply fin SYN_SENT2, reply ack SYN_SENT",
		);
		const rows = page.locator("table.list tbody tr");
		expect(await rows.first().innerText()).toMatch(/^u32\s+✗/);
		expect(await rows.nth(1).innerText()).toMatch(/^tcp\s+120,000$/);
	});

	it("marks chance that is out of its bounds, and shows what was found", async () => {
		const page = await show(findingReport());
		expect(await page.locator("h1").innerText()).toBe(
			"1,000 generated rulesets, on model and kernel: 1 divergence, and chance outside of its bounds",
		);
		expect(await page.locator(".chances td.bad").allInnerTexts()).toEqual([
			"1,112",
		]);
		expect(await page.locator("article .divergence").count()).toBe(1);
	});

	it("tells of scenarios beside it", async () => {
		const { entries } = findingReport();
		const page = await show(fuzzReport({ entries }));
		expect(await page.locator("h1").innerText()).toBe(
			"1,000 generated rulesets, on model and kernel: no divergence; 1 scenario on model and kernel: 1 diverges",
		);
	});

	it.each(LOOKS)(
		"fits and is accessible: $widthPx px, $colours",
		async (look) => {
			for (const report of [fuzzReport(), findingReport()]) {
				const page = await show(report, look);
				await openAll(page);
				await expectReadable(page, look);
			}
		},
	);

	it("prints: light, and nothing is cut off", async () => {
		const page = await show(findingReport(), { widthPx: 720, colours: "dark" });
		await page.emulateMedia({ media: "print" });
		expect(
			await page.evaluate("getComputedStyle(document.body).backgroundColor"),
		).toBe("rgb(255, 255, 255)");
		expect(
			await page.evaluate(
				"[...document.querySelectorAll('.fuzz table')].filter((one) => one.offsetWidth > one.parentElement.clientWidth).length",
			),
		).toBe(0);
		expect(
			await page.evaluate(
				"[...document.querySelectorAll('.scrolls')].filter((one) => getComputedStyle(one).maxHeight !== 'none').length",
			),
		).toBe(0);
		expect((await page.pdf({ format: "A4" })).length).toBeGreaterThan(20_000);
	});

	it("takes whatever stands in it for text, and fits all the same", async () => {
		const coverage = fuzzView().coverage.map((one) => ({
			...one,
			title: `${one.kind} ${HOSTILE}`,
			holes: [HOSTILE],
		}));
		const fuzz = fuzzView({
			coverage,
			kernels: [HOSTILE],
			unknown: [{ what: HOSTILE, times: 1 }],
			known: [{ name: HOSTILE, reason: HOSTILE, times: 1 }],
		});
		const page = await show(fuzzReport({ fuzz }), { widthPx: 360 });
		expect(await page.locator("img, #page script").count()).toBe(0);
		await expectReadable(page, { widthPx: 360 });
	});
});
