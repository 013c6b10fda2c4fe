/** What an entry of the table of differences between Linuxes is, and how entries are made. */
import type { Backend, KernelSeries, Linux } from "./linux.ts";

/** One thing in which Linuxes differ. */
export interface Difference<Value> {
	/** What it is about, for a table's first column: `first port of a range`. */
	readonly title: string;
	/** Whose difference it is. */
	readonly of: "kernel" | "iptables" | "backend" | "iptables and backend";
	valueOn(linux: Linux): Value;
	/** What a value means, as a sentence. */
	says(value: Value): string;
	/** Symbol and file of the kernel, or commit of iptables. */
	readonly source: string;
	/** What it means for a router that is upgraded, as a sentence. */
	readonly matters: string;
	/** Name of a built-in scenario that holds where the default Linux's value is, and is violated with any other. */
	readonly scenario: string;
}

export type About<Value> = Omit<Difference<Value>, "of" | "valueOn">;

/** Of the kernel alone. */
export function byKernel<Value>(
	values: Readonly<Record<KernelSeries, Value>>,
	about: About<Value>,
): Difference<Value> {
	return { ...about, of: "kernel", valueOn: ({ kernel }) => values[kernel] };
}

/** Of the backend, in all versions. */
export function byBackend<Value>(
	values: Readonly<Record<Backend, Value>>,
	about: About<Value>,
): Difference<Value> {
	return { ...about, of: "backend", valueOn: ({ backend }) => values[backend] };
}
