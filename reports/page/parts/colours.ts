/** The colours of the pictures: those of the style sheet, which knows light, dark and paper. */

export interface Colours {
	readonly text: string;
	readonly muted: string;
	readonly grid: string;
	readonly background: string;
	/** Of what is written on the others. */
	readonly onColour: string;
	readonly good: string;
	readonly bad: string;
	/** What somebody believes: the same, softer, with text on it. */
	readonly goodSoft: string;
	readonly badSoft: string;
	readonly switched: string;
	readonly idle: string;
	readonly none: string;
	/** By backend, again from the beginning when there are more than these. */
	readonly backends: readonly string[];
}

/** So many stand in the style sheet: `--b0` … */
const BACKEND_COLOURS = 12;

/** The class of the style sheet that has a backend's colour. */
export function colourClass(backend: number): string {
	return `b${backend % BACKEND_COLOURS}`;
}

export function coloursNow(): Colours {
	const style = getComputedStyle(document.documentElement);
	const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
	return {
		text: of("text"),
		muted: of("muted"),
		grid: of("line"),
		background: of("background"),
		onColour: of("on-colour"),
		good: of("good"),
		bad: of("bad"),
		goodSoft: of("good-soft"),
		badSoft: of("bad-soft"),
		switched: of("switched"),
		idle: of("idle"),
		none: of("none"),
		backends: Array.from({ length: BACKEND_COLOURS }, (_, at) => of(`b${at}`)),
	};
}

/** The colour of a backend, and of none (-1, or one past the last). */
export function colourOf(
	colours: Colours,
	backend: number,
	backends: number,
): string {
	if (backend < 0 || backend >= backends) return colours.none;
	return colours.backends[backend % colours.backends.length] ?? colours.none;
}

/** `#0072b2` with an opacity. */
export function faded(colour: string, opacity: number): string {
	const share = Math.round(opacity * 255)
		.toString(16)
		.padStart(2, "0");
	return `${colour}${share}`;
}

/**
 * What a backend lost: its own colour, crossed out in red, so that nobody takes it for a backend of
 * its own.
 */
export function crossedOut(
	colour: string,
	colours: Colours,
): CanvasPattern | string {
	const size = 6;
	const tile = document.createElement("canvas");
	tile.width = size;
	tile.height = size;
	const pen = tile.getContext("2d");
	if (pen === null) return colours.bad;
	pen.fillStyle = faded(colour, 0.45);
	pen.fillRect(0, 0, size, size);
	pen.strokeStyle = colours.bad;
	pen.lineWidth = 2;
	pen.beginPath();
	// Also beyond the corners, so that the lines of neighbouring tiles meet.
	for (const from of [-size, 0, size]) {
		pen.moveTo(from - 1, size + 1);
		pen.lineTo(from + size + 1, -1);
	}
	pen.stroke();
	return pen.createPattern(tile, "repeat") ?? colours.bad;
}

/**
 * Calls back when the system turns light or dark, and around printing: paper is light.
 * @returns a function that ends it
 */
export function onColoursChange(
	redraw: (isPrint: boolean) => void,
): () => void {
	const dark = matchMedia("(prefers-color-scheme: dark)");
	const turned = () => redraw(false);
	const printing = () => {
		document.documentElement.classList.add("on-paper");
		redraw(true);
	};
	const printed = () => {
		document.documentElement.classList.remove("on-paper");
		redraw(false);
	};
	dark.addEventListener("change", turned);
	addEventListener("beforeprint", printing);
	addEventListener("afterprint", printed);
	return () => {
		dark.removeEventListener("change", turned);
		removeEventListener("beforeprint", printing);
		removeEventListener("afterprint", printed);
	};
}
