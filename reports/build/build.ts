/** What ran → what is shown. Pure: the same input gives the same report. */

import type { RuleCoverage } from "../../scenarios/details/rule-coverage.ts";
import type { Report, RuleLine, WalkStep } from "../contract/report.ts";
import { Numbered } from "../numbered.ts";
import { shortenTexts } from "../shorten.ts";
import { uniqueNames } from "../unique-names.ts";
import { coverageOf } from "./build-coverage.ts";
import {
	buildEntry,
	buildFailure,
	driverName,
	type Played,
} from "./build-entry.ts";
import { buildFuzz, type Fuzzed } from "./build-fuzz.ts";

export type { Played } from "./build-entry.ts";
export type { Fuzzed } from "./build-fuzz.ts";

export interface ReportInput
	extends Pick<
		Report,
		| "marktwin"
		| "command"
		| "createdAt"
		| "tookMs"
		| "seed"
		| "notices"
		| "notPlayed"
		| "verdicts"
	> {
	readonly played: readonly Played[];
	/** Left out: nothing was proved, compared or played. */
	readonly proofs?: Report["proofs"];
	readonly diffs?: Report["diffs"];
	readonly coverage?: readonly RuleCoverage[];
	/** `null` where nothing was. */
	readonly fuzzed: Fuzzed | null;
}

export function buildReport(input: ReportInput): Report {
	const { played, fuzzed, coverage = [], ...about } = input;
	// The same scenario may be there twice, on two drivers say.
	const ids = uniqueNames(
		played.map((one) =>
			one.kind === "failure" ? one.scenario.name : one.result.scenario.name,
		),
	);
	const shared = {
		rulesets: new Numbered<readonly RuleLine[]>(),
		walks: new Numbered<readonly WalkStep[]>(),
	};
	const wrong = played.filter((one) => !holds(one)).length;
	const entries = played.map((one, index) =>
		one.kind === "failure"
			? buildFailure(one, ids[index] ?? "")
			: buildEntry(one, ids[index] ?? "", {
					connections: perEntry(
						MOST_CONNECTIONS,
						holds(one) ? played.length : wrong,
					),
					shared,
				}),
	);
	return shortenTexts({
		proofs: [],
		diffs: [],
		...about,
		coverage: coverageOf(coverage),
		drivers: [
			...new Set([...driversOfFuzz(fuzzed), ...played.flatMap(driversOf)]),
		],
		isComparison: isComparison(input),
		fuzz: fuzzed && buildFuzz(fuzzed),
		entries,
		rulesets: shared.rulesets.all,
		walks: shared.walks.all,
	});
}

/** A reader looks into what does not hold: there is as much room for that as for all together. */
function holds(played: Played): boolean {
	if (played.kind === "failure") return false;
	const { comparison, result } = played;
	return comparison === null
		? result.outcome === "holds"
		: comparison.verdict === "agrees";
}

/** A page has so much room for connections in all, and no picture shows more than so many. */
const MOST_CONNECTIONS = { inAll: 30_000, least: 20, most: 1_000 };
/** So many connections are followed through the rules. */
const MOST_FOLLOWED = { inAll: 600, least: 1, most: 40 };

/** How many connections of each scenario to follow, so that the page of all stays small. */
export function followedPerEntry(entries: number): number {
	return perEntry(MOST_FOLLOWED, entries);
}

function perEntry(
	room: {
		readonly inAll: number;
		readonly least: number;
		readonly most: number;
	},
	entries: number,
): number {
	const share = Math.floor(room.inAll / Math.max(1, entries));
	return Math.max(room.least, Math.min(room.most, share));
}

function driversOf(played: Played): readonly string[] {
	if (played.kind === "failure") return [driverName(played.driver)];
	const { comparison, result } = played;
	if (comparison === null) return [driverName(result.driver)];
	const { model, kernel } = comparison.comparison;
	return [driverName(model), driverName(kernel)];
}

function driversOfFuzz(fuzzed: Fuzzed | null): readonly string[] {
	return fuzzed === null
		? []
		: [fuzzed.model, ...fuzzed.kernels].map(driverName);
}

/** A fuzz that has found nothing is one as well. */
function isComparison({ played, fuzzed }: ReportInput): boolean {
	if (played.length === 0) return fuzzed !== null;
	return played.some((one) => one.kind === "result" && one.comparison !== null);
}
