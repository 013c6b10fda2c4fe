/**
 * What a line says: in a file for iptables-restore, or given to `iptables` alone. `change-table.ts`
 * carries it out.
 */
import type { Counters, Rule, TableName } from "../../contract/ruleset.ts";

/** Those of a rule that no packet has met. One object for all of them. */
export const NO_COUNTERS: Counters = { packets: 0, bytes: 0 };

/** A line that is given to `iptables`. */
export interface CommandLine {
	readonly file: string;
	/** As it was written, for pointing at faults. */
	readonly text: string;
	readonly table: TableName;
	readonly command: Command;
}

/** One line. `line` counts from 1; chains are named as they were written. */
export type Command = { readonly line: number } & (
	| {
			/** `:CHAIN POLICY [packets:bytes]`; "-" for no policy. */
			readonly kind: "chain";
			readonly chain: string;
			readonly policy: string;
			/** `null`: none were written, or they are malformed. */
			readonly counters: Counters | null;
	  }
	| {
			readonly kind: "append";
			readonly chain: string;
			/** Several when lists of addresses were given. */
			readonly rules: readonly Rule[];
	  }
	| {
			/** By specification. */
			readonly kind: "delete" | "check";
			readonly chain: string;
			readonly rules: readonly Rule[];
	  }
	| {
			/** `number` counts from 1; of several rules the last one gets it. */
			readonly kind: "insert" | "replace";
			readonly chain: string;
			readonly number: number;
			readonly rules: readonly Rule[];
	  }
	| {
			readonly kind: "delete-number";
			readonly chain: string;
			readonly number: number;
	  }
	| {
			/** `chain` is `null` for all of the table. */
			readonly kind: "delete-chain";
			readonly chain: string | null;
	  }
	| {
			/** Verbose, iptables-nft goes from chain to chain. */
			readonly kind: "flush";
			readonly chain: string | null;
			readonly isVerbose: boolean;
	  }
	| {
			readonly kind: "zero";
			readonly chain: string | null;
			/** Of a single rule; `null` for all of the chain. */
			readonly number: number | null;
			/** `-L` or `-S` stand beside it. */
			readonly listing: boolean;
	  }
	| { readonly kind: "new-chain"; readonly chain: string }
	| { readonly kind: "rename"; readonly chain: string; readonly to: string }
	| {
			readonly kind: "policy";
			readonly chain: string;
			readonly policy: string;
			readonly counters: Counters | null;
	  }
	/** `-L`, `-S`: of all chains, or of one, which has to be there. */
	| { readonly kind: "list"; readonly chain: string | null }
	/** `-6`: changes nothing. */
	| { readonly kind: "nothing" }
);
