/**
 * The walk of a packet through one table at one hook (`ipt_do_table`, net/ipv4/netfilter/ip_tables.c,
 * 6.1). This is the inner loop: records of one shape, numbers and closures, nothing allocated.
 */

import type { AddressMask } from "../contract/ruleset.ts";
import { UnknownSignal } from "../contract/unknown-signal.ts";
import type { Action } from "../extension/extension.ts";
import type { Address } from "../packet/packet.ts";
import {
	NF_ACCEPT,
	NF_DROP,
	NF_QUEUE,
	type Skb,
	VERDICT_BITS,
	XT_CONTINUE,
} from "../packet/skb/skb.ts";
import { printRule } from "../ruleset/print.ts";
import type { Tracer } from "./netfilter.ts";
import type { ChainIndex, Node, Program } from "./program.ts";

/**
 * Walks the table's built-in chain of the hook that the packet is at.
 * @param tracer `null` costs nothing
 * @returns NF_ACCEPT, or another verdict `NF_*` above which its node stands (`VERDICT_BITS`)
 * @throws UnknownSignal with the rule, when the model does not know how this goes on
 */
export function traverse(
	program: Program,
	skb: Skb,
	tracer: Tracer | null,
): number {
	const { nodes, counters, jumpStack } = program;
	const { hook } = skb;
	const isWhole = skb.fragment === null;
	let at = program.entries[hook] as number;
	let depth = 0;
	// Nodes are counted where the walk leaves a chain, so that those within one cost nothing.
	let from = at;
	let walked = 0;
	/** Rules before this one are not looked up. */
	let lookFrom = 0;
	try {
		for (;;) {
			const node = nodes[at] as Node;
			if (node.index !== null && isWhole && at >= lookFrom) {
				const next = nextIn(node.index, skb, at);
				const { worth } = node.index.rules;
				// Where a packet matches one rule after the other, asking each is faster.
				lookFrom = next - at < worth ? next + worth : next + 1;
				if (next !== at) {
					at = next;
					continue;
				}
			}
			const test = isWhole ? node.test : node.fragmentTest;
			if (
				(node.asksHeader && !headerFits(node, skb)) ||
				(test !== null && !test(skb))
			) {
				if (skb.hotdrop) {
					if (tracer !== null) tellOfDrop(program, at, skb, tracer);
					return spoken(at, NF_DROP);
				}
				at++;
				continue;
			}
			counters[at * 2] = (counters[at * 2] as number) + 1;
			counters[at * 2 + 1] = (counters[at * 2 + 1] as number) + skb.length;
			if (tracer !== null) tracer.reached(program, at, skb);
			const { kind } = node;
			if (kind === "extension") {
				const verdict = (node.action as Action)(skb);
				if (tracer !== null) tracer.left(skb, skb.hotdrop ? NF_DROP : verdict);
				if (skb.hotdrop) return spoken(at, NF_DROP);
				if (verdict !== XT_CONTINUE) return spoken(at, verdict);
				at++;
				continue;
			}
			if (tracer !== null) tracer.left(skb, XT_CONTINUE);
			switch (kind) {
				case "count":
					at++;
					break;
				case "accept":
					return NF_ACCEPT;
				case "drop":
					return spoken(at, NF_DROP);
				case "queue":
					return spoken(at, NF_QUEUE);
				default:
					walked = countedTo(walked + at - from);
					if (kind === "jump") jumpStack[depth++] = at;
					if (kind !== "return") at = node.target;
					// From a built-in chain a return leads to its policy.
					else if (depth === 0) at = program.underflows[hook] as number;
					else at = (jumpStack[--depth] as number) + 1;
					from = at;
					lookFrom = 0;
			}
		}
	} catch (error) {
		if (error instanceof UnknownSignal && error.place === null)
			error.place = placeOf(program, at);
		throw error;
	}
}

/** nf_tables names the rule whose match drops a packet (`nft_match_eval`), ip_tables none. */
function tellOfDrop(
	program: Program,
	at: number,
	skb: Skb,
	tracer: Tracer,
): void {
	if (program.behaviour.trace === "log") return;
	tracer.reached(program, at, skb);
	tracer.left(skb, NF_DROP);
}

/** The first node from this one on that a whole packet may match. A fragment may be dropped by one that it does not match (`hotdrop`). */
function nextIn({ first, rules }: ChainIndex, skb: Skb, at: number): number {
	return first + rules.next(skb, at - first);
}

/**
 * Nodes that a packet may pass in one table. A kernel goes on, for hours if it comes to that: 41 chains
 * that each jump twice to the next one are 2⁴¹ steps.
 */
const MOST_NODES = 1_000_000;

/** @param passed nodes before the one at which the walk goes elsewhere */
function countedTo(passed: number): number {
	if (passed >= MOST_NODES)
		throw new UnknownSignal("more than 1,000,000 rules for one packet");
	return passed + 1;
}

/** The verdict, and the node at which it was spoken unless the packet goes on. */
function spoken(at: number, verdict: number): number {
	return verdict === NF_ACCEPT ? NF_ACCEPT : (at << VERDICT_BITS) | verdict;
}

/** The kernel's name of a node: `mangle:PREROUTING:rule:1`. */
export function nameOf(program: Program, at: number): string {
	const chain = program.chains[at] as Program["chains"][number];
	return `${program.table.name}:${chain.name}:${kindOfNode(program, at)}:${program.numbers[at]}`;
}

/** The kernel's name of a node, its text, and its line in the rules file. */
export function placeOf(
	program: Program,
	at: number,
): { rule: string; text: string; line: number } {
	const chain = program.chains[at] as Program["chains"][number];
	const number = program.numbers[at] as number;
	const rule = chain.rules[number - 1];
	return {
		rule: nameOf(program, at),
		text: rule
			? printRule(rule, chain.name)
			: chain.policy
				? `-P ${chain.name} ${chain.policy}`
				: "",
		line: rule?.line ?? 0,
	};
}

/**
 * What TRACE calls a node. ip_tables takes every unconditional verdict for the end of its chain,
 * so a rule `-j ACCEPT` without any condition is traced as a policy (`get_chainname_rulenum`).
 */
export function kindOfNode(
	program: Program,
	at: number,
): "rule" | "return" | "policy" {
	const chain = program.chains[at] as Program["chains"][number];
	const { kind, asksHeader } = program.nodes[at] as Node;
	const rule = chain.rules[(program.numbers[at] as number) - 1];
	const unconditional =
		!asksHeader && !rule?.asWritten && !rule?.matches.length;
	const isVerdict =
		kind === "accept" ||
		kind === "drop" ||
		kind === "return" ||
		kind === "queue";
	const isEnd =
		program.behaviour.trace === "log"
			? unconditional && isVerdict
			: rule === undefined;
	if (!isEnd) return "rule";
	return chain.policy === null ? "return" : "policy";
}

/** `ip_packet_match`. */
function headerFits(node: Node, skb: Skb): boolean {
	const { source, destination, inInterfaces, outInterfaces, protocol } = node;
	return (
		(source === null || hasAddress(source, skb.source)) &&
		(destination === null || hasAddress(destination, skb.destination)) &&
		(inInterfaces === null || inInterfaces[skb.inInterface] === 1) &&
		(outInterfaces === null || outInterfaces[skb.outInterface] === 1) &&
		(protocol === null ||
			(skb.protocol === protocol.number) !== protocol.inverted) &&
		(node.fragment === null ||
			(node.fragment === "only") === isFurtherFragment(skb))
	);
}

function isFurtherFragment({ fragment }: Skb): boolean {
	return fragment !== null && fragment.offset > 0;
}

function hasAddress(part: AddressMask, address: Address): boolean {
	return ((address & part.mask) === part.address) !== part.inverted;
}
