/** The page, in a real browser, as it is shipped. */
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { describeInBrowser } from "../test/browser.ts";
import { execute } from "../test/marktwin.ts";
import {
	comparisonReport,
	diffReport,
	HOSTILE,
	proofReport,
	sampleReport,
} from "./contract/test-report.ts";
import {
	expectReadable,
	LOOKS,
	openAll,
	pages,
	unfoldAll,
} from "./test-page.ts";

describeInBrowser("the page of a report", () => {
	const { folder, open, show, expectOwnScriptsOnly } = pages();

	it("says at the top how many hold, on what it was played, and how to do it again", async () => {
		const page = await show(sampleReport());
		const head = page.locator("header");
		expect(await head.locator("h1").innerText()).toMatch(
			/^8 scenarios: 3 hold, 3 violated, 1 unknown, 1 could not be played$/,
		);
		const said = await head.innerText();
		for (const one of ["model (linux 6.1.192)", "marktwin run", "4.2 s"])
			expect(said).toContain(one);
	});

	it("draws every picture", async () => {
		const page = await show(sampleReport());
		await openAll(page);
		const canvases = page.locator("canvas");
		expect(await canvases.count()).toBeGreaterThan(5);
		for (const canvas of await canvases.all()) {
			await canvas.scrollIntoViewIfNeeded();
			const label = await canvas.getAttribute("aria-label");
			expect(label?.length, label ?? "").toBeGreaterThan(20);
			await expect
				.poll(() => canvas.evaluate(COLOURS_IN), { message: label ?? "" })
				.toBeGreaterThan(4);
		}
	});

	it.each(LOOKS)(
		"fits and is accessible: $widthPx px, $colours",
		async (look) => {
			for (const report of [
				sampleReport(),
				comparisonReport(),
				proofReport(),
				diffReport(),
			]) {
				const page = await show(report, look);
				await openAll(page);
				await expectReadable(page, look);
			}
		},
	);

	it("takes whatever stands in it for text", async () => {
		const page = await show(sampleReport());
		await openAll(page);
		expect(await page.locator("img, #page script").count()).toBe(0);
		const said = (await page.locator("#page").textContent()) ?? "";
		const [first = "", second = ""] = HOSTILE.split("\n");
		expect(said).toContain(first);
		expect(said).toContain(second);
		expect(said).toContain("⟨U+202E⟩reversed");
		for (const unseen of ["\u202e", "\u2066", "\u0000", "\u001b"])
			expect(said).not.toContain(unseen);
	});

	it("lets nothing run or load that is not its own", async () => {
		const page = await show(sampleReport());
		const policy = await page
			.locator('meta[http-equiv="Content-Security-Policy"]')
			.getAttribute("content");
		expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-/);
		await expectOwnScriptsOnly(page);
	});

	it("shows the verdict on rulesets: shares, findings, and the rules beside them", async () => {
		const page = await show(sampleReport());
		const verdict = page.locator("main > .verdicts .verdict");
		await expect.poll(() => verdict.count()).toBe(1);
		expect(
			await verdict.getByRole("img").first().getAttribute("aria-label"),
		).toBe(
			"10.20.0.11:80 1/2, 10.20.0.12:80 1/4, no backend: delivered to the gateway itself 1/4",
		);
		expect(await verdict.locator(".findings").innerText()).toContain("MT101");
		expect(await verdict.locator("tr.found").count()).toBe(1);
	});

	it("shows what does not hold first, then traps, then what holds, folded", async () => {
		const page = await show(sampleReport());
		const groups = page.locator(".group h2");
		expect(await groups.allInnerTexts()).toEqual([
			"3 violated",
			"1 could not be played",
			"1 unknown",
			"1 holds and shows a trap of the ruleset",
			"2 hold",
		]);
		const titles = page.locator("article");
		await expect.poll(() => titles.count()).toBe(5);
		await groups.last().getByRole("button").click();
		await expect.poll(() => titles.count()).toBe(7);
		await expectReadable(page, { widthPx: 1280 });
		// A link into a group that is folded unfolds it.
		await page.evaluate("location.hash = '#split-two-clients-in-step'");
		await expect.poll(() => titles.count()).toBe(8);
	});

	it("says in the row of what does not hold what was expected, seen, and which rule it is", async () => {
		const page = await show(sampleReport());
		const row = page.locator("#failover-host-vanishes .brief");
		expect(await row.innerText()).toMatch(
			/expected\s+at most 2600 ms from each failure of b1\s+seen\s+5050 ms \(61 connections lost\)/,
		);
		const unknown = page.locator("#own-queue .brief");
		expect(await unknown.innerText()).toContain("firewall/my.rules:17");
		const failed = page.locator("#failover-recovery .brief");
		expect(await failed.innerText()).toContain("broke down");
	});

	it("draws no more rows at once than a page can bear, and finds the others", async () => {
		const [split] = sampleReport().entries;
		if (split === undefined) throw new Error("the sample has a split");
		const entries = Array.from({ length: 450 }, (_, index) => {
			const id = `split-${index}`;
			return { ...split, id, name: id, title: `Scenario ${index}` };
		});
		const page = await show(sampleReport({ entries }));
		const titles = page.locator("article");
		await expect.poll(() => titles.count()).toBe(0);
		await unfoldAll(page);
		await expect.poll(() => titles.count()).toBe(200);
		await page.getByRole("button", { name: "Show 200 more of 250" }).click();
		await expect.poll(() => titles.count()).toBe(400);
		await page.evaluate("location.hash = '#split-449'");
		await expect.poll(() => titles.count()).toBe(450);
		await expect
			.poll(() => page.locator("#split-449 .expectations").count())
			.toBe(1);
	});

	it("filters by text, outcome and suite", async () => {
		const page = await show(sampleReport());
		await unfoldAll(page);
		const titles = page.locator("article");
		await expect.poll(() => titles.count()).toBe(8);
		await page.locator("button.choice.violated").click();
		await expect.poll(() => titles.count()).toBe(3);
		await page.locator("button.choice.all").click();
		await page.getByRole("combobox", { name: "Suite" }).selectOption("split");
		await expect.poll(() => titles.count()).toBe(2);
		await page.getByLabel("Filter by text").fill("alternate");
		await expect.poll(() => titles.count()).toBe(1);
		await page.getByLabel("Filter by text").fill("no such thing");
		expect(await page.locator("main").innerText()).toContain(
			"No scenario fits the filter.",
		);
	});

	it("opens the scenario that a link names, and any other by keyboard", async () => {
		const page = await show(sampleReport(), { hash: "#split-alternates" });
		const linked = page.locator("#split-alternates h3 button");
		await expect.poll(() => linked.getAttribute("aria-expanded")).toBe("true");
		await expect
			.poll(() => page.evaluate("document.activeElement.tagName"))
			.toBe("BUTTON");
		await page.keyboard.press("Enter");
		expect(await linked.getAttribute("aria-expanded")).toBe("false");
		await page.keyboard.press("Space");
		expect(await linked.getAttribute("aria-expanded")).toBe("true");
	});

	it("lights the way of a chosen packet up, rule by rule", async () => {
		const page = await show(sampleReport(), { hash: "#split-alternates" });
		const scenario = page.locator("#split-alternates");
		const packets = scenario.getByLabel("A packet");
		const lit = async () => {
			const rows = scenario.locator("table.rules tr.lit code");
			return (await rows.allInnerTexts()).join("\n");
		};
		await packets.selectOption({ index: 0 });
		const first = await lit();
		expect(first).toContain("--set-xmark 0x1/0xffffffff");
		expect(await scenario.locator(".steps").innerText()).toMatch(
			/mangle:MAILMARK:rule:2\s+mark 0x0 → 0x1/,
		);
		await packets.focus();
		await page.keyboard.press("ArrowDown");
		expect(await lit()).not.toBe(first);
		expect(await scenario.locator("table.rules").innerText()).toContain(
			"not matched since it was loaded",
		);
	});

	it("shows both sides of a comparison, divergences first", async () => {
		const page = await show(comparisonReport());
		expect(await page.locator("h1").innerText()).toBe(
			"4 scenarios on model and kernel: 2 agree, 1 diverges, 1 unknown",
		);
		const first = page.locator(".divergence").first();
		expect(await first.innerText()).toMatch(/^packets differ at 51 ms/);
		expect(await first.locator(".side").count()).toBe(2);
		expect(await first.locator(".matched .alone").innerText()).toBe(
			"nat:PREROUTING:rule:2",
		);
	});

	it("prints: light, nothing cut off, and pictures as wide as the paper", async () => {
		const page = await show(sampleReport(), { colours: "dark" });
		await openAll(page);
		await page.evaluate("dispatchEvent(new Event('beforeprint'))");
		await page.emulateMedia({ media: "print" });
		const widths = (await page.evaluate(
			"[...document.querySelectorAll('canvas')].map((one) => one.clientWidth)",
		)) as readonly number[];
		expect(Math.max(...widths)).toBeLessThanOrEqual(680);
		expect(
			await page.evaluate(
				"[...document.querySelectorAll('.scrolls')].filter((one) => getComputedStyle(one).maxHeight !== 'none').length",
			),
		).toBe(0);
		expect(
			await page.evaluate(
				"getComputedStyle(document.body).printColorAdjust + ' ' + getComputedStyle(document.body).backgroundColor",
			),
		).toBe("exact rgb(255, 255, 255)");
		const pdf = await page.pdf({ format: "A4" });
		expect(pdf.length).toBeGreaterThan(50_000);
	});

	it("shows the splits by service, source and client, and flows as what they are", async () => {
		const [entry] = sampleReport().entries;
		if (!entry?.split) throw new Error("the first of the sample has a split");
		const { split } = entry;
		const shown = entry.connections.shown.map((one, index) => ({
			...one,
			protocol: "udp" as const,
			serviceName: "names",
			source: `203.0.113.${index % 2}`,
			link: `isp${index % 2}`,
			datagrams: { sent: 2, answers: 1 },
		}));
		const page = await show(
			sampleReport({
				entries: [
					{
						...entry,
						connections: { ...entry.connections, noun: "flow", shown },
						split: {
							...split,
							services: [
								{ name: "names", protocol: "udp", totals: [3, 2, 0] },
								{ name: "web", protocol: "tcp", totals: [2, 3, 0] },
							],
							sources: [
								{ name: "203.0.113.0", total: 5 },
								{ name: "203.0.113.1", total: 5 },
							],
							clients: {
								of: " to service names",
								shown: [{ name: "10.1.0.0/24", totals: [5, 5, 0] }],
								omitted: 2,
							},
						},
					},
				],
			}),
			{ widthPx: 360 },
		);
		await openAll(page);
		const labels = await page
			.locator("article .total")
			.evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
		expect(labels).toEqual([
			"Of 5 flows: b1 3, b2 2",
			"Of 5 connections: b1 2, b2 3",
			"Of 10 flows: 203.0.113.0 5, 203.0.113.1 5",
			"Of 10 flows: b1 5, b2 5",
		]);
		const said = await page.locator("article").innerText();
		for (const one of [
			"names udp",
			"By client: the flows to service names",
			"10.1.0.0/24",
			"… and 2 more clients.",
			"10 flows: ",
		])
			expect(said).toContain(one);
		const row = page.locator("article details table tr").nth(1);
		await page.locator("article details summary").first().click();
		expect(await row.locator("td").allInnerTexts()).toEqual(
			expect.arrayContaining(["names", "udp", "isp0", "203.0.113.0", "2, 1"]),
		);
		await expectReadable(page, { widthPx: 360 });
	});

	it("fits on a telephone whatever backends are called and however many there are", async () => {
		const [split, , failover] = sampleReport().entries;
		if (split === undefined || failover === undefined)
			throw new Error("the sample has both");
		const long = ["b1", "b2"].map((name) => `${name}-${"far-away-".repeat(9)}`);
		const many = Array.from({ length: 100 }, (_, index) => `${index}.example`);
		const counts = [...many, ""].map(() => [1, 2, 3]);
		const report = sampleReport({
			entries: [
				{ ...split, backends: long },
				{
					...failover,
					backends: long,
					suite: "a-suite-with-quite-a-name-".repeat(4),
				},
				{
					...split,
					id: "many",
					backends: many,
					connections: { ...split.connections, total: 606 },
					split: {
						totals: counts.map(() => 6),
						services: [],
						sources: [],
						clients: null,
						shares: [],
						running: null,
						stretches: {
							fromMs: 0,
							stretchMs: 100,
							counts,
							lost: counts,
							late: counts,
						},
					},
				},
			],
		});
		const page = await show(report, { widthPx: 360 });
		await openAll(page);
		expect(
			await page.evaluate("document.documentElement.scrollWidth"),
		).toBeLessThanOrEqual(360);
		expect(await page.locator("#many .share-words").innerText()).toBe(
			"100 backends",
		);
	});

	it("says of a failure what it cost new connections, and whether it ended", async () => {
		const failover = sampleReport().entries.find(
			(entry) => entry.failover !== null,
		);
		const view = failover?.failover;
		const [gap] = view?.gaps ?? [];
		if (!failover || !view || !gap) throw new Error("the sample has a gap");
		const gaps = [
			{ ...gap, lost: 0, late: 0 },
			{ ...gap, servedMs: null, recoveredMs: null },
		];
		const page = await show(
			sampleReport({
				entries: [{ ...failover, failover: { ...view, gaps } }],
			}),
		);
		const said = await page.locator(".gaps li").allInnerTexts();
		expect(said[0]).toContain("no new connection was lost");
		expect(said[1]).toContain(
			"2 new connections were lost, 1 late (longest wait 3 s); no failover was seen",
		);
	});

	it("shows what was done, and when", async () => {
		const page = await show(sampleReport(), {
			hash: "#failover-process-dies",
		});
		const done = page.locator("#failover-process-dies .done li");
		expect(await done.allInnerTexts()).toEqual([
			"3 s b1: refuse",
			"8 s b1: up",
		]);
	});

	it("shows the counters of the last moment that has any, and says so of rules without", async () => {
		const [split] = sampleReport().entries;
		const last = split?.rules.snapshots.at(-1);
		if (split === undefined || last === undefined)
			throw new Error("the sample has counters");
		const reloaded = {
			...last,
			label: "",
			atMs: 9_000,
			packets: last.packets.map(() => 0),
		};
		const before = { ...last, label: "before the reload" };
		const snapshots = [before, reloaded];
		const rules = { ...split.rules, snapshots };
		const page = await show(sampleReport({ entries: [{ ...split, rules }] }));
		const counters = page.locator(".rules-and-path .moment select");
		expect(await counters.inputValue()).toBe("0");
		const table = page.locator("table.rules");
		expect(await table.locator(".tag").count()).toBe(1);
		await counters.selectOption({ index: 1 });
		expect(await table.locator(".tag").count()).toBeGreaterThan(5);
	});

	it("chooses a packet of a connection that violates something", async () => {
		const [split] = sampleReport().entries;
		if (split === undefined) throw new Error("the sample has a split");
		const [first] = split.expectations;
		const wrong = { ...split, status: "violated" as const };
		const expectations = [
			{
				...(first ?? {
					expected: "",
					seen: "",
					because: "",
					why: [],
					rule: null,
				}),
				status: "violated" as const,
				connections: [2],
				concerned: 34,
			},
		];
		const page = await show(
			sampleReport({ entries: [{ ...wrong, expectations }] }),
		);
		const chosen = page.getByLabel("A packet").locator("option:checked");
		expect(await chosen.innerText()).toMatch(/^#2 /);
		expect(await page.locator(".way").innerText()).toContain(
			"The first 8 packets of 2 of 10 connections",
		);
		expect(await page.locator(".expectations").innerText()).toContain(
			"(#2 and 33 more)",
		);
	});

	it("leads from an expectation to its connections, and from a connection to its packets", async () => {
		const [split] = sampleReport().entries;
		const [first] = split?.expectations ?? [];
		if (split === undefined || first === undefined)
			throw new Error("the sample has a split");
		const violated = {
			...first,
			status: "violated" as const,
			connections: [2, 4],
			concerned: 2,
			why: [
				{
					connection: 2,
					count: 2,
					text: "SYN → mark 0x2 (line 5) → DNAT 192.168.0.2 (line 12) → out bond0.205 → b2",
				},
			],
		};
		const page = await show(
			sampleReport({
				entries: [{ ...split, status: "violated", expectations: [violated] }],
			}),
		);
		expect(await page.locator(".hop").allInnerTexts()).toEqual([
			"SYN",
			"mark 0x2 (line 5)",
			"DNAT 192.168.0.2 (line 12)",
			"out bond0.205",
			"b2",
		]);
		await page.getByRole("button", { name: "#2, #4" }).click();
		const rows = page.locator("article details[open] tbody tr");
		await expect.poll(() => rows.count()).toBe(2);
		await page.getByRole("button", { name: "Packets of #2" }).click();
		const chosen = page.getByLabel("A packet").locator("option:checked");
		await expect.poll(() => chosen.innerText()).toMatch(/^#2 /);
		await page.getByRole("button", { name: "Show all" }).click();
		await expect.poll(() => rows.count()).toBe(10);
		await expectReadable(page, { widthPx: 1280 });
	});

	it("shows a proof with its plays: its outcome is that of what was assumed", async () => {
		const page = await show(proofReport());
		expect(await page.locator("h1").innerText()).toContain(
			"1 service: all properties hold in quiet operation",
		);
		expect(await page.locator("header.top.holds").count()).toBe(1);
		expect(await page.locator("table.proofs td").count()).toBe(4);
		await page.getByRole("link", { name: "counterexample" }).click();
		expect(await page.locator("#-play-0-0-0").innerText()).toContain(
			"marktwin run counterexample.scenario.json",
		);
		const said = await page.locator("main").innerText();
		for (const one of ["1 counterexample", "Does not happen here: race."])
			expect(said).toContain(one);
	});

	it("fits on a telephone whatever its ruleset is called", async () => {
		const file = `firewall/${"a_long_name_".repeat(6)}.rules`;
		const page = await show(proofReport({ file }), { widthPx: 360 });
		expect(
			await page.evaluate("document.documentElement.scrollWidth"),
		).toBeLessThanOrEqual(360);
	});

	it.each([
		{ status: "unknown", words: "not all is known in quiet operation" },
		{ status: "violated", words: "a property is violated in quiet operation" },
		{
			status: "unknown",
			services: [],
			words: "no service was found that can be proved",
		},
	] as const)(
		"has the colour and the words of a proof: $words",
		async ({ words, ...parts }) => {
			const report = proofReport(parts);
			const page = await show({ ...report, entries: [] });
			expect(await page.locator("h1").innerText()).toContain(words);
			expect(await page.locator(`header.top.${parts.status}`).count()).toBe(1);
			expect(await page.locator(".nothing").count()).toBe(0);
		},
	);

	it("shows rules that matched nothing", async () => {
		const page = await show(sampleReport());
		const said = await page.locator("main").innerText();
		for (const one of [
			"recipe.rules: 1 of 7 rules matched no packet, in 8 scenarios",
			"1 other ruleset: every rule matched a packet.",
		])
			expect(said).toContain(one);
		await page.getByText("recipe.rules: 1 of 7").click();
		await expectReadable(page, { widthPx: 1280 });
	});

	it("shows what an edit changes: shares before and after, packets, connections that stand, findings", async () => {
		const page = await show(diffReport());
		expect(await page.locator("h1").innerText()).toMatch(/: different$/);
		expect(await page.locator("header.top.violated").count()).toBe(1);
		const bars = page.locator(".beyond .total");
		const labels = await bars.evaluateAll((all) =>
			all.map((one) => one.getAttribute("aria-label")),
		);
		expect(labels).toEqual(["b1 1/2, b2 1/2", "b1 1/4, b2 3/4"]);
		const said = await page.locator("main").innerText();
		for (const one of [
			"2 rules removed, 3 rules added",
			"1/4 (25 %) of new connections go elsewhere",
			"2 kept, 2 broken",
			"1 change allowed",
			"MT101",
			"… and 2 more services",
		])
			expect(said).toContain(one);
	});

	it("folds away what is long, and shows its first lines", async () => {
		const [split] = sampleReport().entries;
		if (split === undefined) throw new Error("the sample has a split");
		const seen = Array.from({ length: 50 }, (_, index) => `line ${index}`);
		const expectations = split.expectations.map((one) => ({
			...one,
			seen: seen.join("\n"),
		}));
		const page = await show(
			sampleReport({ entries: [{ ...split, expectations }] }),
		);
		const said = await page.locator(".said").first().innerText();
		expect(said).toBe("line 0\nline 1\nline 2 …");
		await page.getByText("all of it").first().click();
		expect(await page.locator(".expectations pre").first().innerText()).toMatch(
			/line 49$/,
		);
	});

	it("explains a trap, and finds those that show one", async () => {
		const page = await show(sampleReport());
		expect(await page.locator(".legend").innerText()).toContain(
			"▲ 1 holds and shows a trap of the ruleset",
		);
		const titles = page.locator("article");
		await page.getByRole("button", { name: /traps$/ }).click();
		await expect.poll(() => titles.count()).toBe(2);
		await page.getByRole("button", { name: /traps$/ }).click();
		await page.getByLabel("Filter by text").fill("trap");
		await expect.poll(() => titles.count()).toBe(2);
	});

	it("lets one skip to the scenarios, and keeps the filter when what a link names is there", async () => {
		const page = await show(sampleReport());
		await page.keyboard.press("Tab");
		await page.keyboard.press("Enter");
		expect(await page.evaluate("document.activeElement.tagName")).toBe("MAIN");
		const titles = page.locator("article");
		await page.getByRole("combobox", { name: "Suite" }).selectOption("split");
		await expect.poll(() => titles.count()).toBe(2);
		await page.locator("#split-alternates .anchor").click();
		await expect.poll(() => titles.count()).toBe(2);
		// Another one is not there, so the filter has to go.
		await page.locator('.overview a[href="#own-queue"]').click();
		await expect.poll(() => titles.count()).toBe(5);
	});

	it("leads to a scenario again where its group was folded, and folds as before without a filter", async () => {
		const page = await show(sampleReport());
		const titles = page.locator("article");
		const violated = page.locator(".group.violated h2 button");
		const link = page.locator('.overview a[href="#failover-b2-dead"]');
		await link.click();
		await violated.click();
		await expect.poll(() => titles.count()).toBe(2);
		await link.click();
		await expect.poll(() => titles.count()).toBe(5);
		await violated.click();
		await page.locator("button.choice.all").click();
		await expect.poll(() => titles.count()).toBe(2);
	});

	it("says of a scenario that cannot be unpacked that it cannot", async () => {
		const page = await show(sampleReport(), {}, (html) =>
			html.replace(/(id="pack-0">.{400}).*?</, "$1<"),
		);
		// The first that does not hold is open.
		const fault = page.locator("article").first().getByRole("alert");
		await expect.poll(() => fault.count()).toBe(1);
		expect(await fault.innerText()).toMatch(/cannot be unpacked .+: is the/);
	});

	it("takes a link that cannot be read for none", async () => {
		const page = await show(sampleReport(), { hash: "#%E0%A4%A" });
		expect(await page.locator("article").count()).toBe(5);
	});

	it("is what the command writes, and shows the failover at once", async () => {
		const file = join(folder, "run.html");
		const { code, err } = await execute(
			process.execPath,
			[inject("command"), "run", "split", "failover", "--report", file],
			{ cwd: folder },
		);
		expect({ code, err }).toEqual({ code: 0, err: "" });
		const page = await open(file);
		const failover = page.locator("#failover-host-vanishes");
		expect(await failover.locator(".gaps").innerText()).toBe(
			"b1 failed at 2.5 s; the checker noticed after 2,300 ms; 23 new connections were lost; failover gap 2,250 ms.",
		);
		expect(
			await page.locator("#split-alternates .share-words").innerText(),
		).toBe("b1 50.0 %, expected 50.0 %");
	});
});

/** Runs in the page: how many colours a picture has; an empty one has one. */
const COLOURS_IN = (canvas: unknown): number => {
	const { width, height, getContext } = canvas as {
		readonly width: number;
		readonly height: number;
		readonly getContext: (kind: "2d") => {
			getImageData(...area: readonly number[]): {
				readonly data: Uint8ClampedArray;
			};
		};
	};
	const { data } = getContext
		.call(canvas, "2d")
		.getImageData(0, 0, width, height);
	const pixels = new Uint32Array(data.buffer);
	return new Set(pixels).size;
};
