import type { Observation } from "../../sim/contract/gateway.ts";
import { readSaved, type SavedLine } from "../result/saved-ruleset.ts";

/** The box at a moment, everything in the kernel's spelling. */
export interface Snapshot {
	/** "" is the end. */
	readonly label: string;
	readonly atMs: number;
	readonly rules: readonly SavedLine[];
	/** The first entries, and how many there are. */
	readonly conntrack: readonly string[];
	readonly entries: number;
	readonly conditions: Readonly<Record<string, 0 | 1>>;
}

/** A table may hold hundreds of thousands; nobody reads them all. */
const MOST_ENTRIES = 100;

export function snapshotOf(
	about: { readonly label: string; readonly atMs: number },
	{ ruleset, conntrack, conditions }: Observation,
): Snapshot {
	return {
		...about,
		rules: readSaved(ruleset),
		conntrack: conntrack.slice(0, MOST_ENTRIES).map(({ text }) => text),
		entries: conntrack.length,
		conditions,
	};
}
