/** What a fuzz comes to: plain data, for reports, scoreboards and whoever adds up shards. */
import type { DrawCounts } from "../compare/lockstep/draw-counts.ts";
import type { DriverInfo } from "../result/driver-info.ts";
import type { ChanceResult } from "./chance-result.ts";
import {
	COVERAGE_KINDS,
	type Coverage,
	type CoverageKind,
	holes,
} from "./coverage.ts";
import type { FuzzAccount } from "./fuzz.ts";
import { KNOWN_KINDS, type KnownKind } from "./known.ts";
import type { LeftOut } from "./lacking.ts";
import {
	TEXT_COVERAGE_KINDS,
	type TextCoverageKind,
	textHoles,
} from "./text/coverage.ts";
import type { TextFuzzAccount } from "./text/fuzz-text.ts";

export interface FuzzTotals {
	readonly seed: number;
	readonly kernel: DriverInfo;
	readonly cases: number;
	readonly packets: number;
	readonly tookMs: number;
	/** Divergences that nobody knows of. */
	readonly findings: number;
	/** Rulesets, texts and rules of chance that were not compared, since the machine died; left out: none. */
	readonly lost?: number;
	/** Extensions that were not drawn on this Linux; left out: none. */
	readonly leftOut?: readonly LeftOut[];
	readonly coverage: readonly CoverageTotals[];
	readonly chances: readonly ChanceResult[];
	/** What the kernel drew in all cases; left out: nothing. */
	readonly drawn?: readonly DrawCounts[];
	/** `null` when none were read. */
	readonly texts: TextTotals | null;
	readonly known: readonly {
		readonly name: string;
		readonly reason: string;
		readonly times: number;
	}[];
}

/** Texts that went through iptables-restore and iptables-save. */
interface TextTotals {
	readonly texts: number;
	readonly findings: number;
	readonly coverage: readonly TextCoverageTotals[];
}

export interface TextCoverageTotals extends Omit<CoverageTotals, "kind"> {
	readonly kind: TextCoverageKind;
}

export interface CoverageTotals {
	readonly kind: CoverageKind;
	/** Most frequent first. */
	readonly met: readonly (readonly [what: string, times: number])[];
	/** What is modelled, and was not met. */
	readonly holes: readonly string[];
}

/** In words. */
export const COVERAGE_TITLES: Readonly<Record<CoverageKind, string>> = {
	matches: "matches that matched",
	targets: "targets that acted",
	hooks: "built-in chains that were walked",
	transitions: "TCP transitions: direction, segment, state",
	datagrams: "datagrams: direction, state of the entry",
	operations: "events",
	sets: "sets: what rules did with them, and their types",
	packets: "packets sent",
	unknown: "what the model did not know",
};

export const TEXT_COVERAGE_TITLES: Readonly<Record<TextCoverageKind, string>> =
	{
		matches: "texts: matches that were accepted",
		targets: "texts: targets that were accepted",
		options: "texts: options",
		negated: "texts: options behind a !",
		refusals: "texts: kinds of refusals",
		verdicts: "texts: verdicts",
	};

export function totalsOf(
	account: FuzzAccount,
	texts: TextFuzzAccount | null,
	{
		leftOut,
		...about
	}: Pick<FuzzTotals, "kernel" | "tookMs"> & {
		readonly leftOut: readonly LeftOut[];
	},
	known: readonly KnownKind[] = KNOWN_KINDS,
): FuzzTotals {
	const { seed, cases, packets, coverage, findings, chances, drawn } = account;
	const lost = account.lost.length + (texts?.lost.length ?? 0);
	const names = new Set(leftOut.map(({ name }) => name.split(" ")[1]));
	return {
		seed,
		cases,
		packets,
		findings: findings.length,
		...(lost === 0 ? {} : { lost }),
		...(leftOut.length === 0 ? {} : { leftOut }),
		...about,
		chances,
		drawn,
		texts: texts && textTotals(texts),
		coverage: COVERAGE_KINDS.map((kind) => {
			const all = coverageTotals(coverage, kind);
			return { ...all, holes: all.holes.filter((what) => !names.has(what)) };
		}),
		known: known.map(({ name, reason }) => ({
			name,
			reason,
			times: account.known.get(name) ?? 0,
		})),
	};
}

function textTotals({
	texts,
	findings,
	coverage,
}: TextFuzzAccount): TextTotals {
	return {
		texts,
		findings: findings.length,
		coverage: TEXT_COVERAGE_KINDS.map((kind) => ({
			kind,
			met: inOrder(coverage[kind]),
			holes: textHoles(coverage, kind),
		})),
	};
}

function inOrder(counts: ReadonlyMap<string, number>): CoverageTotals["met"] {
	return [...counts].sort(
		([a, many], [b, more]) => more - many || (a < b ? -1 : 1),
	);
}

function coverageTotals(
	coverage: Coverage,
	kind: CoverageKind,
): CoverageTotals {
	return {
		kind,
		met: inOrder(coverage[kind]),
		holes: holes(coverage, kind),
	};
}
