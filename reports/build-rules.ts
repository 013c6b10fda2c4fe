import type { Closeup } from "../scenarios/run/closeup.ts";
import type { RunResult } from "../scenarios/run/result.ts";
import type { ConntrackView, RuleLine, RulesView, WalkStep } from "./report.ts";

/** Rulesets of cluster nodes have ten thousands of lines; nobody scrolls through them. */
const MOST_RULE_LINES = 2_000;
/** Entries of the table before the end; at the end there are more. */
const MOST_ENTRIES_BEFORE = 30;

export function buildRules(
	{ driver }: RunResult,
	{ snapshots, paths }: Closeup,
): RulesView {
	const rulesets = new Numbered<readonly RuleLine[]>();
	const walks = new Numbered<readonly WalkStep[]>();
	let omitted = 0;
	const shown = snapshots.map(({ label, atMs, rules }) => {
		const lines = inWalkingOrder(rules).slice(0, MOST_RULE_LINES);
		omitted = Math.max(omitted, rules.length - lines.length);
		return {
			label,
			atMs,
			ruleset: rulesets.numberOf(
				lines.map(({ table, chain, number, text }) => ({
					table,
					chain,
					number,
					text,
				})),
			),
			packets: lines.map(({ packets }) => packets),
			bytes: lines.map(({ bytes }) => bytes),
		};
	});
	return {
		snapshots: shown,
		paths: paths.map((path) => ({
			atMs: path.atMs,
			connection: path.connection === null ? null : path.connection + 1,
			interface: path.in.interface,
			packet: path.in.packet,
			out: path.out.map((one) => `${one.interface} → ${one.packet}`),
			fate: path.fate,
			walk: walks.numberOf(path.steps),
		})),
		rulesets: rulesets.all,
		walks: walks.all,
		noPaths:
			paths.length > 0
				? ""
				: driver.name === "model"
					? "No packet was followed."
					: "A kernel played this; the paths of packets are shown when the model plays, or compares.",
		omitted,
	};
}

export function buildConntrack({
	snapshots,
}: Closeup): readonly ConntrackView[] {
	return snapshots.map(({ label, atMs, conntrack, entries, conditions }) => ({
		label,
		atMs,
		lines: label === "" ? conntrack : conntrack.slice(0, MOST_ENTRIES_BEFORE),
		total: entries,
		conditions: Object.entries(conditions).map(([name, value]) => ({
			name,
			value,
		})),
	}));
}

/** In this order a packet meets the tables, at a hook where all of them are. */
const TABLES = ["raw", "mangle", "nat", "filter", "security"];

/** Table by table as a packet meets them, and each chain followed by its rules. */
function inWalkingOrder(
	lines: Closeup["snapshots"][number]["rules"],
): Closeup["snapshots"][number]["rules"] {
	const chains = new Map<string, number>();
	for (const { table, chain } of lines)
		if (!chains.has(`${table} ${chain}`))
			chains.set(`${table} ${chain}`, chains.size);
	const chainOf = ({ table, chain }: (typeof lines)[number]) =>
		chains.get(`${table} ${chain}`) ?? 0;
	return lines.toSorted(
		(one, other) =>
			TABLES.indexOf(one.table) - TABLES.indexOf(other.table) ||
			chainOf(one) - chainOf(other) ||
			one.number - other.number,
	);
}

/** Gives equal things the same number. */
class Numbered<Thing> {
	readonly all: Thing[] = [];
	private readonly numbers = new Map<string, number>();

	numberOf(thing: Thing): number {
		const key = JSON.stringify(thing);
		const known = this.numbers.get(key);
		if (known !== undefined) return known;
		this.numbers.set(key, this.all.length);
		return this.all.push(thing) - 1;
	}
}
