/** The page in a real browser, as it is shipped, for the tests of what is on it. */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterEach, expect } from "vitest";
import { browser } from "../test/browser.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import type { Report } from "./contract/report.ts";
import { reportHtml } from "./formats/html.ts";

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const built = (name: string) =>
	readFileSync(new URL(`page/built/${name}`, import.meta.url), "utf8");

export interface Look {
	readonly widthPx?: number;
	readonly colours?: "light" | "dark";
	/** `#split-alternates`. */
	readonly hash?: string;
}

/** The narrowest and the widest that it is made for, in both colours. */
export const LOOKS = [
	{ widthPx: 360, colours: "light" },
	{ widthPx: 360, colours: "dark" },
	{ widthPx: 1920, colours: "light" },
	{ widthPx: 1920, colours: "dark" },
] as const satisfies readonly Look[];

/** To be called where a file's tests are described: pages are closed after each, and must not have complained. */
export function pages() {
	const started = browser();
	const folder = temporaryFolder();
	let files = 0;
	const complaints = new Map<Page, readonly string[]>();
	afterEach(async () => {
		const wrong = [...complaints.values()].flat();
		for (const page of complaints.keys()) await page.close();
		complaints.clear();
		expect(wrong).toEqual([]);
	});

	/** Opens a file, and fails when the page complains or asks for anything but itself. */
	async function open(file: string, look: Look = {}): Promise<Page> {
		const { widthPx = 1280, colours = "light", hash = "" } = look;
		const page = await started().newPage({
			viewport: { width: widthPx, height: 800 },
			colorScheme: colours,
		});
		const wrong: string[] = [];
		page.on("console", (said) => wrong.push(`${said.type()}: ${said.text()}`));
		page.on("pageerror", (error) => wrong.push(String(error)));
		page.on("dialog", (dialog) => wrong.push(`dialog: ${dialog.message()}`));
		page.on("request", (asked) => {
			// A page's own workers are blobs of its own text.
			if (!/^(file|blob):/.test(asked.url())) wrong.push(asked.url());
		});
		await page.goto(`file://${file}${hash}`);
		await page.locator("h1").waitFor();
		complaints.set(page, wrong);
		return page;
	}

	/** @param spoil what becomes of the file on its way */
	function show(
		report: Report,
		look: Look = {},
		spoil = (html: string) => html,
	): Promise<Page> {
		const file = join(folder, `report-${files++}.html`);
		const page = { script: built("main.js"), style: built("page.css") };
		writeFileSync(file, spoil(reportHtml(report, page)));
		return open(file, look);
	}

	/** The last of a page: a script that is not its own does not run, and the page complains of it. */
	async function expectOwnScriptsOnly(page: Page): Promise<void> {
		await page.evaluate(`{
			const script = document.createElement("script");
			script.textContent = "window.ran = true";
			document.body.append(script);
		}`);
		expect(await page.evaluate("window.ran")).toBeUndefined();
		expect(complaints.get(page)?.join()).toContain("Content Security Policy");
		complaints.delete(page);
		await page.close();
	}

	return { folder, open, show, expectOwnScriptsOnly };
}

/** Every scenario open, every picture drawn. */
export async function openAll(page: Page): Promise<void> {
	await unfoldAll(page);
	const closed = page.locator('h3 button[aria-expanded="false"]');
	while ((await closed.count()) > 0) await closed.first().click();
	await expect.poll(() => page.locator(".loading").count()).toBe(0);
	for (const canvas of await page.locator("canvas").all())
		await canvas.scrollIntoViewIfNeeded();
}

/** Every group of scenarios unfolded. */
export async function unfoldAll(page: Page): Promise<void> {
	const folded = page.locator('h2 button[aria-expanded="false"]');
	while ((await folded.count()) > 0) await folded.first().click();
}

/** Nothing is wider than the screen, and nothing keeps anybody from reading it. */
export async function expectReadable(
	page: Page,
	{ widthPx }: { readonly widthPx: number },
): Promise<void> {
	expect(
		await page.evaluate("document.documentElement.scrollWidth"),
	).toBeLessThanOrEqual(widthPx);
	await page.evaluate(AXE);
	const { violations } = (await page.evaluate(
		"axe.run(document, { resultTypes: ['violations'] })",
	)) as {
		readonly violations: readonly {
			readonly id: string;
			readonly nodes: readonly { readonly html: string }[];
		}[];
	};
	expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual(
		[],
	);
}
