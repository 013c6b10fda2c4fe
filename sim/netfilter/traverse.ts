/**
 * The walk of a packet through one table at one hook (`ipt_do_table`, net/ipv4/netfilter/ip_tables.c,
 * 6.1). This is the inner loop: flat arrays, numbers and closures, nothing allocated.
 */
import { invariant } from "../invariant.ts";
import {
	NF_ACCEPT,
	NF_DROP,
	NF_QUEUE,
	type Skb,
	XT_CONTINUE,
} from "../packet/skb.ts";
import { printRule } from "../ruleset/print.ts";
import type { Program } from "./compile.ts";
import * as node from "./compile.ts";
import { UnknownSignal } from "./unknown-signal.ts";

/** Is told of every rule, chain end and policy that a packet matches, before and after its target acted. */
export interface Tracer {
	reached(program: Program, at: number, skb: Skb): void;
	left(skb: Skb): void;
}

/**
 * @param hook one of the `HOOK_*` at which the table has a built-in chain
 * @param tracer `null` costs nothing
 * @returns a verdict `NF_*`; where it was spoken is left in `lastNode(program)`
 * @throws UnknownSignal with the rule, when the model does not know how this goes on
 */
export function traverse(
	program: Program,
	hook: number,
	skb: Skb,
	tracer: Tracer | null,
): number {
	const { headers, tests, kinds, destinations, actions, packets, bytes } =
		program;
	let at = program.entries[hook] as number;
	let depth = 0;
	try {
		for (;;) {
			const test = tests[at] as Program["tests"][number];
			if (
				(headers[at * node.HEADER_WORDS] !== 0 &&
					!headerFits(program, at, skb)) ||
				(test !== null && !test(skb))
			) {
				if (skb.hotdrop) return NF_DROP;
				at++;
				continue;
			}
			packets[at] = (packets[at] as number) + 1;
			bytes[at] = (bytes[at] as number) + skb.length;
			if (tracer !== null) tracer.reached(program, at, skb);
			const kind = kinds[at] as number;
			if (kind === node.EXTENSION) {
				const verdict = (actions[at] as (skb: Skb) => number)(skb);
				if (tracer !== null) tracer.left(skb);
				if (skb.hotdrop) return NF_DROP;
				if (verdict !== XT_CONTINUE) return spoken(at, verdict);
				at++;
				continue;
			}
			if (tracer !== null) tracer.left(skb);
			switch (kind) {
				case node.COUNT:
					at++;
					break;
				case node.ACCEPT:
					return NF_ACCEPT;
				case node.DROP:
					return spoken(at, NF_DROP);
				case node.QUEUE:
					return spoken(at, NF_QUEUE);
				case node.RETURN:
					// From a built-in chain a return leads to its policy.
					at =
						depth === 0
							? (program.underflows[hook] as number)
							: (stack[--depth] as number) + 1;
					break;
				case node.JUMP:
					if (depth >= stack.length) stack = grown(stack);
					stack[depth++] = at;
					at = destinations[at] as number;
					break;
				default:
					invariant(kind === node.GOTO, `node kind ${kind}`);
					at = destinations[at] as number;
			}
		}
	} catch (error) {
		if (error instanceof UnknownSignal && error.place === null)
			error.place = placeOf(program, at);
		throw error;
	}
}

/** One stack serves all walks: a walk never waits for another one on the same stack level. */
let stack = new Int32Array(64);
let last = 0;

function grown(old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
	const wider = new Int32Array(old.length * 2);
	wider.set(old);
	return wider;
}

function spoken(at: number, verdict: number): number {
	last = at;
	return verdict;
}

/** Where the last verdict other than ACCEPT was spoken, in TRACE's spelling: `filter:INPUT:rule:3`. */
export function lastPlace(program: Program): string {
	return placeOf(program, last).rule;
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
		rule: `${program.table.name}:${chain.name}:${kindOfNode(program, at)}:${number}`,
		text: rule
			? printRule(rule, chain.name)
			: chain.policy
				? `-P ${chain.name} ${chain.policy}`
				: "",
		line: rule?.line ?? 0,
	};
}

/**
 * What TRACE calls a node. The kernel takes every unconditional verdict for the end of its chain,
 * so a rule `-j ACCEPT` without any condition is traced as a policy (`get_chainname_rulenum`).
 */
export function kindOfNode(
	program: Program,
	at: number,
): "rule" | "return" | "policy" {
	const chain = program.chains[at] as Program["chains"][number];
	const kind = program.kinds[at] as number;
	const rule = chain.rules[(program.numbers[at] as number) - 1];
	const unconditional =
		program.headers[at * node.HEADER_WORDS] === 0 &&
		(rule === undefined || rule.matches.length === 0);
	const isVerdict =
		kind === node.ACCEPT ||
		kind === node.DROP ||
		kind === node.RETURN ||
		kind === node.QUEUE;
	if (!unconditional || !isVerdict) return "rule";
	return chain.policy === null ? "return" : "policy";
}

/** `ip_packet_match`. */
function headerFits(program: Program, at: number, skb: Skb): boolean {
	const { headers } = program;
	const base = at * node.HEADER_WORDS;
	const flags = headers[base] as number;
	if (
		(flags & node.BY_SOURCE) !== 0 &&
		((skb.source & (headers[base + node.SOURCE_MASK] as number)) ===
			headers[base + node.SOURCE]) ===
			((flags & node.NOT_SOURCE) !== 0)
	)
		return false;
	if (
		(flags & node.BY_DESTINATION) !== 0 &&
		((skb.destination & (headers[base + node.DESTINATION_MASK] as number)) ===
			headers[base + node.DESTINATION]) ===
			((flags & node.NOT_DESTINATION) !== 0)
	)
		return false;
	if (
		(flags & node.BY_IN_INTERFACE) !== 0 &&
		(
			program.interfaceSets[headers[base + node.IN_SET] as number] as Uint8Array
		)[skb.inInterface] === 0
	)
		return false;
	if (
		(flags & node.BY_OUT_INTERFACE) !== 0 &&
		(
			program.interfaceSets[
				headers[base + node.OUT_SET] as number
			] as Uint8Array
		)[skb.outInterface] === 0
	)
		return false;
	if (
		(flags & node.BY_PROTOCOL) !== 0 &&
		(skb.protocol === headers[base + node.PROTOCOL]) ===
			((flags & node.NOT_PROTOCOL) !== 0)
	)
		return false;
	return (flags & node.NEVER) === 0;
}
