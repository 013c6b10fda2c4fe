import type { Linux } from "../../sim/linux/linux.ts";

/** Which lab, when there are several. */
export interface WhichLab {
	readonly lab?: string;
}

export interface ShellOptions extends WhichLab {
	/** Hand standard input on to the command. */
	readonly stdin: boolean;
}

export interface UpOptions {
	readonly rules?: string;
	readonly kernel?: string;
	readonly linux: Linux;
}

export interface MeasureOptions {
	readonly runs: number;
	readonly json?: string;
	readonly kernel?: string;
}
