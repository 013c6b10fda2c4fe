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
	readonly switched: string;
	readonly idle: string;
	readonly none: string;
	/** By backend, again from the beginning when there are more. */
	readonly backends: readonly string[];
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
		switched: of("switched"),
		idle: of("idle"),
		none: of("none"),
		backends: ["b0", "b1", "b2", "b3", "b4", "b5"].map(of),
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
