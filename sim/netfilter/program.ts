/** A compiled table: rows of numbers and records of one shape, as the walk reads them. */
import type { AddressMask, Chain, Table } from "../contract/ruleset.ts";
import type { Action, Test } from "../extension/extension.ts";
import type { Behaviour } from "../linux/behaviour.ts";
import type { Cells } from "./cells.ts";
import type { RuleIndex } from "./lookup/rule-index.ts";

/** What a node does with a packet that it matches; `count` is nothing but that. */
export type NodeKind =
	| "count"
	| "accept"
	| "drop"
	| "return"
	| "jump"
	| "goto"
	| "extension"
	| "queue";

/**
 * A rule, or the end of a chain. All nodes have one shape, and what does not matter is `null`: the
 * walk reads them for every packet.
 */
export interface Node {
	/** Does it ask anything of the header? Mostly not, which skips the next six. */
	asksHeader: boolean;
	source: AddressMask | null;
	destination: AddressMask | null;
	protocol: { readonly number: number; readonly inverted: boolean } | null;
	/** By interface index: does it fit? */
	inInterfaces: Uint8Array | null;
	outInterfaces: Uint8Array | null;
	/** `-f`: further fragments only, or none of them. */
	fragment: "only" | "never" | null;
	test: Test | null;
	/** The same for fragments, of which matches know less. */
	fragmentTest: Test | null;
	kind: NodeKind;
	/** Where the chain's next rule is looked up that a whole packet may match; `null`: it is walked. */
	index: ChainIndex | null;
	/** First node of the chain that a jump or goto leads to. */
	target: number;
	action: Action | null;
}

/** An index over a chain's rules, and the node of the first one. */
export interface ChainIndex {
	readonly first: number;
	readonly rules: RuleIndex;
}

/** In `entries`, of a hook at which the table has no chain. */
export const NO_CHAIN = -1;

/** A compiled table. */
export interface Program {
	readonly table: Table;
	/** By hook: first node of the built-in chain, or -1 where there is none; and its policy's node. */
	readonly entries: Int32Array;
	readonly underflows: Int32Array;
	readonly nodes: readonly Readonly<Node>[];
	/** Packets and octets of each node. */
	readonly counters: Float64Array;
	/** What is traced and shown of its rules. */
	readonly behaviour: Behaviour;
	/** What its rules remember. */
	readonly cells: Cells;
	/** Chain of a node, and its number in it, from 1. */
	readonly chains: readonly Chain[];
	readonly numbers: Int32Array;
	/** Scratch of a walk: the jumps that it returns to. No chain jumps in a circle, so none is there twice (`jumpstack`). */
	readonly jumpStack: Int32Array;
}
