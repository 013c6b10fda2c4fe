/** The part of the contract that is about what an edit of a ruleset changes. */
import type { PartView } from "./report-verdict.ts";

/** What an edit changes: two rulesets on one machine. */
export interface DiffView {
	readonly before: string;
	readonly after: string;
	/** `bookworm/legacy` */
	readonly linux: string;
	readonly verdict: "same" | "allowed" | "different" | "unknown";
	/** `2 rules removed, 3 rules added` */
	readonly summary: string;
	/** What differs, a sentence without an end for each; and the allowance that allows it, "" for none. */
	readonly changes: readonly {
		readonly text: string;
		readonly allowed: string;
	}[];
	/** Allowances that allow nothing. */
	readonly idle: readonly string[];
	/** Those that differ, or of which it is not known. */
	readonly services: readonly ServiceDiffView[];
	/** Names of the others. */
	readonly sameServices: readonly string[];
	readonly packets: readonly PacketsDiffView[];
	readonly loads: readonly LoadDiffView[];
	/** Counters of rules that both have, by each way to load the edit; "" where all are kept. */
	readonly counters: string;
	readonly fresh: readonly FindingDiffView[];
	readonly gone: readonly FindingDiffView[];
	/** What is not known: a sentence each. */
	readonly unknown: readonly string[];
	readonly assumptions: readonly string[];
	/** Lists that were cut: `12 more kinds of packets`. */
	readonly omitted: readonly string[];
}

export interface ServiceDiffView {
	/** `tcp 203.0.113.1:80` */
	readonly key: string;
	/** "" when no comment names it. */
	readonly name: string;
	/** `gone`, `new`; "" where both have it. */
	readonly is: "gone" | "new" | "";
	readonly classes: readonly ClassDiffView[];
	/** Kinds of clients that get the same. */
	readonly same: readonly string[];
	/** How far the order of packets drives its shares, where that differs: a sentence each. */
	readonly drives: {
		readonly before: readonly string[];
		readonly after: readonly string[];
	};
}

/** Clients, or later packets of theirs, to which the edit does the same. */
export interface ClassDiffView {
	/** `all clients`, `all clients, the answer` */
	readonly name: string;
	/** Why it is not known; [] where it is. */
	readonly unknown: readonly string[];
	/** What becomes of all of them, on each side; `null` where they are shared out. */
	readonly fate: { readonly before: string; readonly after: string } | null;
	readonly vectors: readonly VectorDiffView[];
}

/** The shares under one vector of conditions, before and after. */
export interface VectorDiffView {
	/** `all alive`; "" where no condition is asked. */
	readonly name: string;
	readonly before: readonly PartView[];
	readonly after: readonly PartView[];
	/** `1/4 (25 %) of new connections go elsewhere`; "" where none does. */
	readonly moved: string;
}

/** Packets of no service that get something else. */
export interface PacketsDiffView {
	/** `tcp from 10.66.0.0/16 to 10.20.0.11, port 22` */
	readonly packets: string;
	/** `< 0.1 % of all`; "" where it is not measured. */
	readonly measure: string;
	readonly before: string;
	readonly after: string;
	/** A packet of them, for `marktwin trace`; "" where there is none. */
	readonly example: string;
}

/** Connections that stand while the edit is loaded in one way. */
export interface LoadDiffView {
	/** `iptables-restore of the new file` */
	readonly words: string;
	/** `legacy (the router's own), nft` */
	readonly backends: string;
	/** `2 kept, 2 broken`; or why it is refused. */
	readonly outcome: string;
	readonly isRefused: boolean;
	/** What it costs: connections that the edit moves, breaks or leaves untranslated; rules that are left. */
	readonly lines: readonly string[];
}

export interface FindingDiffView {
	/** `MT104` */
	readonly code: string;
	readonly name: string;
	/** `line 12` */
	readonly place: string;
	readonly message: string;
}
