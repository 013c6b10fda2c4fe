/**
 * From which hooks each chain of a table is reached, and whether jumps lead in a circle (kernel 6.1,
 * net/ipv4/netfilter/ip_tables.c, `mark_source_chains`). Without recursion: chains may nest deeply.
 */

import type { Chain, Rule, Table } from "../../contract/ruleset.ts";
import { HOOK_NAMES } from "../../packet/skb/skb.ts";

/** A chain as the walk has found it. */
export interface ReachedChain {
	readonly chain: Chain;
	/** One bit per hook that it is reached from. */
	readonly hooks: number;
	/** Index of its last rule that can be reached: what stands behind an unconditional verdict cannot. */
	readonly lastReached: number;
}

/** A jump or goto of one chain to another. */
export interface Branch {
	readonly from: string;
	readonly rule: Rule;
	readonly to: string;
}

interface Node {
	readonly chain: Chain;
	hooks: number;
	lastReached: number;
	/** `null` until the chain is first entered. */
	branches: readonly Rule[] | null;
	/** Index of the branch that is being followed, while the chain lies on the path. */
	next: number;
	onPath: boolean;
}

/** @returns the chains, and the jumps of the first circle if there is one */
export function markHooks(table: Table): {
	readonly chains: readonly ReachedChain[];
	readonly loop: readonly Branch[] | null;
} {
	const nodes = new Map<string, Node>();
	for (const chain of table.chains)
		nodes.set(chain.name, {
			chain,
			hooks: 0,
			lastReached: chain.rules.length,
			branches: null,
			next: 0,
			onPath: false,
		});
	for (const chain of table.chains) {
		const node = nodes.get(chain.name);
		if (chain.policy === null || node === undefined) continue;
		const hook = (HOOK_NAMES as readonly string[]).indexOf(chain.name);
		const loop = walkFrom(node, 1 << hook, nodes);
		if (loop !== null) return { chains: [], loop };
	}
	return { chains: [...nodes.values()], loop: null };
}

/** Visits everything that one hook reaches, each chain once. */
function walkFrom(
	start: Node,
	hook: number,
	nodes: ReadonlyMap<string, Node>,
): readonly Branch[] | null {
	const path: Node[] = [];
	enter(start, hook, path);
	for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
		const rule = node.branches?.[node.next++];
		if (rule === undefined) {
			node.onPath = false;
			path.pop();
			continue;
		}
		const to = nodes.get(chainOf(rule));
		if (to === undefined) continue;
		if (to.onPath) return circle(path, to);
		if ((to.hooks & hook) === 0) enter(to, hook, path);
	}
	return null;
}

function enter(node: Node, hook: number, path: Node[]): void {
	node.hooks |= hook;
	node.next = 0;
	node.onPath = true;
	node.branches ??= branchesOf(node);
	path.push(node);
}

/** The jumps of a chain up to its first unconditional verdict. */
function branchesOf(node: Node): readonly Rule[] {
	const { rules } = node.chain;
	const branches: Rule[] = [];
	for (let index = 0; index < rules.length; index++) {
		const rule = rules[index];
		const kind = rule?.target?.kind;
		if (rule === undefined || kind === "extension") continue;
		if (kind === "jump" || kind === "goto") branches.push(rule);
		else if (kind === "verdict" && isUnconditional(rule)) {
			node.lastReached = index;
			break;
		}
	}
	return branches;
}

/** `unconditional` of ip_tables.c: no match, and a header that asks nothing. */
export function isUnconditional({ matches, header }: Rule): boolean {
	const { source, destination } = header;
	return (
		matches.length === 0 &&
		header.protocol === 0 &&
		header.inInterface === null &&
		header.outInterface === null &&
		header.fragment === null &&
		source.mask === 0 &&
		!source.inverted &&
		destination.mask === 0 &&
		!destination.inverted
	);
}

function circle(path: readonly Node[], to: Node): readonly Branch[] {
	return path.slice(path.indexOf(to)).map(({ chain, branches, next }) => {
		const rule = branches?.[next - 1] as Rule;
		return { from: chain.name, rule, to: chainOf(rule) };
	});
}

function chainOf({ target }: Rule): string {
	return target?.kind === "jump" || target?.kind === "goto" ? target.chain : "";
}
