/** Bars over equal stretches of time. */
import type { Stretches } from "../../contract/report.ts";
import { time } from "../parts/format.ts";
import type { Dataset } from "./axes.ts";

/** A bar for each stretch, in its middle, as wide as it; nothing where there are only zeros. */
export function stretchBars(
	{ fromMs, stretchMs }: Pick<Stretches, "fromMs" | "stretchMs">,
	counts: readonly number[],
	look: {
		readonly label: string;
		readonly backgroundColor: string | CanvasPattern;
		/** Left out: those of the picture's only axis. */
		readonly yAxisID?: string;
		readonly stack?: string;
	},
): readonly Dataset[] {
	if (counts.every((count) => count === 0)) return [];
	const data = counts.map((y, at) => ({
		x: fromMs + (at + 0.5) * stretchMs,
		y,
	}));
	return [
		{
			type: "bar",
			data,
			categoryPercentage: 1,
			barPercentage: 1,
			...look,
		},
	];
}

/** `2.5 s … 3 s`: the stretch that a bar in the middle of it stands for. */
export function stretchName(
	middleMs: number,
	{ stretchMs }: Pick<Stretches, "stretchMs">,
): string {
	const half = stretchMs / 2;
	return `${time(middleMs - half)} … ${time(middleMs + half)}`;
}
