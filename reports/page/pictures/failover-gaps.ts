/** Failover gaps as boxes over the connections that they cost, with their lengths where there is room. */
import type { AnnotationOptions } from "chartjs-plugin-annotation";
import type { Gap } from "../../contract/report.ts";
import { type Colours, faded } from "../parts/colours.ts";
import { milliseconds } from "../parts/format.ts";

interface Axis {
	readonly fromMs: number;
	readonly toMs: number;
	readonly widthPx: number;
}

/** From where to where on the picture. */
interface Place {
	readonly fromPx: number;
	readonly toPx: number;
}

/** A sign of a name is about so wide. */
const SIGN_PX = 7;

/** The list above the picture has them all; here only those are named that do not stand in each other's way. */
export function gapMarks(
	gaps: readonly Gap[],
	axis: Axis,
	colours: Colours,
): readonly AnnotationOptions[] {
	const taken: Place[] = [];
	return gaps.flatMap((gap) => {
		const { noticedMs, lost, late } = gap;
		const noticed = noticedMs === null ? [] : [noticedAt(noticedMs, colours)];
		if (lost + late === 0) return noticed;
		const name = nameOf(gap, axis, taken, colours);
		return [boxOf(gap, axis, colours), ...name, ...noticed];
	});
}

function endOf({ servedMs, recoveredMs }: Gap, { toMs }: Axis): number {
	return servedMs ?? recoveredMs ?? toMs;
}

function boxOf(gap: Gap, axis: Axis, colours: Colours): AnnotationOptions {
	return {
		type: "box",
		drawTime: "beforeDatasetsDraw",
		xScaleID: "x",
		yScaleID: "counts",
		xMin: gap.failedMs,
		xMax: endOf(gap, axis),
		backgroundColor: faded(colours.bad, 0.1),
		borderColor: faded(colours.bad, 0.5),
		borderWidth: 1,
		borderDash: [4, 3],
	};
}

function noticedAt(atMs: number, colours: Colours): AnnotationOptions {
	return {
		type: "line",
		xScaleID: "x",
		xMin: atMs,
		xMax: atMs,
		borderColor: colours.muted,
		borderWidth: 1,
		borderDash: [2, 3],
	};
}

/** Behind the gap, before it, or in it, wherever the name fits first; none where it does not. */
function nameOf(
	gap: Gap,
	axis: Axis,
	taken: Place[],
	colours: Colours,
): readonly AnnotationOptions[] {
	const { failedMs, servedMs } = gap;
	const content =
		servedMs === null
			? "no failover"
			: `failover gap ${milliseconds(servedMs - failedMs)}`;
	const endMs = endOf(gap, axis);
	const lengthPx = content.length * SIGN_PX + 12;
	const pixel = (atMs: number) =>
		((atMs - axis.fromMs) / (axis.toMs - axis.fromMs)) * axis.widthPx;
	const choices = [
		{ xValue: endMs, x: "start", fromPx: pixel(endMs) },
		{ xValue: failedMs, x: "end", fromPx: pixel(failedMs) - lengthPx },
		{ xValue: failedMs, x: "start", fromPx: pixel(failedMs) },
	] as const;
	const found = choices.find(
		({ fromPx }) =>
			fromPx >= 0 &&
			fromPx + lengthPx <= axis.widthPx &&
			taken.every((one) => fromPx + lengthPx < one.fromPx || fromPx > one.toPx),
	);
	if (found === undefined) return [];
	taken.push({ fromPx: found.fromPx, toPx: found.fromPx + lengthPx });
	return [
		{
			type: "label",
			xScaleID: "x",
			yScaleID: "counts",
			xValue: found.xValue,
			yValue: (context) => context.chart.scales.counts?.max ?? 0,
			position: { x: found.x, y: "start" },
			content,
			color: colours.bad,
			backgroundColor: faded(colours.background, 0.85),
			font: { weight: "bold", size: 12 },
		},
	];
}
