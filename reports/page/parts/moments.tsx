import type { AnnotationOptions } from "chartjs-plugin-annotation";
import type { Entry, Moment } from "../../contract/report.ts";
import type { Colours } from "./colours.ts";
import { counted, number, time } from "./format.ts";

/** Everything that was done at one time; the pictures have its number. */
export interface Done {
	/** From 1. */
	readonly number: number;
	readonly atMs: number;
	readonly texts: readonly string[];
}

/** Longer lists are folded away. */
const MOST_UNFOLDED = 12;

/** What was done, one line for each time. */
function doneIn(moments: readonly Moment[]): readonly Done[] {
	const byTime = new Map<number, string[]>();
	for (const { atMs, text } of moments)
		byTime.set(atMs, [...(byTime.get(atMs) ?? []), text]);
	return [...byTime].map(([atMs, texts], index) => ({
		number: index + 1,
		atMs,
		texts,
	}));
}

/** What was done besides connecting, and when. */
export function WhatWasDone({ entry }: { readonly entry: Entry }) {
	const { moments, omittedMoments } = entry;
	if (moments.length === 0) return null;
	const done = doneIn(moments);
	const list = (
		<>
			<ol class="done">
				{done.map((one) => (
					<li key={one.number}>
						<span class="label">{time(one.atMs)}</span>{" "}
						{one.texts.map((text, index) => (
							<>
								{index > 0 && "; "}
								<code key={index}>{text}</code>
							</>
						))}
					</li>
				))}
			</ol>
			{omittedMoments > 0 && (
				<p class="remark">… and {number(omittedMoments)} more.</p>
			)}
		</>
	);
	return (
		<section>
			<h4>What was done</h4>
			{done.length <= MOST_UNFOLDED ? (
				list
			) : (
				<details>
					<summary>
						{counted(moments.length + omittedMoments, "thing")} at{" "}
						{counted(done.length, "time")}
					</summary>
					{list}
				</details>
			)}
		</section>
	);
}

/** Numbers of about that width have to fit beside each other. */
const NUMBER_PX = 18;

/**
 * A line for each time at which something was done, and its number where there is room: what it was
 * stands in the list.
 * @param height where on its axis the numbers stand
 */
export function doneMarks(
	moments: readonly Moment[],
	axis: {
		readonly fromMs: number;
		readonly toMs: number;
		readonly widthPx: number;
	},
	height: { readonly yScaleID: string; readonly yValue: number | string },
	colours: Colours,
): readonly AnnotationOptions[] {
	const perMs = axis.widthPx / (axis.toMs - axis.fromMs);
	let lastPx = Number.NEGATIVE_INFINITY;
	return doneIn(moments)
		.filter(({ atMs }) => atMs >= axis.fromMs && atMs <= axis.toMs)
		.flatMap(({ number, atMs }): readonly AnnotationOptions[] => {
			const line: AnnotationOptions = {
				type: "line",
				drawTime: "beforeDatasetsDraw",
				xScaleID: "x",
				xMin: atMs,
				xMax: atMs,
				borderColor: colours.muted,
				borderWidth: 1,
			};
			const atPx = atMs * perMs;
			if (atPx - lastPx < NUMBER_PX) return [line];
			lastPx = atPx;
			const label: AnnotationOptions = {
				type: "label",
				xScaleID: "x",
				xValue: atMs,
				...height,
				content: String(number),
				color: colours.background,
				backgroundColor: colours.text,
				borderRadius: 8,
				padding: { x: 5, y: 1 },
				font: { size: 11, weight: "bold" },
			};
			return [line, label];
		});
}
