/**
 * Which rules of two rulesets are the same rule: equal texts in the same chain, in the same order. What has no
 * partner was removed, added, moved or changed. A packet that fits none of those meets the same rules in both.
 */
import type {
	Chain,
	Rule,
	Ruleset,
	Table,
} from "../../../../sim/contract/ruleset.ts";
import { eachRule } from "../../lint/each-rule.ts";

/** A rule with its chain, its number from 1, and its text. */
export interface Placed {
	readonly table: Table["name"];
	readonly chain: string;
	readonly number: number;
	readonly rule: Rule;
	/** `-A PREROUTING …` */
	readonly text: string;
}

/** A chain of the one, the other or both. */
export interface AlignedChain {
	readonly table: Table["name"];
	readonly name: string;
	readonly before: Chain | null;
	readonly after: Chain | null;
	readonly removed: readonly Placed[];
	readonly added: readonly Placed[];
	/** Numbers of equal rules, ascending in both. */
	readonly kept: readonly (readonly [before: number, after: number])[];
}

export interface Alignment {
	/** Tables and chains of both. */
	readonly chains: readonly AlignedChain[];
	/** New names of rules that both have, by their old ones: `mangle:PREROUTING:rule:2`. */
	readonly partners: ReadonlyMap<string, string>;
	/** Rules without a partner. */
	readonly changed: ReadonlySet<Rule>;
	/** Nothing was removed or added, and no policy is another one. */
	readonly isSame: boolean;
	/** The rules of both, each where it stands in one of them. */
	readonly both: Ruleset;
}

export function nameOf({
	table,
	chain,
	number,
}: Pick<Placed, "table" | "chain" | "number">): string {
	return `${table}:${chain}:rule:${number}`;
}

export function alignRulesets(before: Ruleset, after: Ruleset): Alignment {
	const names = namesOf(before.tables, after.tables);
	const placed = [placedIn(before), placedIn(after)];
	const tables = names.map((name) => {
		const one = before.tables.find((table) => table.name === name);
		const other = after.tables.find((table) => table.name === name);
		const ofOne = chainsOf(one);
		const ofOther = chainsOf(other);
		const chains = [...new Set([...ofOne.keys(), ...ofOther.keys()])].map(
			(chain) =>
				alignChains(
					{
						table: name,
						name: chain,
						before: ofOne.get(chain) ?? null,
						after: ofOther.get(chain) ?? null,
					},
					placed,
				),
		);
		return { name, chains };
	});
	const chains = tables.flatMap((table) => table.chains);
	const partners = new Map<string, string>();
	for (const { table, name: chain, kept } of chains)
		for (const [number, then] of kept)
			partners.set(
				nameOf({ table, chain, number }),
				nameOf({ table, chain, number: then }),
			);
	const changed = new Set(
		chains.flatMap(({ removed, added }) =>
			[...removed, ...added].map(({ rule }) => rule),
		),
	);
	return {
		chains,
		partners,
		changed,
		isSame: changed.size === 0 && chains.every((one) => !changesPolicy(one)),
		both: {
			tables: tables.map(({ name, chains: of }) => ({
				name,
				chains: of.map(joinedChain),
			})),
		},
	};
}

/** Does the end of a built-in chain do something else? A chain that is not there accepts. */
export function changesPolicy({ before, after }: AlignedChain): boolean {
	const isBuiltIn = (before ?? after)?.policy !== null;
	return isBuiltIn && policyOf(before) !== policyOf(after);
}

/** @param chain `null`: the table, or the chain in it, was not loaded */
export function policyOf(chain: Chain | null): "ACCEPT" | "DROP" {
	return chain?.policy ?? "ACCEPT";
}

function namesOf(
	...of: readonly (readonly Table[])[]
): readonly Table["name"][] {
	return [...new Set(of.flat().map(({ name }) => name))];
}

function chainsOf(table: Table | undefined): ReadonlyMap<string, Chain> {
	return new Map(table?.chains.map((chain) => [chain.name, chain]));
}

function alignChains(
	chain: Pick<AlignedChain, "table" | "name" | "before" | "after">,
	placed: readonly ReadonlyMap<string, readonly Placed[]>[],
): AlignedChain {
	const [olds = [], news = []] = placed.map(
		(one) => one.get(`${chain.table} ${chain.name}`) ?? [],
	);
	const kept = commonRow(olds, news);
	const keptOld = new Set(kept.map(([old]) => old));
	const keptNew = new Set(kept.map(([, young]) => young));
	return {
		...chain,
		removed: olds.filter(({ number }) => !keptOld.has(number)),
		added: news.filter(({ number }) => !keptNew.has(number)),
		kept,
	};
}

/** By table and chain. They are printed once for all who ask. */
function placedIn(ruleset: Ruleset): ReadonlyMap<string, readonly Placed[]> {
	const found = new Map<string, Placed[]>();
	for (const { table, chain, rule, at } of eachRule(ruleset)) {
		const key = `${table.name} ${chain.name}`;
		const rules = found.get(key) ?? [];
		found.set(key, rules);
		const number = rules.length + 1;
		const { name } = table;
		rules.push({ table: name, chain: chain.name, number, rule, text: at.text });
	}
	return found;
}

type Pair = readonly [before: number, after: number];

/** The most equal rules that stand in the same order in both: their longest common subsequence. */
function commonRow(
	olds: readonly Placed[],
	news: readonly Placed[],
): readonly Pair[] {
	const most = Math.min(olds.length, news.length);
	const isEqual = (old: number, young: number) =>
		olds[old]?.text === news[young]?.text;
	let front = 0;
	while (front < most && isEqual(front, front)) front++;
	let back = 0;
	while (
		back < most - front &&
		isEqual(olds.length - 1 - back, news.length - 1 - back)
	)
		back++;
	const ends = (all: readonly Placed[]) => all.slice(front, all.length - back);
	return [
		...upTo(front, 0, 0),
		...rowBetween(ends(olds), ends(news)),
		...upTo(back, olds.length - back, news.length - back),
	];
}

function upTo(count: number, old: number, young: number): readonly Pair[] {
	return Array.from({ length: count }, (_, index): Pair => {
		return [old + index + 1, young + index + 1];
	});
}

/**
 * Each old rule may be each new one of its text; the longest ascending row of such pairs (Hunt and Szymanski 1977).
 * A rule's partners are looked at from the last one on, so that it gets one of them.
 */
function rowBetween(
	olds: readonly Placed[],
	news: readonly Placed[],
): readonly Pair[] {
	const partners = new Map<string, number[]>();
	for (const { text, number } of news.toReversed()) {
		const numbers = partners.get(text);
		if (numbers === undefined) partners.set(text, [number]);
		else numbers.push(number);
	}
	interface Link {
		readonly pair: Pair;
		readonly previous: Link | null;
	}
	/** For each length, the row that ends with the least new number. */
	const ends: Link[] = [];
	for (const { text, number } of olds)
		for (const then of partners.get(text) ?? []) {
			let [low, high] = [0, ends.length];
			while (low < high) {
				const middle = (low + high) >> 1;
				if ((ends[middle] as Link).pair[1] < then) low = middle + 1;
				else high = middle;
			}
			if (ends[low]?.pair[1] === then) continue;
			ends[low] = { pair: [number, then], previous: ends[low - 1] ?? null };
		}
	const row: Pair[] = [];
	for (let at = ends.at(-1) ?? null; at !== null; at = at.previous)
		row.push(at.pair);
	return row.reverse();
}

/** What was removed stands in front of what was added in its place. */
function joinedChain({ name, before, after, kept }: AlignedChain): Chain {
	const rules: Rule[] = [];
	let [old, young] = [0, 0];
	const until = (oldEnd: number, youngEnd: number) => {
		rules.push(...(before?.rules.slice(old, oldEnd) ?? []));
		rules.push(...(after?.rules.slice(young, youngEnd) ?? []));
	};
	for (const [one, other] of kept) {
		until(one - 1, other);
		[old, young] = [one, other];
	}
	until(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
	const chain = after ?? before;
	return {
		name,
		policy: chain?.policy ?? null,
		counters: chain?.counters ?? { packets: 0, bytes: 0 },
		rules,
	};
}
