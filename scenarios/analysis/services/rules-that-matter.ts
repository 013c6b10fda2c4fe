/**
 * Rules that have a part in what a service balances: those that end the walk of a table, translate, take
 * turns or draws, or write bits of marks that a later one reads. A rule that only marks what another
 * hook reads tells no clients apart.
 */
import type {
	Chain,
	Rule,
	Ruleset,
	Table,
} from "../../../sim/contract/ruleset.ts";
import { matches } from "../../../sim/matches/index.ts";
import { marksOf, translatedBy } from "../../../sim/ruleset/rule-traits.ts";
import { targets } from "../../../sim/targets/index.ts";
import type { MarkRoute } from "../world/assumed-world.ts";
import type { Service } from "./service.ts";

/** Tables in which a destination, and the mark that routing reads, are decided. */
const BEFORE_ROUTING = ["raw", "mangle", "nat"];

/** @returns does the rule of that table matter? */
export function rulesThatMatter(
	{ tables }: Ruleset,
	balances: Service["balances"],
	markRoutes: readonly MarkRoute[],
): (table: string, rule: Rule) => boolean {
	const looked = tables.filter(({ name }) => BEFORE_ROUTING.includes(name));
	const all = looked.flatMap((table) =>
		// Where a packet is sent to is decided by then, so what translates sources reads no mark for it.
		table.name === "nat" && balances !== "source"
			? ["PREROUTING", "OUTPUT"].flatMap((hook) =>
					chainsFrom(table, hook).flatMap(({ rules }) => rules),
				)
			: table.chains.flatMap(({ rules }) => rules),
	);
	let bitsRead = markRoutes.reduce((bits, { mask }) => bits | mask, 0);
	for (const use of all.flatMap(marksOf))
		if (use.does === "reads" && !use.copies) bitsRead |= use.bits;
	const isRead = (bits: number) =>
		balances === "mark" || (bits & bitsRead) !== 0;
	const chains = new Map<string, Chain>(
		looked.flatMap(({ name, chains: of }) =>
			of.map((chain) => [`${name} ${chain.name}`, chain] as const),
		),
	);
	const known = new Map<Chain, boolean>();
	const chainMatters = (table: string, chain: Chain): boolean => {
		const before = known.get(chain);
		if (before !== undefined) return before;
		// No chain jumps in a circle: the kernel refuses it.
		const does = chain.rules.some((rule) => matters(table, rule));
		known.set(chain, does);
		return does;
	};
	const matters = (table: string, rule: Rule): boolean => {
		const { target } = rule;
		// What filter marks comes too late; what it lets pass or not matters.
		if (table === "filter") return endsOrJumps(target);
		if (asksSomething(rule)) return true;
		if (target === null) return false;
		if (target.kind === "verdict") return true;
		if (target.kind === "extension") {
			const extension = targets.get(target.name);
			if (extension?.onlyReports) return false;
			const writes = marksOf(rule).filter(({ does }) => does === "writes");
			return writes.length === 0 || writes.some(({ bits }) => isRead(bits));
		}
		const chain = chains.get(`${table} ${target.chain}`);
		// A goto does not come back: what stands behind it is not met.
		return (
			target.kind === "goto" ||
			chain === undefined ||
			chainMatters(table, chain)
		);
	};
	return matters;
}

/**
 * @returns is it unknown whether packets that come to the rule of that table get another mark? What it asks the
 * machine knows and the model was not given, or what it does is not modelled.
 */
export function leavesMarksOpen({
	tables,
}: Ruleset): (table: string, rule: Rule) => boolean {
	const known = new Map<Rule, boolean>();
	const marks = (name: string, rule: Rule): boolean => {
		const { target } = rule;
		const leads = target?.kind === "jump" || target?.kind === "goto";
		const table = tables.find((one) => one.name === name);
		const behind =
			leads && table !== undefined
				? chainsFrom(table, target.chain).flatMap(({ rules }) => rules)
				: [];
		return [rule, ...behind].some(setsMark);
	};
	return (table, rule) => {
		const does =
			known.get(rule) ??
			((isNotModelled(rule) || asksUnknown(rule)) && marks(table, rule));
		known.set(rule, does);
		return does;
	};
}

function setsMark(rule: Rule): boolean {
	return marksOf(rule).some(
		({ mark, does, copies }) =>
			mark === "packet" && does === "writes" && !copies,
	);
}

function isNotModelled({ matches: uses, target }: Rule): boolean {
	return (
		uses.some(({ name }) => matches.get(name)?.compile === null) ||
		(target?.kind === "extension" && targets.get(target.name)?.compile === null)
	);
}

function asksUnknown({ matches: uses }: Rule): boolean {
	return uses.some(({ name, options }) => {
		const question = matches.get(name)?.question?.(options) ?? null;
		return question?.kind === "open" && question.isUnknown === true;
	});
}

function endsOrJumps(target: Rule["target"]): boolean {
	if (target?.kind !== "extension") return target !== null;
	return targets.get(target.name)?.ends !== undefined;
}

/** The chain of that name, and those that its packets may come to. */
function chainsFrom({ chains }: Table, name: string): readonly Chain[] {
	const byName = new Map(chains.map((chain) => [chain.name, chain]));
	const names = new Set([name]);
	// A set is iterated in the order of insertion, also over what is added meanwhile.
	for (const one of names)
		for (const { target } of byName.get(one)?.rules ?? [])
			if (target?.kind === "jump" || target?.kind === "goto")
				names.add(target.chain);
	return [...names].flatMap((one) => byName.get(one) ?? []);
}

function asksSomething({ matches: uses }: Rule): boolean {
	return uses.some(
		({ name, options }) =>
			(matches.get(name)?.question?.(options) ?? null) !== null,
	);
}

/**
 * Are marks for routing to read? Where rules that translate addresses read them, they are for those,
 * unless a routing rule is known.
 */
export function marksRoute(
	{ tables }: Ruleset,
	markRoutes: readonly MarkRoute[],
): boolean {
	if (markRoutes.length > 0) return true;
	return !tables.some(({ chains }) =>
		chains.some(({ rules }) => rules.some(translatesByMark)),
	);
}

function translatesByMark(rule: Rule): boolean {
	return (
		translatedBy(rule.target) !== undefined &&
		marksOf(rule).some(({ does }) => does === "reads")
	);
}
