/**
 * The part of the contract that the page alone reads. Most of a report is what stands behind its
 * scenarios, and a reader opens few of them: the page reads a row of each at the start, and unpacks
 * the rest where it is opened.
 */
import type { Entry, Reason, Report, SharesView } from "./report.ts";

/** What the page reads at its start. */
export interface PageHead
	extends Omit<Report, "entries" | "rulesets" | "walks"> {
	readonly entries: readonly EntryRow[];
}

/** A scenario in a line. */
export interface EntryRow
	extends Pick<
		Entry,
		| "id"
		| "name"
		| "suite"
		| "title"
		| "story"
		| "trap"
		| "status"
		| "restsOnAssumed"
		| "backends"
	> {
	readonly noun: Entry["connections"]["noun"];
	readonly total: number;
	readonly lost: number;
	readonly late: number;
	/** The longest failover gap; `ms` is `null` where no failover was seen. `null`: no failure lost or delayed a connection. */
	readonly gap: { readonly ms: number | null } | null;
	/** What was expected of shares, a violated one first; `null` where nothing was. */
	readonly shares: SharesView | null;
	/** Connections by backend, and last those that reached none; [] where there were none. */
	readonly totals: readonly number[];
	/**
	 * Heights of the strip, a digit for each of the equal stretches of the whole play: new connections by
	 * backend that were not lost, then those of no backend, and last those that were lost. In base 36; the
	 * fullest stretch has 35 in all. [] where there were no connections.
	 */
	readonly bars: readonly string[];
	/** The first thing that keeps it from holding; `null` where it holds. */
	readonly reason: Reason | null;
	/** The pack that it stands in whole. */
	readonly pack: number;
}

/** Some scenarios whole, with the rulesets and walks that they name. */
export type Pack = Pick<Report, "entries" | "rulesets" | "walks">;
