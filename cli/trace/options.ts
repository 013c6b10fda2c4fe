import type { WorldOptions } from "../options/world-options.ts";

export interface TraceOptions extends WorldOptions {
	readonly packet: readonly TracedPacket[];
	readonly in: readonly string[];
	readonly condition: readonly Assignment[];
	readonly address: readonly Assignment[];
	readonly route: readonly string[];
	readonly sysctl: readonly Assignment[];
	readonly seed: number;
	/** Print the lines that the kernel logs for `-j TRACE`, and nothing else. */
	readonly kernelLog: boolean;
}

export interface TracedPacket {
	/** In one-line notation. */
	readonly text: string;
	/** How many `--in` stood before it: it comes in by the last of them. */
	readonly interfacesBefore: number;
}

/** `NAME=VALUE`. */
export interface Assignment {
	readonly name: string;
	readonly value: string;
}
