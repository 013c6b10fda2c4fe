/**
 * What nf_tables refuses of rules that iptables-nft sends in one transaction (6.1): each extension is
 * checked with its rule (net/netfilter/nft_compat.c, `nft_match_init`, `nft_target_init`), and jumps with
 * all that they lead to once all rules are there (net/netfilter/nf_tables_api.c, `nft_table_validate`).
 */
import type { Chain, Rule, Table } from "../../contract/ruleset.ts";
import { HOOK_NAMES, type HookName } from "../../packet/skb/skb.ts";

/** `NFT_JUMP_STACK_SIZE`: a chain that is so many jumps below a built-in one is too deep. */
const TOO_DEEP = 16;

/** What is wrong with a rule once all others are there. */
export interface Invalid {
	readonly rule: Rule;
	readonly chain: string;
	readonly error:
		| "Too many links"
		| "Invalid argument"
		| "Too many levels of symbolic links";
}

/** A rule and its chain. */
export interface Placed {
	readonly chain: Chain;
	readonly rule: Rule;
}

/** What is sent with a COMMIT besides the rules of its table. */
export interface Sent {
	/** Rules that are deleted with the same COMMIT. */
	readonly removed: readonly Placed[];
	/** Something of it is refused: nothing is asked that needs all of it. */
	readonly isRefused: boolean;
}

export const NOTHING_ELSE: Sent = { removed: [], isRefused: false };

type MayCome = (hook: HookName, placed: Placed) => boolean;

/** Rules of a table that it did not have before, in the order in which they are sent. */
export function newRules(
	table: Table,
	before: Table | undefined,
): readonly Placed[] {
	const known = new Set(before?.chains.flatMap(({ rules }) => rules));
	return table.chains
		.flatMap((chain) => chain.rules.map((rule) => ({ chain, rule })))
		.filter(({ rule }) => !known.has(rule))
		.sort((one, other) => one.rule.line - other.rule.line);
}

/** The hook of a built-in chain. */
export function ownHook({ name, policy }: Chain): HookName | null {
	return policy === null
		? null
		: (HOOK_NAMES.find((hook) => hook === name) ?? null);
}

/**
 * The kernel validates the whole table with each rule that is added, and names the first one with which
 * it is no longer valid.
 * @param mayCome may packets of a hook come to a rule of this chain?
 */
export function firstInvalid(
	table: Table,
	added: readonly Placed[],
	mayCome: MayCome,
): Invalid | null {
	const errorWith = (count: number) => {
		const missing = new Set(added.slice(count).map(({ rule }) => rule));
		return errorIn(table, mayCome, missing);
	};
	if (errorWith(added.length) === null) return null;
	let good = 0;
	let bad = added.length;
	while (bad - good > 1) {
		const middle = (good + bad) >> 1;
		if (errorWith(middle) === null) good = middle;
		else bad = middle;
	}
	const { rule, chain } = added[bad - 1] as Placed;
	const error = errorWith(bad) ?? "Invalid argument";
	return { rule, chain: chain.name, error };
}

/**
 * The first rule that closes a circle of jumps, whether a hook reaches it or not: the kernel follows the jump of each
 * rule that is added (5.10, `nf_tables_check_loops`).
 */
export function firstOfLoop(
	table: Table,
	added: readonly Placed[],
): Invalid | null {
	const chains = new Map(table.chains.map((chain) => [chain.name, chain]));
	const missing = new Set(added.map(({ rule }) => rule));
	/** Does a jump to it lead back to the chain? */
	const leadsTo = (from: string, to: string, seen: Set<string>): boolean => {
		if (from === to) return true;
		if (seen.has(from)) return false;
		seen.add(from);
		return (chains.get(from)?.rules ?? []).some((rule) => {
			const next = missing.has(rule) ? null : jumpOf(rule);
			return next !== null && leadsTo(next, to, seen);
		});
	};
	for (const { rule, chain } of added) {
		missing.delete(rule);
		const to = jumpOf(rule);
		if (to !== null && leadsTo(to, chain.name, new Set()))
			return {
				rule,
				chain: chain.name,
				error: "Too many levels of symbolic links",
			};
	}
	return null;
}

/** The chain that it jumps or goes to. */
function jumpOf({ target }: Rule): string | null {
	return target?.kind === "jump" || target?.kind === "goto"
		? target.chain
		: null;
}

/** @param missing rules that are not there yet */
function errorIn(
	table: Table,
	mayCome: MayCome,
	missing: ReadonlySet<Rule>,
): Invalid["error"] | null {
	const chains = new Map(table.chains.map((chain) => [chain.name, chain]));
	for (const base of table.chains) {
		const hook = ownHook(base);
		if (hook === null) continue;
		/** How deep each chain was walked from this one. */
		const walked = new Map<string, number>();
		const walk = (chain: Chain, level: number): Invalid["error"] | null => {
			if (level === TOO_DEEP) return "Too many links";
			if ((walked.get(chain.name) ?? -1) >= level) return null;
			walked.set(chain.name, level);
			for (const rule of chain.rules) {
				if (missing.has(rule)) continue;
				if (!mayCome(hook, { rule, chain })) return "Invalid argument";
				const to = chains.get(jumpOf(rule) ?? "");
				const error = to === undefined ? null : walk(to, level + 1);
				if (error !== null) return error;
			}
			return null;
		};
		const error = walk(base, 0);
		if (error !== null) return error;
	}
	return null;
}
