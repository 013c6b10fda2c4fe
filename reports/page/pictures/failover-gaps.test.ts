import { expect, it } from "vitest";
import type { Gap } from "../../contract/report.ts";
import type { Colours } from "../parts/colours.ts";
import { shortNames } from "../parts/format.ts";
import { doneMarks } from "../parts/moments.tsx";
import { gapMarks } from "./failover-gaps.ts";

const COLOURS: Colours = {
	text: "#000000",
	muted: "#000000",
	grid: "#000000",
	background: "#ffffff",
	onColour: "#ffffff",
	good: "#008000",
	bad: "#800000",
	goodSoft: "#80ff80",
	badSoft: "#ff8080",
	switched: "#808000",
	idle: "#808080",
	none: "#808080",
	backends: [],
};

const AXIS = { fromMs: 0, toMs: 10_000, widthPx: 1_000 };

function gap(failedMs: number, servedMs: number | null): Gap {
	return {
		backend: 0,
		failedMs,
		servedMs,
		noticedMs: null,
		lost: 3,
		late: 0,
		longestWaitMs: 0,
		recoveredMs: null,
		predictedMs: null,
	};
}

/** Where the names of gaps stand, from where to where. */
function namesOf(gaps: readonly Gap[]) {
	return gapMarks(gaps, AXIS, COLOURS).flatMap((mark) => {
		if (mark.type !== "label") return [];
		const lengthPx = String(mark.content).length * 7;
		const atPx = Number(mark.xValue) / 10;
		const { x } = mark.position as { readonly x: string };
		const fromPx = x === "end" ? atPx - lengthPx : atPx;
		return [{ fromPx, toPx: fromPx + lengthPx }];
	});
}

it("names no gap over the edge or over another's name, and shades them all", () => {
	const gaps = [
		gap(500, 1_000),
		gap(700, 1_100),
		gap(900, 1_200),
		gap(6_000, 9_900),
		gap(9_500, null),
	];
	const names = namesOf(gaps).toSorted(
		(one, other) => one.fromPx - other.fromPx,
	);
	expect(names.length).toBeGreaterThan(1);
	for (const [index, { fromPx, toPx }] of names.entries()) {
		expect(fromPx).toBeGreaterThanOrEqual(0);
		expect(toPx).toBeLessThanOrEqual(AXIS.widthPx);
		expect(toPx).toBeLessThan(names[index + 1]?.fromPx ?? Infinity);
	}
	const boxes = gapMarks(gaps, AXIS, COLOURS).filter(
		({ type }) => type === "box",
	);
	expect(boxes).toHaveLength(gaps.length);
});

it("numbers what was done, save where the numbers would stand on each other", () => {
	const moments = [0, 5, 5, 10, 5_000].map((atMs) => ({ atMs, text: "x" }));
	const marks = doneMarks(moments, AXIS, { yScaleID: "y", yValue: 0 }, COLOURS);
	expect(marks.filter(({ type }) => type === "line")).toHaveLength(4);
	const numbers = marks.flatMap((mark) =>
		mark.type === "label" ? [mark.content] : [],
	);
	expect(numbers).toEqual(["1", "4"]);
});

it("cuts names, and keeps them apart", () => {
	const names = ["b1", "a-long-name-1", "a-long-name-2"];
	const short = shortNames(names, 8);
	expect(short).toEqual(["b1", "a-long-…", "a-long…3"]);
});
