/** Several fuzzes as one: what was met adds up, and a hole is what none of them has met. */
import { addDraws } from "../../scenarios/compare/lockstep/draw-counts.ts";
import type { CoverageTotals } from "../../scenarios/fuzz/totals.ts";
import type { FuzzResults, Results } from "../outputs/results-file.ts";

/** @returns none where nothing was fuzzed */
export function fuzzTogether(parts: readonly Results[]): Pick<Results, "fuzz"> {
	const all = parts.flatMap(({ fuzz }) => fuzz ?? []);
	const [first, ...others] = all;
	if (first === undefined) return {};
	if (others.length === 0) return { fuzz: first };
	return {
		fuzz: {
			seed: oneOrSeveral(all.map(({ seed }) => seed)),
			kernel: oneOrSeveral(all.map(({ kernel }) => kernel)),
			cases: sum(all, "cases"),
			packets: sum(all, "packets"),
			findings: sum(all, "findings"),
			...lostIn(all),
			...leftOutIn(all),
			tookMs: sum(all, "tookMs"),
			coverage: coverageTogether(all.flatMap(({ coverage }) => coverage)),
			drawn: addDraws(all.map(({ drawn = [] }) => drawn)),
			chances: all.flatMap(({ chances }) => chances),
			texts: textsTogether(all),
			known: knownOf(all),
		},
	};
}

/** What a reader may not expect of results that he puts together. */
export function remarksOn({ fuzz }: Results): readonly string[] {
	if (fuzz === undefined) return [];
	const { seed, kernel } = fuzz;
	const kernels = [kernel].flat().map(({ version }) => version);
	return [
		...(Array.isArray(seed)
			? [`the fuzz was drawn from several seeds: ${seed.join(", ")}`]
			: []),
		...(kernels.length > 1
			? [`the fuzz was played on several kernels: ${kernels.join(", ")}`]
			: []),
	];
}

/** The same one, if it is the same everywhere. */
function oneOrSeveral<Thing extends number | object>(
	given: readonly (Thing | readonly Thing[])[],
): Thing | readonly Thing[] {
	const things = given.flat() as readonly Thing[];
	const distinct = new Map(things.map((one) => [JSON.stringify(one), one]));
	const [first, ...others] = distinct.values();
	return first !== undefined && others.length === 0
		? first
		: [...distinct.values()];
}

function lostIn(all: readonly FuzzResults[]): Pick<FuzzResults, "lost"> {
	const lost = all.reduce((total, one) => total + (one.lost ?? 0), 0);
	return lost === 0 ? {} : { lost };
}

function leftOutIn(all: readonly FuzzResults[]): Pick<FuzzResults, "leftOut"> {
	const given = all.flatMap(({ leftOut = [] }) => leftOut);
	const byText = new Map(given.map((one) => [JSON.stringify(one), one]));
	return byText.size === 0 ? {} : { leftOut: [...byText.values()] };
}

function sum(
	all: readonly FuzzResults[],
	what: "cases" | "packets" | "findings" | "tookMs",
): number {
	return all.reduce((total, one) => total + one[what], 0);
}

interface Covered<Kind extends string> {
	readonly kind: Kind;
	readonly met: CoverageTotals["met"];
	readonly holes: readonly string[];
}

/** Kind by kind; whatever kinds there are. */
function coverageTogether<Kind extends string>(
	parts: readonly Covered<Kind>[],
): readonly Covered<Kind>[] {
	const kinds = new Set(parts.map(({ kind }) => kind));
	return [...kinds].map((kind) => {
		const its = parts.filter((one) => one.kind === kind);
		const met = new Map<string, number>();
		for (const [what, times] of its.flatMap((one) => one.met))
			met.set(what, (met.get(what) ?? 0) + times);
		const holes = new Set(its.flatMap((one) => one.holes));
		return {
			kind,
			met: [...met].sort(
				([one, many], [other, more]) => more - many || (one < other ? -1 : 1),
			),
			holes: [...holes].filter((what) => !met.has(what)),
		};
	});
}

function textsTogether(all: readonly FuzzResults[]): FuzzResults["texts"] {
	const read = all.flatMap(({ texts }) => texts ?? []);
	if (read.length === 0) return null;
	const sumOf = (what: "texts" | "findings") =>
		read.reduce((total, one) => total + one[what], 0);
	return {
		texts: sumOf("texts"),
		findings: sumOf("findings"),
		coverage: coverageTogether(read.flatMap(({ coverage }) => coverage)),
	};
}

function knownOf(all: readonly FuzzResults[]): FuzzResults["known"] {
	const together = new Map<string, FuzzResults["known"][number]>();
	for (const one of all.flatMap(({ known }) => known)) {
		const { times = 0 } = together.get(one.name) ?? {};
		together.set(one.name, { ...one, times: one.times + times });
	}
	return [...together.values()];
}
