/** A picture by chart.js, drawn when it comes into sight, and again when the colours change, for paper say. */
import {
	BarController,
	BarElement,
	CategoryScale,
	Chart,
	type ChartConfiguration,
	Filler,
	Legend,
	LinearScale,
	LineController,
	LineElement,
	LogarithmicScale,
	PointElement,
	ScatterController,
	Tooltip,
} from "chart.js";
import annotation from "chartjs-plugin-annotation";
import { useEffect, useRef } from "preact/hooks";
import { type Colours, coloursNow, onColoursChange } from "../parts/colours.ts";

// Only what is used: the rest of chart.js stays out of the page.
Chart.register(
	annotation,
	BarController,
	BarElement,
	CategoryScale,
	Filler,
	Legend,
	LinearScale,
	LineController,
	LineElement,
	LogarithmicScale,
	PointElement,
	ScatterController,
	Tooltip,
);
Chart.defaults.animation = false;
Chart.defaults.maintainAspectRatio = false;
Chart.defaults.font.family = "system-ui, sans-serif";

/** Drawn before it comes into sight, so that a reader who scrolls meets no hole. */
const AHEAD = "1000px 0px";

export type PictureConfig = Omit<ChartConfiguration, "type"> & {
	readonly type: "bar" | "line" | "scatter";
};

export function Picture({
	label,
	heightPx,
	config,
}: {
	/** What it shows, for those who do not see it. */
	readonly label: string;
	readonly heightPx: number;
	/** Of so many pixels in width. */
	readonly config: (colours: Colours, widthPx: number) => PictureConfig;
}) {
	const canvas = useRef<HTMLCanvasElement>(null);
	useEffect(() => {
		const element = canvas.current;
		if (element === null) return;
		let chart: Chart | null = null;
		const draw = () => {
			chart?.destroy();
			const colours = coloursNow();
			Chart.defaults.color = colours.text;
			Chart.defaults.borderColor = colours.grid;
			const widthPx = element.parentElement?.clientWidth ?? 0;
			chart = new Chart(
				element,
				config(colours, widthPx) as ChartConfiguration,
			);
		};
		const seen = new IntersectionObserver(
			(entries) => {
				if (!entries.some((entry) => entry.isIntersecting)) return;
				seen.disconnect();
				draw();
			},
			{ rootMargin: AHEAD },
		);
		seen.observe(element);
		const stopListening = onColoursChange((isPrint) => {
			if (chart === null && !isPrint) return;
			draw();
		});
		return () => {
			seen.disconnect();
			stopListening();
			chart?.destroy();
		};
	}, []);
	return (
		<div class="picture" style={{ height: `${heightPx}px` }}>
			<canvas ref={canvas} role="img" aria-label={label} />
		</div>
	);
}
