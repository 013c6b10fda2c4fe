/** One thing in which Linuxes differ, and what makes it of values by kernel, by iptables or by backend. */
import type { Backend, IptablesVersion, KernelSeries, Linux } from "./linux.ts";

/**
 * Value of a difference where a kernel does what the model does not follow. Where a play meets it, the
 * model throws an `UnknownSignal` with `notFollowed` (`behaviour.ts`), so that the play is unknown.
 */
export const NOT_FOLLOWED = "not followed";

/** One thing in which Linuxes differ. */
export interface Difference<Value> {
	/** What it is about, for a table's first column: `first port of a range`. */
	readonly title: string;
	/** Whose difference it is. */
	readonly of:
		| "kernel"
		| "iptables"
		| "backend"
		| "iptables and backend"
		| "kernel and backend";
	valueOn(linux: Linux): Value;
	/** What a value means, as a sentence. */
	says(value: Value): string;
	/** Symbol and file of the kernel, or commit of iptables. */
	readonly source: string;
	/** What it means for a router that is upgraded, as a sentence. */
	readonly matters: string;
	/**
	 * Name of a built-in scenario that holds where the default Linux's value is, and is violated with any
	 * other, or unknown where the model does not follow it. `null` where no packet and no command shows it, or
	 * chance alone does: then `saved`, `setting` or `traced` does.
	 */
	readonly scenario: string | null;
	/** Rules of a table, filter unless another one is named, and how iptables-save prints them where the default Linux's value is, and nowhere else. */
	readonly saved?: {
		readonly table?: string;
		readonly rules: string;
		readonly as: string;
	};
	/** A setting that has this value where the default Linux's value is, and nowhere else. */
	readonly setting?: { readonly name: string; readonly value: number };
	/** Rules of the table filter, and a line that TRACE has of a packet to the router where the default Linux's value is, and nowhere else. */
	readonly traced?: { readonly rules: string; readonly as: string };
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

/** Of the kernel, which asks whose rule it is. */
export function byKernelAndBackend<Value>(
	values: Readonly<Record<Backend, Readonly<Record<KernelSeries, Value>>>>,
	about: About<Value>,
): Difference<Value> {
	return {
		...about,
		of: "kernel and backend",
		valueOn: ({ backend, kernel }) => values[backend][kernel],
	};
}

/** Of the version of iptables, whichever its backend. */
export function byIptables<Value>(
	values: Readonly<Record<IptablesVersion, Value>>,
	about: About<Value>,
): Difference<Value> {
	return {
		...about,
		of: "iptables",
		valueOn: ({ iptables }) => values[iptables],
	};
}

/** Of iptables-nft, by its version; all versions of iptables-legacy are alike. */
export function byNft<Value>(
	legacy: Value,
	nft: Readonly<Record<IptablesVersion, Value>>,
	about: About<Value>,
): Difference<Value> {
	return {
		...about,
		of: "iptables and backend",
		valueOn: ({ backend, iptables }) =>
			backend === "legacy" ? legacy : nft[iptables],
	};
}

/** Of the program: each version of each backend. */
export function byProgram<Value>(
	values: Readonly<Record<Backend, Readonly<Record<IptablesVersion, Value>>>>,
	about: About<Value>,
): Difference<Value> {
	return {
		...about,
		of: "iptables and backend",
		valueOn: ({ backend, iptables }) => values[backend][iptables],
	};
}
