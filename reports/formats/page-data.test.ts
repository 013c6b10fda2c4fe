import { expect, it } from "vitest";
import type { Report } from "../contract/report.ts";
import { sampleReport } from "../contract/test-report.ts";
import { pageData } from "./page-data.ts";

function rowOf(id: string, report: Report = sampleReport()) {
	const row = pageData(report).head.entries.find((one) => one.id === id);
	if (row === undefined) throw new Error(`no row ${id}`);
	return row;
}

it("has a row of each scenario, which tells what was expected beside what was seen", () => {
	expect(rowOf("split-alternates")).toMatchObject({
		total: 10,
		totals: [5, 5, 0],
		shares: { expected: [0.5, 0.5], seen: [0.5, 0.5] },
		bars: ["iiiii", "hhhhh", "00000", "00000"],
		reason: null,
		gap: null,
	});
	expect(rowOf("failover-process-dies")).toMatchObject({
		lost: 2,
		late: 1,
		gap: { ms: 1_500 },
	});
	expect(rowOf("failover-b2-dead").reason?.sentence).toBe(
		"expected none of the connections at b2; seen 4 of 8 connections",
	);
});

it("names a share that is violated before one that holds", () => {
	const { entries } = sampleReport();
	const [split] = entries;
	if (!split?.split) throw new Error("the first of the sample has a split");
	const [shares] = split.split.shares;
	if (shares === undefined) throw new Error("it has shares");
	const violated = { ...shares, status: "violated" as const, seen: [0.9, 0.1] };
	const both = { ...split.split, shares: [shares, violated] };
	const report = sampleReport({ entries: [{ ...split, split: both }] });
	expect(rowOf(split.id, report).shares).toEqual(violated);
});

it("bounds a pack with all that is in it: its rulesets as well as its scenarios", () => {
	const report = sampleReport();
	const [split] = report.entries;
	const [snapshot] = split?.rules.snapshots ?? [];
	if (split === undefined || snapshot === undefined)
		throw new Error("the first of the sample has counters");
	const rulesets = Array.from({ length: 40 }, (_, number) => [
		{ table: "nat", chain: "A", number, text: "x".repeat(50_000) },
	]);
	const entries = rulesets.map((_, ruleset) => ({
		...split,
		id: `split-${ruleset}`,
		rules: { ...split.rules, snapshots: [{ ...snapshot, ruleset }] },
	}));
	const { packs } = pageData({ ...report, rulesets, entries });
	for (const pack of packs)
		expect(JSON.stringify(pack).length).toBeLessThan(500_000);
});

it.each([
	{ backends: 3, lost: 1, most: 1_000 },
	{ backends: 40, lost: 1, most: 4_000 },
	{ backends: 7, lost: 0, most: 7 },
])(
	"draws a strip that nothing of is cut: $backends backends, $lost lost",
	(of) => {
		const report = sampleReport();
		const [split] = report.entries;
		if (!split?.split) throw new Error("the first of the sample has a split");
		const each = Math.floor(of.most / of.backends);
		const counts = [...Array.from({ length: of.backends }, () => [each]), [0]];
		const lost = counts.map((_, index) => [index === 0 ? of.lost : 0]);
		const stretches = { ...split.split.stretches, counts, lost };
		const entries = [{ ...split, split: { ...split.split, stretches } }];
		const { bars } = rowOf(split.id, sampleReport({ entries }));
		const heights = bars.map((signs) => Number.parseInt(signs, 36));
		expect(
			heights.reduce((sum, height) => sum + height, 0),
		).toBeLessThanOrEqual(35);
		expect((heights.at(-1) ?? 0) > 0).toBe(of.lost > 0);
	},
);

it("packs scenarios together, each with the rulesets and walks that it names", () => {
	const report = sampleReport();
	const many = Array.from({ length: 200 }, (_, index) =>
		report.entries.map((one) => ({ ...one, id: `${one.id}-${index}` })),
	).flat();
	const { head, packs } = pageData({ ...report, entries: many });
	expect(packs.length).toBeGreaterThan(2);
	expect(packs.flatMap(({ entries }) => entries)).toHaveLength(many.length);
	for (const row of head.entries) {
		const pack = packs[row.pack];
		const whole = pack?.entries.find(({ id }) => id === row.id);
		const before = many.find(({ id }) => id === row.id);
		expect(whole?.title).toBe(before?.title);
		for (const [index, path] of (whole?.rules.paths ?? []).entries())
			expect(pack?.walks[path.walk]).toEqual(
				report.walks[before?.rules.paths[index]?.walk ?? -1],
			);
		for (const [index, { ruleset }] of (whole?.rules.snapshots ?? []).entries())
			expect(pack?.rulesets[ruleset]).toEqual(
				report.rulesets[before?.rules.snapshots[index]?.ruleset ?? -1],
			);
	}
});
