import type { DriverChoice } from "../options/driver-option.ts";
import type { OutputOptions } from "../options/output-options.ts";
import type { Shard } from "../options/read-option.ts";

export interface FuzzOptions extends OutputOptions {
	readonly with: DriverChoice<"vm">;
	readonly seed?: number;
	readonly runs: number;
	readonly minutes?: number;
	readonly path?: string;
	readonly shard?: Shard;
	readonly machines?: number;
	readonly kernel?: string;
	/** Folder for findings. */
	readonly save: string;
}
