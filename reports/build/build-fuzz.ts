/** What a fuzz comes to → what is shown of it. */
import type { CoverageKind } from "../../scenarios/fuzz/coverage.ts";
import type { TextCoverageKind } from "../../scenarios/fuzz/text/coverage.ts";
import type {
	CoverageTotals,
	FuzzTotals,
} from "../../scenarios/fuzz/totals.ts";
import type { DriverInfo } from "../../scenarios/result/driver-info.ts";
import type { FlagClass } from "../../sim/conntrack/tcp/tcp-states.ts";
import type { TcpStateName } from "../../sim/contract/tcp-state-name.ts";
import type { HookName } from "../../sim/packet/skb/skb.ts";
import type { ChanceView, CoverageView, FuzzView } from "../contract/report.ts";
import { driverName } from "./build-entry.ts";

/** The totals of a fuzz, or of several that were put together. */
export interface Fuzzed extends Omit<FuzzTotals, "seed" | "kernel"> {
	readonly seeds: readonly number[];
	readonly model: DriverInfo;
	readonly kernels: readonly DriverInfo[];
}

export function buildFuzz(fuzzed: Fuzzed): FuzzView {
	const { seeds, kernels, cases, packets, tookMs, findings } = fuzzed;
	const chances = fuzzed.chances.map(chanceView);
	const { texts, lost = 0, leftOut = [] } = fuzzed;
	const divergences = findings + (texts?.findings ?? 0);
	const agrees = divergences === 0 && chances.every(({ isInside }) => isInside);
	return {
		status: !agrees ? "violated" : lost > 0 ? "unknown" : "holds",
		seeds,
		rulesets: cases,
		packets,
		tookMs,
		divergences,
		lost,
		leftOut,
		texts: texts?.texts ?? null,
		kernels: kernels.map(driverName),
		coverage: [
			...fuzzed.coverage.flatMap((one) =>
				one.kind === "unknown" ? [] : [coverageView(one, SHOWN[one.kind])],
			),
			...(texts?.coverage ?? []).map((one) =>
				coverageView(one, SHOWN_TEXTS[one.kind]),
			),
		],
		unknown: fuzzed.coverage
			.filter(({ kind }) => kind === "unknown")
			.flatMap(metOf),
		chances,
		known: fuzzed.known.filter(({ times }) => times > 0),
	};
}

function chanceView(chance: FuzzTotals["chances"][number]): ChanceView {
	const { probability, inverted, ...numbers } = chance;
	const { model, kernel, low, high } = numbers;
	return {
		rule: `${inverted ? "! " : ""}--probability ${probability}`,
		...numbers,
		isInside: [model, kernel].every((many) => low <= many && many <= high),
	};
}

function metOf({ met }: Pick<CoverageTotals, "met">) {
	return met.map(([what, times]) => ({ what, times }));
}

interface Shown {
	readonly title: string;
	readonly about: string;
	readonly grid?: Grid;
}
interface Grid {
	readonly axes: readonly [row: string, column: string];
	/** What a person expects to follow on what; anything else comes last. */
	readonly rows: readonly string[];
	readonly columns: readonly string[];
}

const HOOKS: readonly HookName[] = [
	"PREROUTING",
	"INPUT",
	"FORWARD",
	"OUTPUT",
	"POSTROUTING",
];
const STATES: readonly TcpStateName[] = [
	"NONE",
	"SYN_SENT",
	"SYN_SENT2",
	"SYN_RECV",
	"ESTABLISHED",
	"FIN_WAIT",
	"CLOSE_WAIT",
	"LAST_ACK",
	"TIME_WAIT",
	"CLOSE",
];
const SEGMENTS: readonly FlagClass[] = [
	"syn",
	"synack",
	"ack",
	"fin",
	"rst",
	"none",
];

const SHOWN: Readonly<Record<Exclude<CoverageKind, "unknown">, Shown>> = {
	transitions: {
		title: "TCP transitions",
		about:
			"Segments with these flags that came, in this direction, to an entry in this state.",
		grid: {
			axes: ["segment", "state"],
			rows: ["original", "reply"].flatMap((direction) =>
				SEGMENTS.map((segment) => `${direction} ${segment}`),
			),
			columns: STATES,
		},
	},
	datagrams: {
		title: "Datagrams",
		about:
			"Datagrams that came, in this direction, to an entry that was so; NONE: to none.",
		grid: {
			axes: ["direction", "entry"],
			rows: ["original", "reply"],
			columns: ["NONE", "UNREPLIED", "REPLIED", "ASSURED"],
		},
	},
	hooks: {
		title: "Built-in chains",
		about:
			"Rulesets, and reloads of them, in which a packet met a rule or the policy.",
		grid: {
			axes: ["table", "hook"],
			rows: ["raw", "mangle", "nat", "filter"],
			columns: HOOKS,
		},
	},
	matches: { title: "Matches", about: "Rules with it that matched a packet." },
	targets: { title: "Targets", about: "Rules with it that acted on a packet." },
	operations: { title: "Events", about: "What happened between packets." },
	sets: {
		title: "Sets",
		about:
			"Rules that name a set of this type: that matched by it, or whose target acted on it.",
	},
	packets: { title: "Kinds of packets", about: "What was sent." },
};

const SHOWN_TEXTS: Readonly<Record<TextCoverageKind, Shown>> = {
	matches: { title: "Texts: matches", about: "In texts that were accepted." },
	targets: { title: "Texts: targets", about: "In texts that were accepted." },
	options: { title: "Texts: options", about: "In texts that were accepted." },
	negated: {
		title: "Texts: options behind a !",
		about: "In texts that were accepted.",
	},
	refusals: {
		title: "Texts: refusals",
		about: "Words of refusals, without what they quote.",
	},
	verdicts: { title: "Texts: verdicts", about: "What became of them." },
};

type Covered = Pick<CoverageTotals, "met" | "holes">;

function coverageView(
	covered: Covered,
	{ title, about, grid }: Shown,
): CoverageView {
	const { holes } = covered;
	const met = metOf(covered);
	const both = { title, about, holes, total: met.length + holes.length };
	return grid === undefined
		? { kind: "list", ...both, met }
		: { kind: "grid", ...both, ...gridOf(covered, grid) };
}

/** The last word of what was met is its column, all before it the row. */
function gridOf({ met, holes }: Covered, grid: Grid) {
	const times = new Map([...holes.map((what) => [what, 0] as const), ...met]);
	const cut = (what: string) => what.lastIndexOf(" ");
	const all = [...times.keys()];
	const rows = inOrder(
		all.map((what) => what.slice(0, Math.max(0, cut(what)))),
		grid.rows,
	);
	const columns = inOrder(
		all.map((what) => what.slice(cut(what) + 1)),
		grid.columns,
	);
	return {
		axes: grid.axes,
		columns,
		rows: rows.map((name) => ({
			name,
			times: columns.map(
				(column) => times.get(`${name} ${column}`.trimStart()) ?? null,
			),
		})),
	};
}

function inOrder(
	names: readonly string[],
	order: readonly string[],
): readonly string[] {
	const there = new Set(names);
	const usual = order.filter((name) => there.has(name));
	return [...new Set([...usual, ...there])];
}
