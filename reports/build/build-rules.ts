import type { RunDetails } from "../../scenarios/details/run-details.ts";
import { nounOf } from "../../scenarios/result/finding.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import type {
	ConntrackView,
	RuleLine,
	RulesView,
	WalkStep,
} from "../contract/report.ts";
import type { Numbered } from "../numbered.ts";
import { number } from "../wording.ts";

/** Rulesets of cluster nodes have ten thousands of lines; nobody scrolls through them. */
const MOST_RULE_LINES = 2_000;
/** Entries of the table before the end; at the end there are more. */
const MOST_ENTRIES_BEFORE = 30;

/** What all scenarios of a report share, so that it is kept once. */
export interface Shared {
	readonly rulesets: Numbered<readonly RuleLine[]>;
	readonly walks: Numbered<readonly WalkStep[]>;
}

export function buildRules(
	{ driver, account }: RunResult,
	details: RunDetails,
	{ rulesets, walks }: Shared,
): RulesView {
	const { snapshots, paths } = details;
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
			direction: path.direction,
			interface: path.in.interface,
			packet: path.in.packet,
			out: path.out.map((one) => `${one.interface} → ${one.packet}`),
			fate: path.fate,
			walk: walks.numberOf(path.steps),
		})),
		sampling:
			paths.length > 0 ? whichPackets(details, account.connections) : "",
		noPaths:
			paths.length > 0
				? ""
				: driver.kind === "model"
					? "No packet was followed."
					: "A kernel played this; the paths of packets are shown when the model plays, or compares.",
		omitted,
	};
}

/** So that nobody looks for a packet that is not there. */
function whichPackets(
	{ followed, packetsOfEach }: RunDetails,
	connections: readonly ConnectionRecord[],
): string {
	return followed.length === 0
		? "Packets by hand"
		: `The first ${packetsOfEach} packets of ${number(followed.length)} of ${number(connections.length)} ${nounOf(connections)}s, and every one that took a new path`;
}

export function buildConntrack({
	snapshots,
}: RunDetails): readonly ConntrackView[] {
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
	lines: RunDetails["snapshots"][number]["rules"],
): RunDetails["snapshots"][number]["rules"] {
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
