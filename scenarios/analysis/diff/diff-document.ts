/** What an edit of a ruleset changes, as plain data: what `marktwin diff --json` writes. */
import type { ShareDocument } from "../document/split-document.ts";
import type { FindingDocument } from "../upgrade/upgrade.ts";
import type { RuleRef } from "../walk/decision.ts";
import type { Load } from "./edits.ts";
import type { Life } from "./remembered.ts";
import type { Outcome } from "./standing.ts";

/** One of the two rulesets. */
export interface DiffSide {
	readonly file: string;
	/** Rules that the other one does not have at their place. */
	readonly rules: readonly RuleRef[];
}

/** What becomes of packets on one side. */
interface FateDocument {
	/** `10.20.0.11:80`, `dropped`, `forwarded by eth1 as it came`, `unknown: …` */
	readonly key: string;
	/** A backend gets them. */
	readonly isBackend: boolean;
	/** Of new connections, on each side. */
	readonly before: ShareDocument;
	readonly after: ShareDocument;
}

/** Values of conditions, and what both come to. */
export interface VectorDiff {
	/** `all alive`; "" where no condition is asked. */
	readonly name: string;
	readonly parts: readonly FateDocument[];
	/** The part of new connections that get something else, if both see the same stream from their load on. */
	readonly moved: ShareDocument;
	/** Draws have a part: so many at least. */
	readonly isAtLeast: boolean;
}

/** Packets to which the edit does the same. */
export interface ClassDiff {
	/** `first`: of a connection; the others come later in one. */
	readonly which: "first" | "answer" | "next" | "again";
	/** `tcp from 10.0.0.0/8 to 203.0.113.1, port 22` */
	readonly packets: string;
	/** A first packet of them, in packet notation, and by which interface it comes. */
	readonly example: string;
	readonly interface: string;
	/** Of the population; `null`: no packet of them is in it. */
	readonly measure: {
		readonly fraction: string;
		readonly percent: string;
	} | null;
	readonly verdict: "same" | "changed" | "unknown";
	/** Why it is not known, with the rule. */
	readonly why: readonly string[];
	/** All that may become of them on each side, and which rule drops. */
	readonly before: readonly string[];
	readonly after: readonly string[];
	/** The latter in a word each: `dropped`. */
	readonly becomes: readonly string[];
	/** [] where nothing differs. */
	readonly vectors: readonly VectorDiff[];
}

/** A service of one of the two, or of both. */
export interface ServiceDiff {
	/** `tcp 203.0.113.1:80` */
	readonly key: string;
	readonly name: string | null;
	readonly in: "both" | "old" | "new";
	readonly verdict: "same" | "changed" | "unknown";
	readonly classes: readonly ClassDiff[];
	/** How far the order of packets drives its shares, where that is another one: sentences of each side. */
	readonly drives: {
		readonly before: readonly string[];
		readonly after: readonly string[];
	};
}

/** What becomes of connections that stand while the edit is loaded. */
export interface LoadDiff {
	readonly backend: "legacy" | "nft";
	readonly load: Load;
	/** `iptables-restore of the new file` */
	readonly words: string;
	/** It is the router's own backend. */
	readonly isOwn: boolean;
	/** Why it is not done in this way; `null`: it can be. */
	readonly refused: string | null;
	/** Rules of the old file that are still loaded then, and of the new one that are not. */
	readonly leftOver: number;
	readonly missing: number;
	/** Policies that are others then than in the new file. */
	readonly policies: number;
	readonly connections: readonly ConnectionDiff[];
}

/** A connection that stands. */
export interface ConnectionDiff {
	/** Its service, or the packets that begin it. */
	readonly of: string;
	/** Where it goes: `10.20.0.11:80`. */
	readonly to: string;
	/** Several where counters, draws or conditions decide; the worst first. */
	readonly outcomes: readonly Outcome[];
	/** The same where nothing is loaded. */
	readonly without: readonly Outcome[];
}

/** What becomes of the counter of a rule that both have. */
interface CounterDiff {
	readonly at: RuleRef;
	readonly backend: "legacy" | "nft";
	readonly by: Readonly<Record<Load, Life>>;
}

/** Something that an edit changes, for those who allow or count it. */
export interface Change {
	readonly kind: "split" | "packets" | "later" | "connections" | "finding";
	/** What is changed. */
	readonly of: "service" | "packets" | "finding";
	/** Its name: that of the service, words for the packets, the code of a rule of the linter. */
	readonly subject: string;
	/** Other names of it: the name that comments give a service, the code of a rule. */
	readonly names: readonly string[];
	/** What becomes of it, each in a word: `dropped`, `translated`, `new`, `gone`, `broken`. */
	readonly becomes: readonly string[];
	/** In a sentence without an end. */
	readonly text: string;
	/** A rule of the new file that has a part in it; `null`: it is one of the old file, or none. */
	readonly at: RuleRef | null;
	/** The allowance that allows it; `null`: none does. */
	readonly allowed: string | null;
}

/** All that an edit of a ruleset changes. */
export interface DiffDocument {
	readonly linux: string;
	readonly before: DiffSide;
	readonly after: DiffSide;
	/** `allowed`: all that differs is allowed. `unknown`: nothing else that is known differs, and not all is known. */
	readonly verdict: "same" | "allowed" | "different" | "unknown";
	readonly changes: readonly Change[];
	/** Allowances that allow nothing. */
	readonly idle: readonly string[];
	readonly services: readonly ServiceDiff[];
	/** Packets of no service that get something else, and those of which it is not known. */
	readonly packets: readonly ClassDiff[];
	/** Of what measures are parts. */
	readonly population: string;
	readonly loads: readonly LoadDiff[];
	readonly counters: readonly CounterDiff[];
	readonly findings: {
		readonly gone: readonly FindingDocument[];
		readonly fresh: readonly FindingDocument[];
	};
	/** What is not known: a sentence each. */
	readonly unknown: readonly string[];
	/**
	 * Changed rules that no walked packet fits, and what packets may differ by that walked ones do not vary: unknown as well
	 * where nothing else differs that is not allowed.
	 */
	readonly unmet: readonly string[];
	/** What is assumed of the machine. */
	readonly assumptions: readonly string[];
	/** Options that tell how it really is. */
	readonly toldBy: readonly string[];
	/** Kinds of packets that were walked through both. */
	readonly walked: number;
}
