/**
 * A ruleset as data: what `iptables-save` prints, taken apart. Produced by `parse.ts`, printed by
 * `print.ts`, checked by `load-check.ts`, compiled by `netfilter/compile.ts`.
 */

import type { Address } from "../packet/packet.ts";
import type { Need } from "./need.ts";

/** The tables of iptables. @public */
export type TableName = "raw" | "mangle" | "nat" | "filter" | "security";

/** A ruleset as data: what `iptables-save` prints. @public */
export interface Ruleset {
	/** In the order in which they were first loaded (iptables-save prints the last one first). */
	readonly tables: readonly Table[];
}

/** A table with its chains. @public */
export interface Table {
	readonly name: TableName;
	/** Built-in chains first, in the order of their hooks, then user-defined ones sorted by name. */
	readonly chains: readonly Chain[];
}

/** A chain of a table, with its rules in order. @public */
export interface Chain {
	readonly name: string;
	/** `null` for a user-defined chain. */
	readonly policy: "ACCEPT" | "DROP" | null;
	/** Of the policy. */
	readonly counters: Counters;
	readonly rules: readonly Rule[];
	/**
	 * What the kernel lacks of a built-in chain, under iptables-nft alone: the chain itself, until something is put
	 * into it, or its policy's counters. iptables-save prints such a chain with `[0:0]`. Left out: nothing.
	 */
	readonly lacks?: "chain" | "counters";
}

/** Packets and octets that were counted. @public */
export interface Counters {
	readonly packets: number;
	readonly bytes: number;
}

/** A rule: what it compares packets with, and its target. @public */
export interface Rule {
	readonly header: RuleHeader;
	readonly matches: readonly MatchUse[];
	/** What happens to a matching packet: nothing but counting when `null`. */
	readonly target: TargetUse | null;
	readonly counters: Counters;
	/** Line of the file that the rule came from, from 1; 0 when it came from no file. */
	readonly line: number;
	/**
	 * Which rule it is, among all that its gateway ever loaded: given when it is loaded, and kept by edits
	 * that leave the rule alone. As nft's handles; iptables-save does not show it.
	 */
	readonly handle?: number;
	/** Where names of it are open: it is a stand-in then. */
	readonly asWritten?: AsWritten;
}

/** What is known of a rule with names that only the machine knows on which it is loaded. @public */
export interface AsWritten {
	readonly needs: readonly Need[];
	/** Its words, each with a blank in front; without a jump to a chain or a verdict. */
	readonly words: string;
}

/** The part of a rule that every packet is compared with first (`struct ipt_ip`). @public */
export interface RuleHeader {
	readonly source: AddressMask;
	readonly destination: AddressMask;
	readonly inInterface: InterfaceMatch | null;
	readonly outInterface: InterfaceMatch | null;
	/** Protocol number; 0 is any. */
	readonly protocol: number;
	readonly protocolInverted: boolean;
	/** `-f`: second and further fragments. */
	readonly fragment: "only" | "never" | null;
}

/** A network that addresses are compared with, as 32-bit integers; `inverted` is `!`. @public */
export interface AddressMask {
	readonly address: Address;
	readonly mask: Address;
	readonly inverted: boolean;
}

/** An interface that names are compared with; `inverted` is `!`. @public */
export interface InterfaceMatch {
	/** A trailing `+` matches any name that begins so. */
	readonly name: string;
	readonly inverted: boolean;
	/** What iptables-save takes it for, where that is another one. */
	readonly savedAs?: Omit<InterfaceMatch, "savedAs">;
}

/** A match as a rule uses it; `options` belong to the extension of that name and are plain data. @public */
export interface MatchUse {
	readonly name: string;
	readonly options: object;
}

/** `-j` or `-g`. `options` is `null` for a chain, ACCEPT, DROP, RETURN and QUEUE. @public */
export type TargetUse =
	| {
			readonly kind: "verdict";
			readonly name: "ACCEPT" | "DROP" | "RETURN" | "QUEUE";
	  }
	| { readonly kind: "jump"; readonly chain: string }
	| { readonly kind: "goto"; readonly chain: string }
	| {
			readonly kind: "extension";
			readonly name: string;
			readonly options: object;
	  };
