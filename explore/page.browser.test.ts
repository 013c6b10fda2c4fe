/** The page of `marktwin explore` in a real browser, as a person uses it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import {
	expectReadable,
	LOOKS,
	type Look,
	pages,
} from "../reports/test-page.ts";
import { describeInBrowser } from "../test/browser.ts";
import { RECIPE } from "../test/recipe.ts";
import { examples } from "./engine/examples.ts";
import type { Start } from "./engine/messages.ts";
import { study } from "./engine/study.ts";
import { EXPLORE_PARTS, exploreHtml } from "./explore-html.ts";

const TEXT = readFileSync(RECIPE, "utf8");
const PARTS = EXPLORE_PARTS.map((name) =>
	readFileSync(new URL(`page/built/${name}`, import.meta.url), "utf8"),
);
const HOSTILE = '</script><img src=x onerror="window.ran=1">\u202e&lt;';

function ofRules(name: string, text: string): Start {
	const rules = { name, text };
	return { kind: "rules", rules, study: study(rules) };
}

/** The counts of the backends, in their order. */
function given(page: Page): Promise<readonly string[]> {
	return page.locator("table.given td.number").allInnerTexts();
}

const press = (page: Page, name: string) =>
	page.getByRole("button", { name, exact: true }).click();
const toggle = (page: Page, name: string | RegExp) =>
	page.getByRole("switch", { name }).click();
/** Machines that do much else are slow. */
const until = <Value>(what: () => Value | Promise<Value>) =>
	expect.poll(what, { timeout: 30_000 });
const counts = (page: Page) => until(() => given(page));

describeInBrowser("the page of explore", () => {
	const { folder, open, expectOwnScriptsOnly } = pages();
	let files = 0;

	async function show(start: Start, look: Look = {}): Promise<Page> {
		const file = join(folder, `explore-${files++}.html`);
		writeFileSync(file, exploreHtml(start, PARTS));
		const page = await open(file, look);
		if (start.kind !== "rules" || start.study.faults.length === 0)
			await page.locator("button.primary:enabled").first().waitFor();
		return page;
	}
	const recipe = (look: Look = {}) => show(ofRules("recipe.rules", TEXT), look);

	it("connects, switches conditions and backends, and shows what each backend got beside what it should", async () => {
		const page = await recipe();
		await press(page, "10");
		await counts(page).toEqual(["5", "5"]);
		expect(await page.locator("td.exact").first().innerText()).toMatch(
			/^1\/2\s+50 %$/,
		);
		await toggle(page, /mail1up/);
		await press(page, "10");
		await counts(page).toEqual(["5", "15"]);
		await toggle(page, "b2 serves");
		await press(page, "1");
		await until(() => page.locator(".sums").innerText()).toContain("1 lost");
		expect(await page.locator(".happened li").count()).toBe(5);
	});

	it("shows exact shares of the rules that run alone, and lights no rule that was replaced", async () => {
		const page = await recipe();
		await press(page, "1");
		await counts(page).toEqual(["1", "0"]);
		expect(await page.locator(".rule.lit").count()).toBeGreaterThan(3);
		await page.getByRole("tab", { name: /Edit/ }).click();
		await page
			.getByLabel("A command of iptables")
			.fill("iptables -t mangle -F MAILMARK");
		await page.keyboard.press("Enter");
		await page.getByText("The gateway has other rules").waitFor();
		expect(await page.locator("table.given").innerText()).not.toContain("1/2");
		await page.getByRole("tab", { name: /counters/ }).click();
		await page.getByText("not there any more").waitFor();
		expect(await page.locator(".rule.lit code").allInnerTexts()).not.toContain(
			expect.stringContaining("-A MAILMARK"),
		);
	});

	it("goes to the packets of any connection, one that was lost first", async () => {
		const page = await show({ kind: "examples", examples: examples(TEXT) });
		await press(page, "100");
		await counts(page).toEqual(["34", "22", "14", "30"]);
		await page.getByRole("tab", { name: /connections/ }).click();
		const [first] = await page.locator("tr.lost").allInnerTexts();
		expect(first).toContain("none");
		const lost = page.locator("tr.lost button").first();
		const id = await lost.innerText();
		await lost.click();
		await page.getByText(new RegExp(`, connection ${id}$`)).waitFor();
		await until(() => page.locator(".way").innerText()).toContain(
			"delivered to the gateway itself",
		);
		await counts(page).toEqual(["34", "22", "14", "30"]);
	});

	it("is green where that was shown alone", async () => {
		const page = await recipe();
		await page.getByRole("tab", { name: /Edit/ }).click();
		const editor = page.getByRole("textbox", { name: /^Rules/ });
		const green = page.locator(".faults .good, .study .good");
		await editor.fill("");
		await page.getByText("There is no rule in it").waitFor();
		await expect.poll(() => green.count()).toBe(0);
		await editor.fill(
			"*filter\n-A INPUT -p tcp -m set --match-set bad src -j DROP\nCOMMIT\n",
		);
		await page
			.getByText("It would load where these are there: set:bad.")
			.waitFor();
		await expect.poll(() => green.count()).toBe(0);
	});

	it("gets on where rules would not load", async () => {
		const bad = TEXT.replace("--every 2", "--evry 2");
		const page = await show(ofRules("recipe.rules", bad));
		await page.locator(".fault pre").waitFor();
		await page.getByRole("textbox", { name: /^Rules/ }).fill(TEXT);
		await page.getByText("It would load.").waitFor();
		await press(page, "Begin anew with these rules");
		await press(page, "10");
		await counts(page).toEqual(["5", "5"]);
	});

	it("plays rules as they are, whatever of them a reader cannot see", async () => {
		const text = TEXT.replace(
			"-j MAILMARK",
			'-m comment --comment "a\u202eb" -j MAILMARK',
		);
		const page = await show(ofRules("hidden.rules", text));
		await press(page, "10");
		await counts(page).toEqual(["5", "5"]);
		expect(await page.locator(".rules").innerText()).toContain("⟨U+202E⟩");
		const downloading = page.waitForEvent("download");
		await press(page, "Save as a scenario");
		const saved = readFileSync(await (await downloading).path(), "utf8");
		expect(JSON.parse(saved).setup.ruleset.text).toBe(text);
	});

	it("plays nothing of what was opened before", async () => {
		const page = await show({ kind: "examples", examples: examples(TEXT) });
		await page.getByLabel("Another number").fill("100000");
		await page.keyboard.press("Enter");
		await until(() => page.locator(".sums").innerText()).toMatch(/^[1-9]/);
		await page.getByLabel("Example").selectOption("1");
		await until(() => page.locator("h1").innerText()).toBe("recipe.rules");
		await page.locator("button.primary:enabled").first().waitFor();
		await press(page, "10");
		await counts(page).toEqual(["5", "5"]);
		expect(await page.locator(".happened li").count()).toBe(1);
	});

	it("starts the service again that was chosen", async () => {
		const service = (address: string, backend: string) =>
			`-A PREROUTING -d ${address} -p tcp --dport 80 -j DNAT --to-destination ${backend}\n`;
		const text = `*nat\n${service("203.0.113.1", "10.20.0.11")}${service("203.0.113.2", "10.20.0.12")}COMMIT\n`;
		const page = await show(ofRules("two.rules", text));
		const services = page.getByLabel(/^Service/);
		await services.selectOption({ label: "tcp 203.0.113.2:80" });
		await press(page, "10");
		await counts(page).toEqual(["10"]);
		await press(page, "Start again");
		await counts(page).toEqual(["0"]);
		expect(await services.inputValue()).toBe("1");
		expect(await page.locator("table.given").innerText()).toContain(
			"10.20.0.12",
		);
	});

	it("refuses a file that is too large, and says why", async () => {
		const page = await recipe();
		const file = join(folder, "large.rules");
		writeFileSync(file, "#".repeat(20_000_001));
		await page.getByLabel("Rules or a scenario").setInputFiles(file);
		await page.getByRole("alert").waitFor();
		expect(await page.getByRole("alert").innerText()).toContain(
			"large.rules has 20,000,001 octets",
		);
		expect(await page.locator("h1").innerText()).toBe("recipe.rules");
	});

	it("is dragged to any moment by the mouse", async () => {
		const page = await recipe();
		await press(page, "10");
		await counts(page).toEqual(["5", "5"]);
		const slider = page.getByRole("slider", { name: "Time" });
		const box = await slider.boundingBox();
		if (box === null) throw new Error("the slider is not seen");
		const y = box.y + box.height / 2;
		await page.mouse.move(box.x + box.width - 8, y);
		await page.mouse.down();
		await page.mouse.move(box.x + box.width / 3, y, { steps: 10 });
		await until(async () => Number((await given(page))[0])).toBeLessThan(5);
		await page.mouse.move(box.x, y, { steps: 10 });
		await counts(page).toEqual(["0", "0"]);
		await page.mouse.move(box.x + box.width, y, { steps: 10 });
		await page.mouse.up();
		await counts(page).toEqual(["5", "5"]);
	});

	it("goes packet by packet, and lights the rules with their marks", async () => {
		const page = await recipe();
		await page.getByLabel("stop before the first packet").check();
		await press(page, "1");
		await press(page, "Next packet");
		await page.locator(".rule.lit").first().waitFor();
		const way = page.locator(".way");
		expect(await way.innerText()).toMatch(/mark 0x0 → 0x1/);
		expect(await way.innerText()).toMatch(/SYN_SENT/);
		expect(await way.innerText()).toMatch(/192\.168\.0\.1:25/);
		await press(page, "Run on");
		await counts(page).toEqual(["1", "0"]);
	});

	it("goes back in time by keyboard, and takes a step out", async () => {
		const page = await recipe();
		await press(page, "10");
		await counts(page).toEqual(["5", "5"]);
		await page.getByRole("slider", { name: "Time" }).focus();
		await page.keyboard.press("Home");
		await counts(page).toEqual(["0", "0"]);
		await page.keyboard.press("End");
		await counts(page).toEqual(["5", "5"]);
		await page.getByRole("button", { name: /^Take out/ }).click();
		await counts(page).toEqual(["0", "0"]);
	});

	it("checks as one types, with the words of check, and plays the same steps with other rules", async () => {
		const page = await recipe();
		await press(page, "10");
		await counts(page).toEqual(["5", "5"]);
		await page.getByRole("tab", { name: /Edit/ }).click();
		const editor = page.getByRole("textbox", { name: /^Rules/ });
		await editor.fill(TEXT.replace("--every 2", "--evry 2"));
		const fault = page.locator(".fault pre");
		await fault.waitFor();
		expect(await fault.innerText()).toMatch(
			/recipe\.rules:4:\d+: .*evry[\s\S]*\^/,
		);
		expect(await page.locator(".gutter .fault").innerText()).toBe("4");
		await editor.fill(TEXT.replace("--every 2", "--every 5"));
		await page.getByText("It would load.").waitFor();
		expect(await page.locator(".study").innerText()).toContain("4/5");
		await press(page, "Play the same steps with these rules");
		await counts(page).toEqual(["2", "8"]);
		await press(page, "iptables-restore");
		await until(() => page.locator(".happened li").count()).toBe(2);
		await page.getByLabel("A command of iptables").fill("iptables -X MAILMARK");
		await page.keyboard.press("Enter");
		await until(() => page.locator(".happened li").count()).toBe(3);
		expect(await page.locator(".happened pre.bad").innerText()).toMatch(
			/chain/i,
		);
	});

	it("begins with examples, and takes rules that are typed", async () => {
		const page = await show({ kind: "examples", examples: examples(TEXT) });
		await press(page, "100");
		await counts(page).toEqual(["34", "22", "14", "30"]);
		await page.getByLabel("Example").selectOption("1");
		await until(() => page.locator("h1").innerText()).toBe("recipe.rules");
		await page.locator("button.primary:enabled").first().waitFor();
		await press(page, "10");
		await counts(page).toEqual(["5", "5"]);
		await page.getByRole("tab", { name: /Edit/ }).click();
		await page
			.getByRole("textbox", { name: /^Rules/ })
			.fill(
				"iptables -t nat -A PREROUTING -p tcp -d 203.0.113.9 --dport 80 -j DNAT --to-destination 10.1.1.1\n",
			);
		await page.getByText("It would load.").waitFor();
		await press(page, "Begin anew with these rules");
		await page.locator("button.primary:enabled").first().waitFor();
		await press(page, "10");
		await counts(page).toEqual(["10"]);
	});

	it("shares a link that plays the same elsewhere, and says what is wrong with a broken one", async () => {
		const page = await recipe();
		await press(page, "10");
		await counts(page).toEqual(["5", "5"]);
		await press(page, "Copy a link");
		await until(() => page.evaluate("location.hash.length")).toBeGreaterThan(
			100,
		);
		const link = String(await page.evaluate("location.hash"));
		const file = join(folder, `explore-${files - 1}.html`);
		const other = await open(file, { hash: link });
		await other.locator("button.primary:enabled").first().waitFor();
		await press(other, "Run on");
		await counts(other).toEqual(["5", "5"]);
		for (const [hash, says] of [
			["#s1=garbage!", "broken"],
			["#other", "does not begin with #s1="],
			[`#s1=${"A".repeat(50_000)}`, "broken"],
		] as const) {
			const wrong = await open(file, { hash });
			await wrong.getByRole("alert").waitFor();
			expect(await wrong.getByRole("alert").innerText()).toContain(says);
		}
	});

	it("saves a scenario", async () => {
		const page = await recipe();
		await press(page, "10");
		await counts(page).toEqual(["5", "5"]);
		const downloading = page.waitForEvent("download");
		await press(page, "Save as a scenario");
		const saved = await (await downloading).path();
		const scenario = JSON.parse(readFileSync(saved, "utf8"));
		expect(scenario).toMatchObject({
			steps: [{ kind: "connect", count: 10 }],
			expect: [{ kind: "outcomes", outcome: "completed", atLeast: 10 }],
		});
	});

	it("takes whatever stands in rules for text, and lets nothing else run", async () => {
		const text = `*filter\n-A INPUT -m comment --comment "${HOSTILE.replaceAll('"', "'")}" -j ACCEPT\nCOMMIT\n`;
		const page = await show(ofRules(HOSTILE, text));
		expect(await page.locator("img").count()).toBe(0);
		expect(await page.locator("h1").innerText()).toContain("⟨U+202E⟩");
		expect(await page.locator(".rules").innerText()).toContain("onerror");
		await expectOwnScriptsOnly(page);
	});

	it("shows what the model does not know, with its rule", async () => {
		const text =
			"*nat\n-A PREROUTING -d 203.0.113.1/32 -p tcp -m tcp --dport 80 -m set --match-set bad src -j RETURN\n-A PREROUTING -d 203.0.113.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1\nCOMMIT\n";
		const page = await show(ofRules("set.rules", text));
		await press(page, "1");
		const alert = page.getByRole("alert");
		await alert.waitFor();
		expect(await alert.innerText()).toMatch(
			/Unknown: .*nat:PREROUTING:rule:1[\s\S]*match-set bad/,
		);
	});

	it("stays quick with 100,000 connections, can be stopped, and gives their memory back", async () => {
		const page = await recipe();
		await page.getByLabel("How connections arrive").selectOption("1");
		await page.getByLabel("Another number").fill("100000");
		await page.keyboard.press("Enter");
		await until(() => page.locator(".sums").innerText()).toMatch(
			/^\d{1,3},\d{3} connections/,
		);
		// A frame of the page comes at once while the worker works.
		const waitedMs = Number(
			await page.evaluate(`new Promise((resolve) => {
				const from = performance.now();
				let most = 0, last = from;
				const frame = () => {
					const now = performance.now();
					most = Math.max(most, now - last);
					last = now;
					if (now - from < 2000) requestAnimationFrame(frame);
					else resolve(most);
				};
				requestAnimationFrame(frame);
			})`),
		);
		expect(waitedMs).toBeLessThan(1_000);
		await press(page, "Stop");
		await page
			.getByRole("button", { name: "Stop", exact: true, disabled: true })
			.waitFor();
		const before = page.workers();
		await press(page, "Start again");
		await counts(page).toEqual(["0", "0"]);
		// The worker that held them is gone.
		expect(page.workers().filter((one) => before.includes(one))).toHaveLength(
			before.length - 1,
		);
	}, 180_000);

	it("bears 10,000 rules", async () => {
		const rules = Array.from(
			{ length: 10_000 },
			(_, index) =>
				`-A FORWARD -s 10.${index >> 8}.${index & 255}.0/24 -p tcp -m tcp --dport 81 -j DROP`,
		);
		const text = `*filter\n${rules.join("\n")}\nCOMMIT\n${TEXT}`;
		const start = ofRules("big.rules", text);
		const page = await show(start);
		expect(await page.locator(".rule").count()).toBeLessThan(100);
		await press(page, "10");
		await counts(page).toEqual(["5", "5"]);
		await page.getByLabel("Find a rule").fill("10.39.15.0/24");
		await until(() => page.locator(".rule").count()).toBe(1);
		await page.getByRole("tab", { name: /Edit/ }).click();
		const editor = page.getByRole("textbox", { name: /^Rules/ });
		await editor.focus();
		await page.keyboard.press("Control+End");
		await until(() => page.locator(".gutter").innerText()).toContain("10002");
	}, 180_000);

	it.each(LOOKS)(
		"fits and is accessible: $widthPx px, $colours",
		async (look) => {
			const page = await recipe(look);
			await press(page, "10");
			await counts(page).toEqual(["5", "5"]);
			await expectReadable(page, look);
			await page.getByRole("tab", { name: /Edit/ }).click();
			await page.getByRole("tab", { name: /connections/ }).click();
			await expectReadable(page, look);
		},
	);
});
