import type { Closeup } from "../scenarios/run/closeup.ts";
import { PACKETS_OF_EACH } from "../scenarios/run/packet-paths.ts";
import type { RunResult } from "../scenarios/run/result.ts";
import { Numbered } from "./numbered.ts";
import type { ConntrackView, RuleLine, RulesView, WalkStep } from "./report.ts";

/** Rulesets of cluster nodes have ten thousands of lines; nobody scrolls through them. */
const MOST_RULE_LINES = 2_000;
/** Entries of the table before the end; at the end there are more. */
const MOST_ENTRIES_BEFORE = 30;

/** @param rulesets those of the whole report: scenarios share most of them */
export function buildRules(
	{ driver, account }: RunResult,
	{ snapshots, paths, followed }: Closeup,
	rulesets: Numbered<readonly RuleLine[]>,
): RulesView {
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
		sampling:
			paths.length > 0 ? whichPackets(followed, account.connections) : "",
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

/** Nobody looks for the packet that is not there. */
function whichPackets(
	followed: readonly number[],
	connections: readonly unknown[],
): string {
	const all = connections.length.toLocaleString("en");
	return followed.length === 0
		? "Packets by hand"
		: `The first ${PACKETS_OF_EACH} packets of ${followed.length} of ${all} connections, and every one that took a new path`;
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
